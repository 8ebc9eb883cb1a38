import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.credentials.breaker import LONGEST, Breaker


def opened(now=0.0):
    breaker = Breaker()
    for _ in range(3):
        breaker.failed(now, probe=False)
    return breaker


def test_three_failures_in_a_row_open_it():
    breaker = Breaker()
    for _ in range(2):
        breaker.failed(0, probe=False)
        assert breaker.state(0) == "closed"
    breaker.failed(0, probe=False)
    assert breaker.state(0) == "open"
    assert breaker.free_at(0) == 15


def test_a_success_between_them_starts_the_count_anew():
    breaker = Breaker()
    for _ in range(5):
        breaker.failed(0, probe=False)
        breaker.failed(0, probe=False)
        breaker.succeeded(probe=False)
    assert breaker.state(0) == "closed"
    assert breaker.spotless


def test_it_is_half_open_after_its_time():
    breaker = opened()
    assert [breaker.state(now) for now in (14.9, 15)] == ["open", "half-open"]


def test_one_probe_alone_is_let_through():
    breaker = opened()
    assert breaker.free_at(15) <= 15
    breaker.probe()
    assert breaker.free_at(15) > 15


def test_each_probe_that_fails_doubles_the_time_up_to_five_minutes():
    breaker, now, told = opened(), 0.0, []
    for _ in range(7):
        told.append(breaker.until - now)
        now = breaker.until
        breaker.probe()
        breaker.failed(now, probe=True)
    assert told == [15, 30, 60, 120, 240, 300, 300]


def test_a_probe_that_succeeds_closes_it_and_forgets_the_doubling():
    breaker = opened()
    breaker.probe()
    breaker.failed(15, probe=True)
    breaker.probe()
    breaker.succeeded(probe=True)
    assert breaker.spotless
    assert opened(50).until == 65


def test_a_probe_that_is_abandoned_makes_way_for_another():
    breaker = opened()
    breaker.probe()
    breaker.abandoned(probe=True)
    assert breaker.free_at(15) <= 15


def test_a_probe_that_began_well_closes_it_but_breaking_off_reopens_it_for_longer():
    breaker = opened()
    breaker.probe()
    breaker.began(probe=True)
    assert breaker.state(15) == "closed"
    breaker.failed(20, probe=False)
    assert breaker.until == 20 + 30


@pytest.mark.parametrize("end", ["failed", "succeeded", "abandoned"])
def test_what_began_before_it_opened_tells_nothing(end):
    breaker = opened()
    breaker.probe()
    {"failed": lambda: breaker.failed(20, probe=False)}.get(end, lambda: getattr(breaker, end)(probe=False))()
    assert (breaker.state(14), breaker.until) == ("open", 15)
    assert breaker.free_at(16) > 16


@given(st.lists(st.tuples(st.sampled_from(["fail", "ok", "gone"]), st.floats(0, 400))))
def test_it_never_stays_open_beyond_its_longest_time(steps):
    breaker, now = Breaker(), 0.0
    for what, pause in steps:
        now += pause
        if breaker.free_at(now) > now:
            assert breaker.free_at(now) - now <= LONGEST
            continue
        probe = breaker.awaits_probe
        if probe:
            breaker.probe()
            assert breaker.free_at(now) > now
        if what == "fail":
            breaker.failed(now, probe=probe)
        elif what == "ok":
            breaker.succeeded(probe=probe)
            assert breaker.spotless
        else:
            breaker.abandoned(probe=probe)
    assert breaker.free_at(now + LONGEST) <= now + LONGEST
