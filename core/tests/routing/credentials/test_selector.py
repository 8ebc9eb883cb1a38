"""The policy as a whole, as the pipeline uses it: candidates, attempts, outcomes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.model.errors import Detail, Kind, RequestFailed, Verdict
from jackfield.model.types import Credential, Model
from jackfield.routing.registry import Route

from .conftest import CREDENTIALS, HIGH, OTHER, ROUTE, Policy

FAILURES = [kind for kind in Kind if kind.verdict not in (Verdict.REQUEST, Verdict.OURSELVES)]


@pytest.fixture
def policy():
    return Policy()


RESTS = {
    "upstream_auth": (1, None, 1800),
    "quota": (1, None, 1800),
    "rate_limited": (1, 60, 60),
    "usage_limit": (1, 86_400, 1800),
    "model_not_found": (1, None, 600),
    "overloaded": (3, None, 15),
    "upstream_error": (3, None, 15),
    "unreachable": (3, None, 15),
    "timeout": (3, None, 15),
    "stream_cut": (3, None, 15),
}


def test_every_failure_that_another_may_do_better_has_its_rest():
    assert set(RESTS) == {kind.value for kind in FAILURES}


@pytest.mark.parametrize(("error", "rule"), RESTS.items(), ids=RESTS)
def test_a_credential_that_failed_rests_and_comes_back(policy, error, rule):
    times, wait, seconds = rule
    policy.attempt("a", error, times=times - 1)
    assert set(policy.order()) == set("abc")
    policy.attempt("a", error, wait, speaker="another talk")
    assert set(policy.order()) == set("bc")
    policy.clock.advance(seconds - 0.01)
    assert set(policy.order()) == set("bc")
    policy.clock.advance(0.02)
    assert set(policy.order()) == set("abc")


NEUTRAL = [kind.value for kind in Kind if kind not in FAILURES]


@pytest.mark.parametrize("error", NEUTRAL)
def test_what_is_not_the_upstreams_fault_has_no_consequence(policy, error):
    policy.attempt("a", error, times=5)
    assert set(policy.order()) == set("abc")
    assert policy.state().success_share is None


def test_an_overloaded_upstream_is_left_alone_as_long_as_it_asks_but_not_for_ever(policy):
    policy.attempt("a", "overloaded", wait=40)
    policy.attempt("b", "overloaded", wait=86_400)
    assert policy.order() == ["c"]
    policy.clock.advance(40)
    assert set(policy.order()) == set("ac")
    policy.clock.advance(260)
    assert set(policy.order()) == set("abc")


def test_the_rest_is_that_of_one_model_and_its_variants(policy):
    policy.attempt("a", "rate_limited", wait=60, route=HIGH)
    assert "a" not in policy.order()
    assert "a" in policy.order(OTHER)


def test_a_half_open_breaker_lets_one_attempt_through(policy):
    policy.attempt("a", "timeout", times=3)
    policy.clock.advance(15)
    trial, books = policy.open("a")
    assert trial is not None
    assert policy.open("a") == (None, None)
    assert "a" not in policy.order()
    books.close(499, "client_gone")
    assert "a" in policy.order()
    policy.attempt("a")
    assert policy.state().breaker == "closed"


ENDS = {
    "": ("closed", True),
    "invalid_request": ("closed", True),
    "context_length": ("closed", True),
    "rate_limited": ("closed", False),
    "upstream_error": ("open", False),
    "client_gone": ("half-open", True),
    "internal": ("half-open", True),
    "unavailable": ("half-open", True),
}


@pytest.mark.parametrize(("error", "left"), ENDS.items(), ids=str)
def test_how_a_probe_ends_decides_what_the_breaker_does(policy, error, left):
    breaker, serves = left
    policy.attempt("a", "timeout", times=3)
    policy.clock.advance(15)
    policy.attempt("a", error, wait=60)
    assert policy.state().breaker == breaker
    assert ("a" in policy.order()) == serves


def test_candidates_that_came_to_rest_meanwhile_are_not_let_through(policy):
    assert "a" in policy.order()
    policy.attempt("a", "upstream_auth")
    assert policy.open("a") == (None, None)


def test_a_probe_that_was_reset_away_does_no_harm(policy):
    policy.attempt("a", "timeout", times=3)
    policy.clock.advance(15)
    _, books = policy.open("a")
    assert policy.selector.reset() == ["a"]
    policy.attempt("a", "timeout", times=3)
    books.close(200, "")
    assert policy.state().breaker == "open"


def test_without_cooling_nothing_rests_yet_errors_are_told():
    policy = Policy(cooling=False)
    policy.attempt("a", "upstream_auth", times=5)
    assert set(policy.order()) == set("abc")
    assert policy.state().last_error == "upstream_auth"
    assert set(policy.order(cooling=True)) == set("abc")


def test_turning_cooling_off_frees_those_that_rest(policy):
    policy.attempt("a", "upstream_auth")
    assert set(policy.order(cooling=False)) == set("abc")
    assert policy.open("a", cooling=False)[0] is not None


def test_a_conversation_keeps_its_credential(policy):
    wish = {"conversation": "client/talk"}
    policy.attempt("b", **wish)
    for _ in range(5):
        policy.order()
        assert policy.order(**wish)[0] == "b"
        assert policy.order(HIGH, **wish)[0] == "b"
    firsts = {policy.order(conversation=f"other {number}")[0] for number in range(6)}
    assert firsts == set("abc")


def test_failover_is_ahead_of_affinity_and_moves_the_conversation(policy):
    wish = {"conversation": "talk"}
    policy.attempt("b", **wish)
    policy.attempt("b", "upstream_auth", **wish)
    assert "b" not in policy.order(**wish)
    policy.attempt("c", **wish)
    policy.clock.advance(1801)
    assert policy.order(**wish)[0] == "c"


def test_affinity_does_not_keep_a_conversation_on_a_lower_priority(policy):
    low = Credential("b", "fox", "fox", priority=-1)
    policy.attempt("b", conversation="talk")
    assert policy.order(credentials=[low, CREDENTIALS[0]], conversation="talk") == ["a", "b"]


def test_lower_priorities_are_behind_and_take_over(policy):
    credentials = [CREDENTIALS[1], Credential("a", "fox", "fox", priority=5)]
    assert policy.order(credentials=credentials) == ["a", "b"]
    policy.attempt("a", "quota")
    assert policy.order(credentials=credentials) == ["b"]


def test_fill_first_uses_the_first_that_does_not_rest():
    policy = Policy(strategy="fill-first")
    assert {policy.order()[0] for _ in range(5)} == {"a"}
    policy.attempt("a", "rate_limited", wait=60)
    assert {policy.order()[0] for _ in range(5)} == {"b"}


def test_weighted_gives_each_its_share():
    credentials = [Credential(name, "fox", "fox", weight=weight) for name, weight in (("a", 3), ("b", 1))]
    policy = Policy(strategy="weighted")
    assert Counter(policy.order(credentials=credentials)[0] for _ in range(8)) == {"a": 6, "b": 2}


def test_fastest_prefers_the_one_that_answered_fastest():
    policy = Policy(strategy="fastest")
    for name, seconds in (("a", 3), ("b", 1), ("c", 2)):
        for _ in range(3):
            trial, books = policy.open(name)
            trial.began()
            policy.clock.advance(seconds)
            books.meter.first_output = books.meter.last_output = policy.clock.monotonic()
            books.meter.usage = type(books.meter.usage)(output=100)
            books.close(200)
    firsts = Counter(policy.order()[0] for _ in range(200))
    assert firsts["b"] > 150
    assert set(firsts) == set("abc")


def test_when_all_rest_the_first_that_is_back_is_told(policy):
    assert policy.selector.outage([], ROUTE).rests == ()
    for name, seconds in zip("abc", (60, 20, 40), strict=True):
        policy.attempt(name, "rate_limited", wait=seconds)
    policy.clock.advance(5)
    assert policy.order() == []
    outage = policy.selector.outage(CREDENTIALS, ROUTE)
    assert (outage.seconds, {rest.cause.kind for rest in outage.rests}) == (15, {Kind.RATE_LIMITED})


def test_an_outage_tells_why_each_rests(policy):
    policy.attempt("a", "rate_limited", wait=60)
    policy.attempt("b", RequestFailed(Kind.UPSTREAM_AUTH, "No such key", Detail(upstream_status=401)))
    policy.attempt("c", "upstream_error", times=3)
    limited, refused, broken = policy.selector.outage(CREDENTIALS, ROUTE).rests
    assert (limited.seconds, limited.cause.verdict) == (60, Verdict.LOAD)
    assert (refused.cause.kind, refused.cause.status, refused.cause.message) == (Kind.UPSTREAM_AUTH, 401, "No such key")
    assert (broken.seconds, broken.cause) == (15, None)


def test_the_state_tells_what_happened(policy):
    assert policy.state().success_share is None
    policy.attempt("a", times=3)
    policy.attempt("a", "rate_limited", wait=60)
    state = policy.state()
    assert (state.success_share, state.last_error, state.resting, state.breaker) == (
        0.75,
        "rate_limited",
        True,
        "closed",
    )
    assert (state.resting_until - policy.clock.now()).total_seconds() == 60
    policy.clock.advance(61)
    assert (policy.state().resting, policy.state().resting_until) == (False, None)


def test_the_state_shows_the_worst_breaker_of_its_models(policy):
    policy.attempt("a", "timeout", times=3)
    policy.attempt("a", "timeout", route=OTHER)
    state = policy.state()
    assert (state.breaker, state.resting) == ("open", True)
    assert {each.model: each.breaker for each in state.models} == {"gpt-5": "open", "gpt-6": "closed"}
    policy.clock.advance(15)
    assert policy.state().breaker == "half-open"


def test_one_that_serves_another_model_is_not_said_to_rest(policy):
    policy.attempt("a", "rate_limited", wait=60)
    policy.attempt("a", route=OTHER)
    assert not policy.state().resting


def test_a_reset_frees_one_or_all(policy):
    for name in "abc":
        policy.attempt(name, "upstream_auth")
    assert policy.selector.reset("b") == ["b"]
    assert policy.order() == ["b"]
    assert policy.selector.reset() == ["a", "c"]
    assert set(policy.order()) == set("abc")
    assert policy.selector.reset("nobody") == []


def test_only_those_that_stay_are_remembered(policy):
    policy.attempt("a", "upstream_auth")
    policy.attempt("b", "upstream_auth")
    policy.selector.keep({"a"})
    assert set(policy.order()) == set("bc")
    assert policy.state("b").last_error == ""


def test_names_that_clients_make_up_do_not_fill_the_memory(policy):
    for number in range(2000):
        route = Route(f"gpt-{number}", {"fox": Model(f"gpt-{number}")}, {"fox": None})
        policy.attempt("a", "rate_limited", wait=60, route=route)
    assert len(policy.state().models) == 256
    assert policy.state().models[-1].model == "gpt-1999"


ERRORS = st.sampled_from(["", "client_gone", "invalid_request", *(kind.value for kind in FAILURES)])
STEP = st.tuples(st.sampled_from("abc"), ERRORS, st.none() | st.floats(0.1, 1e6), st.floats(0, 900), st.booleans())


@given(st.lists(STEP, max_size=40))
def test_no_history_keeps_a_credential_away_for_more_than_half_an_hour(steps):
    policy, open_books = Policy(), []
    for name, error, wait, pause, late in steps:
        policy.clock.advance(pause)
        trial, books = policy.open(name)
        if trial is None:
            assert name not in policy.order()
            continue
        if late:  # it ends after others that began later
            open_books.append((books, error, wait))
        else:
            books.close(200, error, wait)
        outage = policy.selector.outage(CREDENTIALS, ROUTE)
        assert policy.order() or outage.seconds <= 1800
    for books, error, wait in open_books:
        books.close(200, error, wait)
    policy.clock.advance(1800.1)
    assert sorted(policy.order()) == ["a", "b", "c"]
