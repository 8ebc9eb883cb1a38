import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.credentials.cooling import LONGEST, Cooling


def test_a_refused_key_rests_for_half_an_hour():
    cooling = Cooling()
    cooling.refused(100)
    assert (cooling.until, cooling.limited) == (1900, False)


@pytest.mark.parametrize(("wait", "rest"), [(7.5, 7.5), (1800, 1800), (86_400, 1800), (0, 1), (None, 1)])
def test_a_limit_rests_as_long_as_the_upstream_says_up_to_half_an_hour(wait, rest):
    cooling = Cooling()
    cooling.throttled(100, wait)
    assert (cooling.until, cooling.limited) == (100 + rest, True)


def test_limits_without_a_time_double_up_to_half_an_hour():
    cooling, now, told = Cooling(), 0.0, []
    for _ in range(14):
        cooling.throttled(now, None)
        told.append(cooling.until - now)
        now = cooling.until
    assert told == [*(2**n for n in range(11)), 1800, 1800, 1800]


def test_failures_of_attempts_under_way_double_nothing():
    cooling = Cooling()
    for _ in range(10):
        cooling.throttled(0, None)
    assert cooling.until == 1
    cooling.throttled(1, None)
    assert cooling.until == 3


def test_a_success_forgets_the_doubling():
    cooling = Cooling()
    cooling.throttled(0, None)
    cooling.throttled(1, None)
    cooling.succeeded(3)
    assert cooling.spotless
    cooling.throttled(10, None)
    assert cooling.until == 11


def test_a_success_that_comes_late_ends_no_rest():
    cooling = Cooling()
    cooling.throttled(0, None)
    cooling.succeeded(0.5)
    assert (cooling.until, cooling.spotless) == (1, False)


def test_a_longer_rest_is_never_cut_short():
    cooling = Cooling()
    cooling.refused(0)
    cooling.throttled(10, 5)
    assert (cooling.until, cooling.limited) == (1800, False)


def test_a_failing_upstream_may_ask_for_a_rest():
    cooling = Cooling()
    cooling.asked(0, 60, 300)
    assert cooling.until == 60
    cooling.asked(0, 9999, 300)
    assert (cooling.until, cooling.limited) == (300, False)


@given(st.lists(st.tuples(st.none() | st.just(0.0) | st.floats(0.001, 1e9), st.floats(0, 4000))))
def test_no_rest_is_longer_than_half_an_hour(limits):
    cooling, now = Cooling(), 0.0
    for wait, pause in limits:
        now += pause
        cooling.throttled(now, wait)
        assert now < cooling.until <= now + LONGEST
