import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.routing.credentials.breaker import LONGEST, Breaker


class Tried(Breaker):
    """A breaker whose attempts begin and end at once, each of a conversation of its own unless told."""

    number = 0

    def failed(self, now, conversation="", *, began=None, probe=False):
        self.number += 1
        super().failed(now, conversation or str(self.number), began=now if began is None else began, probe=probe)

    def succeeded(self, now=0.0, *, began=None, probe=False):
        super().succeeded(began=now if began is None else began, probe=probe)


def opened(now=0.0):
    breaker = Tried()
    for _ in range(3):
        breaker.failed(now)
    return breaker


def test_three_failures_in_a_row_open_it():
    breaker = Tried()
    for _ in range(2):
        breaker.failed(0)
        assert breaker.state(0) == "closed"
    breaker.failed(0)
    assert breaker.state(0) == "open"
    assert breaker.free_at(0) == 15


def test_a_success_between_them_starts_the_count_anew():
    breaker = Tried()
    for _ in range(5):
        breaker.failed(0)
        breaker.failed(0)
        breaker.succeeded()
    assert breaker.state(0) == "closed"
    assert breaker.spotless


def test_failures_of_one_conversation_count_as_one():
    """V3"""
    breaker = Tried()
    for _ in range(9):
        breaker.failed(0, "poison")
    breaker.failed(0, "another")
    assert breaker.state(0) == "closed"
    breaker.failed(0, "a third")
    assert breaker.state(0) == "open"


def test_one_asked_for_want_of_a_better_waits_on_and_doubles_nothing():
    """V3"""
    breaker = opened()
    breaker.probe(5)
    breaker.failed(5, probe=True)
    assert breaker.until == 20
    breaker.probe(20)
    breaker.failed(20, probe=True)
    assert breaker.until == 50


def test_a_probe_that_thinks_makes_way_for_a_second_one_after_some_seconds():
    """V11"""
    breaker = opened()
    breaker.probe(15)
    assert breaker.free_at(17) == 18
    breaker.probe(18)
    breaker.answered(began=18, probe=True)
    assert breaker.state(18) == "closed"


def test_a_check_that_began_before_it_opened_does_not_let_a_probe_through():
    """V12"""
    breaker = opened(10)
    breaker.recovered(12, began=9)
    assert breaker.until == 25
    breaker.recovered(12, began=11)
    assert breaker.until == 12


def test_it_is_half_open_after_its_time():
    breaker = opened()
    assert [breaker.state(now) for now in (14.9, 15)] == ["open", "half-open"]


def test_one_probe_alone_is_let_through():
    breaker = opened()
    assert breaker.free_at(15) <= 15
    breaker.probe(15)
    assert breaker.free_at(15) > 15


def test_each_probe_that_fails_doubles_the_time_up_to_five_minutes():
    breaker, now, told = opened(), 0.0, []
    for _ in range(7):
        told.append(breaker.until - now)
        now = breaker.until
        breaker.probe(now)
        breaker.failed(now, probe=True)
    assert told == [15, 30, 60, 120, 240, 300, 300]


def test_a_probe_that_succeeds_closes_it_and_forgets_the_doubling():
    breaker = opened()
    breaker.probe(15)
    breaker.failed(15, probe=True)
    breaker.probe(15)
    breaker.succeeded(15, probe=True)
    assert breaker.spotless
    assert opened(50).until == 65


def test_a_probe_that_is_abandoned_makes_way_for_another():
    breaker = opened()
    breaker.probe(15)
    breaker.abandoned(probe=True)
    assert breaker.free_at(15) <= 15


def test_a_probe_that_began_well_closes_it_but_breaking_off_reopens_it_for_longer():
    breaker = opened()
    breaker.probe(15)
    breaker.answered(began=15, probe=True)
    assert breaker.state(15) == "closed"
    breaker.failed(20)
    assert breaker.until == 20 + 30


@pytest.mark.parametrize("end", ["failed", "succeeded", "abandoned"])
def test_what_began_before_it_opened_tells_nothing(end):
    breaker = opened()
    breaker.probe(15)
    {"failed": lambda: breaker.failed(20), "succeeded": lambda: breaker.succeeded(0)}.get(
        end, lambda: breaker.abandoned(probe=False)
    )()
    assert (breaker.state(14), breaker.until) == ("open", 15)
    assert breaker.free_at(16) > 16


@given(st.lists(st.tuples(st.sampled_from(["fail", "ok", "gone"]), st.floats(0, 400))))
def test_it_never_stays_open_beyond_its_longest_time(steps):
    breaker, now = Tried(), 0.0
    for what, pause in steps:
        now += pause
        if breaker.free_at(now) > now:
            assert breaker.free_at(now) - now <= LONGEST
            continue
        probe = breaker.awaits_probe
        if probe:
            breaker.probe(now)
            assert breaker.free_at(now) > now
        if what == "fail":
            breaker.failed(now, probe=probe)
        elif what == "ok":
            breaker.succeeded(now, probe=probe)
            assert breaker.spotless
        else:
            breaker.abandoned(probe=probe)
    assert breaker.free_at(now + LONGEST) <= now + LONGEST
