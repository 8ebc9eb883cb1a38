import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.model.errors import Kind, RequestFailed
from jackfield.routing.credentials.cause import Cause
from jackfield.routing.credentials.cooldown import LONGEST, Cooldown

LIMIT = Cause.of(RequestFailed(Kind.RATE_LIMITED, "Slow down"))
KEY = Cause.of(RequestFailed(Kind.UPSTREAM_AUTH, "No such key"))


def test_a_rest_has_its_cause():
    cooling = Cooldown()
    cooling.rest(100, 9999, KEY)
    assert (cooling.until, cooling.cause) == (1900, KEY)


@pytest.mark.parametrize(("wait", "rest"), [(7.5, 7.5), (1800, 1800), (86_400, 1800), (0, 1), (None, 1)])
def test_a_limit_rests_as_long_as_the_upstream_says_up_to_half_an_hour(wait, rest):
    cooling = Cooldown()
    cooling.throttled(100, wait, LIMIT)
    assert (cooling.until, cooling.cause) == (100 + rest, LIMIT)


def test_limits_without_a_time_double_up_to_half_an_hour():
    cooling, now, told = Cooldown(), 0.0, []
    for _ in range(14):
        cooling.throttled(now, None, LIMIT)
        told.append(cooling.until - now)
        now = cooling.until
    assert told == [*(2**n for n in range(11)), 1800, 1800, 1800]


def test_failures_of_attempts_under_way_double_nothing():
    cooling = Cooldown()
    for _ in range(10):
        cooling.throttled(0, None, LIMIT)
    assert cooling.until == 1
    cooling.throttled(1, None, LIMIT)
    assert cooling.until == 3


def test_a_success_forgets_the_doubling():
    cooling = Cooldown()
    cooling.throttled(0, None, LIMIT)
    cooling.throttled(1, None, LIMIT)
    cooling.succeeded(3)
    assert cooling.spotless
    cooling.throttled(10, None, LIMIT)
    assert cooling.until == 11


def test_a_success_that_began_before_the_rest_ends_none():
    """V12"""
    cooling = Cooldown()
    cooling.throttled(0, None, LIMIT)
    cooling.succeeded(0.5)
    assert (cooling.until, cooling.spotless) == (1, False)


def test_a_longer_rest_is_never_cut_short():
    cooling = Cooldown()
    cooling.rest(0, LONGEST, KEY)
    cooling.throttled(10, 5, LIMIT)
    assert (cooling.until, cooling.cause) == (1800, KEY)


@pytest.mark.parametrize(("wait", "rest"), [(None, 0.5), (3, 3), (600, 5)])
def test_one_that_is_full_rests_for_a_moment(wait, rest):
    """L5"""
    cooling = Cooldown()
    cooling.full(0, wait, LIMIT)
    assert cooling.until == rest


def test_a_key_that_is_taken_again_ends_the_rest_of_a_refused_one_alone():
    cooling = Cooldown()
    cooling.rest(0, 60, LIMIT)
    cooling.welcomed(10)
    assert cooling.until == 60
    cooling.rest(10, LONGEST, KEY)
    cooling.welcomed(20)
    assert cooling.until == 20


@given(st.lists(st.tuples(st.none() | st.just(0.0) | st.floats(0.001, 1e9), st.floats(0, 4000))))
def test_no_rest_is_longer_than_half_an_hour(limits):
    cooling, now = Cooldown(), 0.0
    for wait, pause in limits:
        now += pause
        cooling.throttled(now, wait, LIMIT)
        assert now < cooling.until <= now + LONGEST
