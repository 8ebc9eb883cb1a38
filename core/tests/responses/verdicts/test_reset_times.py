"""Times as peers write them (V9)."""

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.responses.verdicts import reset_times
from jackfield.responses.verdicts.failures import from_http

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
AT = NOW.timestamp()


def wait(body: dict[str, object] | None = None, status: int = 429, **headers: str) -> float | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    told = orjson.dumps({"error": {"message": "words", **body}}) if body is not None else b""
    return from_http(status, named, told, now=NOW).detail.retry_after


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"resets_at": (AT + 90) * 1000}, 90),
        ({"resets_at": AT + 90}, 90),
        ({"resets_at": AT + 90.5}, 90.5),
        ({"resets_at": str(int(AT + 90))}, 90),
        ({"resets_at": str(int(AT + 90) * 1000)}, 90),
        ({"resets_at": "2026-11-21T12:01:30Z"}, 90),
        ({"resets_at": "2026-11-21T12:01:30"}, 90),
        ({"resets_at": "2026-11-21T13:01:30+01:00"}, 90),
        ({"resets_at": "Sat, 21 Nov 2026 12:01:30 GMT"}, 90),
        ({"resets_at": AT - 90}, 0),
        ({"resets_at": "2020-01-01T00:00:00Z"}, 0),
        ({"resetAt": AT + 90}, 90),
        ({"reset_time": "2026-11-21T12:01:30Z"}, 90),
        ({"resets_in_seconds": 90}, 90),
        ({"resets_in_seconds": "90"}, 90),
        ({"resets_in_seconds": 90.5}, 90.5),
        ({"resets_in_seconds": (AT + 90) * 1000}, 90),
        ({"retry_after": 9}, 9),
        ({"retryAfter": "9"}, 9),
        ({"retry_after_ms": 900}, 0.9),
        ({"retryDelay": "23.5s"}, 23.5),
        ({"resets_in": "1h2m"}, 3720),
        ({"resets_at": -5}, None),
        ({"resets_in_seconds": -5}, None),
        ({"resets_at": "NaN"}, None),
        ({"resets_at": "soon"}, None),
        ({"resets_at": None}, None),
        ({"resets_at": True}, None),
        ({"resets_at": []}, None),
        ({"resets_at": 0}, None),
        ({"resets_at": "nan", "resets_in_seconds": "inf"}, None),
    ],
)
def test_a_time_in_the_body(fields: dict[str, object], seconds: float | None) -> None:
    assert wait(fields) == (None if seconds is None else pytest.approx(seconds))
    assert wait({"type": "usage_limit_reached", **fields}) == (None if seconds is None else pytest.approx(seconds))


def test_milliseconds_far_ahead_are_years_and_no_ages() -> None:
    assert wait({"resets_at": 4102444800000}) == pytest.approx(4102444800 - AT)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x_vendor_primary_reset_after_seconds": "3600"}, 3600),
        ({"x_vendor_primary_reset_at": str(int(AT + 90))}, 90),
        ({"x_vendor_primary_reset_at": str(int(AT + 90) * 1000)}, 90),
        ({"x_vendor_primary_reset_at": "2026-11-21T12:01:30Z"}, 90),
        ({"x_vendor_secondary_reset_after_seconds": "7200"}, 7200),
        ({"x_vendor_primary_reset_after_seconds": "60", "x_vendor_secondary_reset_after_seconds": "7200"}, 60),
        (
            {
                "x_vendor_primary_reset_after_seconds": "60", "x_vendor_primary_used_percent": "12",
                "x_vendor_secondary_reset_after_seconds": "7200", "x_vendor_secondary_used_percent": "100",
            },
            7200,
        ),
        (
            {
                "x_vendor_primary_reset_after_seconds": "60", "x_vendor_primary_used_percent": "100",
                "x_vendor_secondary_reset_after_seconds": "7200", "x_vendor_secondary_used_percent": "100.0",
            },
            7200,
        ),
        ({"x_vendor_primary_reset_after_seconds": "60", "x_vendor_primary_used_percent": "12"}, None),
        ({"x_vendor_primary_reset_after_seconds": "-1"}, None),
        ({"x_vendor_primary_reset_after_seconds": "nan"}, None),
        ({"x_vendor_primary_reset_after_seconds": "3600", "retry_after": "5"}, 5),
        ({"retry_after": str(int(AT + 90))}, 90),
        ({"retry_after": "2026-11-21T12:01:30Z"}, 90),
    ],
)  # fmt: skip
def test_a_quotas_headers_count_where_nothing_else_names_a_time(headers: dict[str, str], seconds: float | None) -> None:
    assert wait(None, **headers) == (None if seconds is None else pytest.approx(seconds))


def test_a_quotas_headers_say_nothing_of_other_failures() -> None:
    assert wait(None, 500, x_vendor_primary_reset_after_seconds="3600") is None
    assert wait(None, 401, x_vendor_primary_reset_after_seconds="3600") is None


ANY = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.lists(st.integers(), max_size=2)
)
NAMES = st.sampled_from(["resets_at", "resets_in_seconds", "retry_after", "retry_after_ms", "retryDelay"])


@given(st.dictionaries(NAMES, ANY))
def test_no_field_ever_raises_or_is_no_time(fields: dict[str, object]) -> None:
    after, at = reset_times.in_body(fields)
    assert after is None or 0 <= after < float("inf")
    assert at is None or at > float("-inf")
