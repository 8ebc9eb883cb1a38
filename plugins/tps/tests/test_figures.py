"""The figures of one attempt, exact to the last digit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.api import Usage
from jackfield_tps.figures import divided, is_burst, measured, per_second, seconds, shown


def figures(record: Any) -> Any:
    found = measured(record)
    assert found is not None
    return found


def told(record: Any) -> tuple[str, str]:
    found = figures(record)
    return str(shown(found.completion)), str(shown(found.total))


def test_120_tokens_in_3_seconds_not_streamed_are_40(record: Any) -> None:
    assert told(record(120, 3.0, inputs=30)) == ("40.00", "50.00")


def test_250_tokens_in_2_and_a_half_seconds_of_stream_are_100(record: Any) -> None:
    assert told(record(250, 5.0, (1.5, 4.0), inputs=250)) == ("100.00", "100.00")


def test_an_empty_stream_window_falls_back_on_the_request(record: Any) -> None:
    assert told(record(120, 3.0, (2.0, 2.0))) == ("40.00", "40.00")


def test_no_output_is_zero(record: Any) -> None:
    assert told(record(0, 3.0, inputs=30)) == ("0.00", "10.00")


def test_no_time_is_zero_too(record: Any) -> None:
    assert told(record(120, 0.0)) == ("0.00", "0.00")


@pytest.mark.parametrize(
    ("tokens", "took", "figure"),
    [(1, 8.0, "0.13"), (3, 8.0, "0.38"), (1, 200.0, "0.01"), (1, 201.0, "0.00"), (2, 3.0, "0.67"), (1, 3.0, "0.33")],
)  # 0.125, 0.375, 0.005, 0.004975..., 0.666..., 0.333...
def test_halves_are_rounded_away_from_zero(record: Any, tokens: int, took: float, figure: str) -> None:
    assert told(record(tokens, took))[0] == figure


def test_clock_readings_that_no_float_holds_do_not_show(record: Any) -> None:
    assert told(record(1, 0.2, start=1000.1))[0] == "5.00"
    assert told(record(44, 0.3, (0.1, 0.3), start=0.1))[0] == "220.00"


def test_time_lost_to_an_earlier_attempt_does_not_count(record: Any) -> None:
    assert told(record(120, 3.0, started=900.0)) == ("40.00", "40.00")


def test_first_token_is_told_from_the_attempts_start(record: Any) -> None:
    assert figures(record(100, 5.0, (0.755, 4.0))).ttft_ns == 755_000_000
    assert figures(record(100, 5.0, first_output=1001.0)).ttft_ns == 1_000_000_000
    assert figures(record(0, 5.0)).ttft_ns is None


def test_the_stream_of_an_answer_that_was_not_streamed_is_none(record: Any) -> None:
    found = figures(record(100, 5.0, first_output=1001.0, last_output=1003.0))

    assert (found.stream_ns, str(shown(found.completion)), found.burst) == (0, "20.00", False)


@pytest.mark.parametrize(
    ("nanoseconds", "told"), [(0, "0.00"), (4_999_999, "0.00"), (5_000_000, "0.01"), (3 * 10**9, "3.00")]
)
def test_durations_have_two_decimals(nanoseconds: int, told: str) -> None:
    assert str(seconds(nanoseconds)) == told


def test_a_failure_without_output_has_no_figures(record: Any) -> None:
    assert measured(record(0, 1.0, error="upstream_error", status=502)) is None
    assert measured(record(0, 1.0, error="model_not_found", status=404, attempt_started=None)) is None


def test_a_failure_with_output_has(record: Any) -> None:
    found = figures(record(0, 1.0, (0.2, 0.9), error="stream_cut", outputs=5))

    assert (found.completion, found.counted, found.averaged) == (0, False, False)
    assert figures(record(10, 1.0, (0.1, 1.0), error="upstream_error")).averaged


def test_a_success_without_output_has(record: Any) -> None:
    found = figures(record(0, 1.0))

    assert (found.completion, found.counted, found.averaged) == (0, True, True)


def test_an_answer_whose_tokens_nobody_told_is_not_counted(record: Any) -> None:
    assert not figures(record(0, 3.0, (1.0, 2.0), outputs=20, usage=Usage())).counted


@pytest.mark.parametrize(
    ("output", "stream", "burst"),
    [
        (250, 0.0, True),  # all in one read
        (250, 0.1, True),  # 2,500 a second
        (250, 0.125, False),  # 2,000: the fastest that is believed
        (5, 0.019, True),  # too short to tell anything
        (5, 0.02, False),
        (1, 0.0, False),  # one token cannot come in two
        (0, 0.0, False),
    ],
)
def test_bursts(record: Any, output: int, stream: float, burst: bool) -> None:
    assert figures(record(output, 10.0, (9.0, 9.0 + stream))).burst is burst
    assert figures(record(output, 10.0, (9.0, 9.0 + stream))).averaged is not burst


def test_only_a_stream_can_be_a_burst(record: Any) -> None:
    assert not figures(record(250, 0.001)).burst


def test_absurd_numbers_of_tokens_stay_numbers_that_can_be_added_up(record: Any) -> None:
    found = figures(record(0, 1e-9, usage=Usage(10**40, 10**40)))

    assert max(found.input, found.output) == 10**9
    assert max(found.completion, found.total) * 1_000_000 < 2**63


def test_long_names_of_models_are_cut(record: Any) -> None:
    assert len(figures(record(1, 1.0, model="gpt-" + "x" * 5000)).model) == 200


@given(st.integers(0, 10**7), st.integers(1, 10**13))
def test_rounding_is_that_of_decimal_arithmetic(tokens: int, nanoseconds: int) -> None:
    exact = Decimal(tokens) * 10**9 / Decimal(nanoseconds)

    exact = min(exact, Decimal(10**10))
    assert shown(per_second(tokens, nanoseconds)) == exact.quantize(Decimal("0.01"), "ROUND_HALF_UP")


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_division_rounds_to_the_nearest(number: int, by: int) -> None:
    assert abs(2 * (divided(number, by) * by - number)) <= by


@given(st.integers(2, 10**6), st.integers(0, 10**11))
def test_what_comes_faster_is_a_burst_all_the_more(output: int, nanoseconds: int) -> None:
    assert is_burst(output, nanoseconds // 2) or not is_burst(output, nanoseconds)
