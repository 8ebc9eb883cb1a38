import pytest
from jackfield.model.types import CompletionRecord, Usage
from jackfield.routing.credentials.speed import PAIRS, Speed, expected_seconds
from jackfield.testing import FakeClock


def record(first=1.0, last=3.0, tokens=100, error="", started=0.0, ended=None):
    return CompletionRecord(
        scope="attempt", request_id="r", attempt=1, dialect="responses", provider="fox", model="gpt-5",
        credential="a", client="", streaming=True, status=200, error=error, started=started,
        ended=last if ended is None else ended, measured_at=FakeClock().now(), first_output=first, last_output=last,
        outputs=9, usage=Usage(output=tokens),
    )  # fmt: skip


PACES = {
    "time to first token and rate": (record(1.0, 3.0, 100), 1 + 500 / 50),
    "flushed at once": (record(2.0, 2.0, 100), 2 * 5),
    "events in place of a count": (record(1.0, 3.0, tokens=0), 1 + 500 / 4.5),
    "no output": (record(first=None, last=None), None),
    "failed": (record(error="stream_cut"), None),
}


@pytest.mark.parametrize(("told", "seconds"), PACES.values(), ids=PACES)
def test_what_an_answer_tells_of_the_pace(told, seconds):
    assert expected_seconds(told) == seconds


def test_too_few_say_nothing():
    pace = Speed()
    for count in range(3):
        assert pace.seconds("a", "m", 10) is None, count
        pace.note("a", "m", record())
    assert pace.seconds("a", "m", 10) == 11
    assert pace.seconds("a", "other", 10) is None


def test_old_ones_say_nothing():
    pace = Speed()
    for _ in range(3):
        pace.note("a", "m", record(ended=100))
    assert pace.seconds("a", "m", 700) == 11
    assert pace.seconds("a", "m", 701) is None


def test_one_odd_answer_does_not_count():
    pace = Speed()
    for last in (3.0, 3.0, 99.0, 3.0):
        pace.note("a", "m", record(last=last, ended=1))
    assert pace.seconds("a", "m", 1) == 11


def test_it_remembers_a_bounded_number_of_pairs():
    pace = Speed()
    for number in range(PAIRS + 1):
        for _ in range(3):
            pace.note("a", f"m{number}", record())
    assert pace.seconds("a", "m0", 1) is None
    assert pace.seconds("a", f"m{PAIRS}", 1) == 11
