"""The grammar of `window`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield_tps.windows import LONGEST, window


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("24h", 86400),
        ("1.5h", 5400),
        (".5m", 30),
        ("1.s", 1),
        ("1h2m3s4ms", 3723.004),
        ("30m1h", 5400),
        ("250ms", 0.25),
        ("90m", 5400),
        ("0h5m", 300),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert window(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "", "5", "m", "5x", "5 m", " 5m", "5m ", "5m30", "-5m", "+5m", "0s", "0h0m0s", "0.0000001s", "1d", "1w", "5M",
        "1:30", "1e3s", "0x5s", "5,5m", "..5s", ".s", "½h", "٣m", "5m\n", "infs", "nans", "1h-30m", "P1D", "null",
        "999999999999999999h", "9" * 5000 + "s", "1s" * 40,
    ],
)  # fmt: skip
def test_what_is_no_positive_duration_is_no_window(text: str) -> None:
    assert window(text) is None


PARTS = st.lists(st.tuples(st.integers(1, 10**6), st.sampled_from(["ms", "s", "m", "h"])), min_size=1, max_size=5)


@given(PARTS)
def test_a_duration_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    units = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
    total = timedelta(milliseconds=sum(number * units[unit] for number, unit in parts))

    found = window("".join(f"{number}{unit}" for number, unit in parts))

    assert found == (total if total.total_seconds() <= LONGEST else None)


PIECES = st.sampled_from(["1", "0", ".", "ms", "s", "m", "h", "9" * 9, "٣", "-"])


@given(st.text(max_size=70) | st.lists(PIECES).map("".join))
def test_any_text_is_a_positive_duration_or_none(text: str) -> None:
    found = window(text)
    assert found is None or 0 < found.total_seconds() <= LONGEST
