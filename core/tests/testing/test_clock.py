from datetime import UTC, datetime, timedelta

import pytest
from jackfield.model.types import Clock
from jackfield.testing import FakeClock


def test_it_stands_still_until_it_is_turned():
    clock: Clock = FakeClock()
    assert (clock.monotonic(), clock.now()) == (clock.monotonic(), clock.now())


def test_advance_moves_both_clocks():
    clock = FakeClock(datetime(2026, 5, 1, 12, 0, tzinfo=UTC))
    before = clock.monotonic()
    clock.advance(90.5)
    assert clock.monotonic() - before == 90.5
    assert clock.now() - datetime(2026, 5, 1, 12, 0, tzinfo=UTC) == timedelta(seconds=90.5)


def test_the_wall_can_jump_alone():
    clock = FakeClock()
    before = clock.monotonic()
    clock.set_wall(datetime(2020, 1, 1, tzinfo=UTC))
    assert clock.now() == datetime(2020, 1, 1, tzinfo=UTC)
    assert clock.monotonic() == before


def test_it_refuses_what_no_clock_does():
    with pytest.raises(ValueError, match="backwards"):
        FakeClock().advance(-1)
    with pytest.raises(ValueError, match="time zone"):
        FakeClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the naive one is the point
