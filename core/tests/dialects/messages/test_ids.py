"""The ids of a conversation's calls, held in few bytes for as long as a stream is open (C7)."""

import sys

from jackfield.dialects.messages.ids import TakenIds

IDS = [f"call_{number:032x}" for number in range(1000)]


def test_an_id_that_is_taken_is_found():
    taken = TakenIds(IDS)
    assert all(each in taken for each in IDS)


def test_any_other_id_is_free():
    taken = TakenIds(IDS)
    assert not any(f"{each}-2" in taken for each in IDS)
    assert "" not in taken
    assert "call_0" not in TakenIds([])


def test_an_id_takes_eight_bytes():
    assert sys.getsizeof(TakenIds(IDS)._hashes) < 8 * len(IDS) + 200
