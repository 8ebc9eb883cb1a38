"""What a failure is about bears the consequence, as the policy's own clock sees it (V1, V3, V5, V7, V11, V12)."""

import pytest
from jackfield.metering.account import Account
from jackfield.model.errors import Detail, Kind, RequestFailed, Verdict

from .conftest import CREDENTIALS, OTHER, ROUTE, Policy


@pytest.fixture
def policy():
    return Policy()


@pytest.mark.parametrize("error", ["upstream_auth", "quota", "usage_limit"])
def test_a_refused_key_and_an_empty_account_rest_with_all_models(policy, error):
    """V7"""
    policy.attempt("a", error)
    assert "a" not in policy.order()
    assert "a" not in policy.order(OTHER)
    state = policy.state()
    assert (state.resting, state.cause.kind.value, state.models) == (True, error, ())
    assert state.whole_until == state.resting_until


def test_an_account_rests_until_its_reset(policy):
    """V7"""
    policy.attempt("a", "usage_limit", wait=90)
    policy.clock.advance(89)
    assert "a" not in policy.order(OTHER)
    policy.clock.advance(1)
    assert "a" in policy.order(OTHER)


@pytest.mark.parametrize("verdict", [Verdict.REQUEST, Verdict.CLIENT, Verdict.OURSELVES])
def test_a_verdict_on_request_client_or_proxy_has_no_consequence_whatever_the_kind(policy, verdict):
    """V1, L1: nobody rests for what says nothing of a credential."""
    for kind in Kind:
        policy.attempt("a", RequestFailed(kind, "x", Detail(verdict=verdict, retry_after=9)), times=3)
    assert set(policy.order()) == set("abc")
    assert policy.state().success_share is None


def test_a_503_about_the_model_lets_the_pair_rest(policy):
    """V5"""
    policy.attempt(
        "a", RequestFailed(Kind.OVERLOADED, "No channel", Detail(verdict=Verdict.MODEL, upstream_status=503))
    )
    assert "a" not in policy.order()
    assert "a" in policy.order(OTHER)
    assert policy.selector.least_bad([CREDENTIALS[0]], ROUTE) is CREDENTIALS[0]


def test_many_failures_of_one_conversation_count_as_one(policy):
    """V3"""
    policy.attempt("a", "upstream_error", times=1)
    for _ in range(9):
        policy.attempt("a", "upstream_error")
    assert policy.state().breaker == "closed"
    policy.attempt("a", "upstream_error", times=3)
    assert policy.state().breaker == "open"


def test_a_request_that_failed_alike_elsewhere_proves_nothing(policy):
    """V3"""
    for number in range(9):
        trial, books = policy.open("a", speaker=f"talk {number}")
        trial.evidence.alike = True
        books.close(500, "upstream_error")
    assert policy.state().breaker == "closed"


@pytest.mark.parametrize("error", ["upstream_error", "overloaded", "timeout", "stream_cut", "unreachable"])
def test_when_all_breakers_are_open_the_one_that_is_back_first_is_the_least_bad(policy, error):
    """V3"""
    for name in "bac":
        policy.attempt(name, error, times=3)
        policy.clock.advance(1)
    assert policy.order() == []
    assert policy.selector.least_bad(CREDENTIALS, ROUTE).id == "b"
    trial = policy.selector.admit(CREDENTIALS[1], ROUTE, policy.wish, anyway=True)
    account = Account(policy.clock, lambda _: None, request_id="r", dialect="responses")
    account.attempt("fox", "gpt-5", "b", trial.ended).close(500, error)
    assert policy.selector.least_bad(CREDENTIALS, ROUTE).id == "a"


def test_the_least_bad_one_that_answers_serves_again(policy):
    """V3"""
    policy.attempt("a", "timeout", times=3)
    trial = policy.selector.admit(CREDENTIALS[0], ROUTE, policy.wish, anyway=True)
    trial.answered()
    assert policy.state().breaker == "closed"


def test_a_refused_or_limited_credential_is_never_the_least_bad(policy):
    policy.attempt("a", "upstream_auth")
    policy.attempt("b", "rate_limited", wait=60)
    policy.attempt("c", "quota")
    assert policy.selector.least_bad(CREDENTIALS, ROUTE) is None


def test_a_second_probe_may_follow_one_that_thinks(policy):
    """V11"""
    policy.attempt("a", "timeout", times=3)
    policy.clock.advance(15)
    assert policy.open("a")[0] is not None
    assert policy.open("a") == (None, None)
    policy.clock.advance(3)
    second, _ = policy.open("a")
    second.answered()
    assert policy.state().breaker == "closed"


def test_the_headers_of_a_probe_are_its_answer(policy):
    """V11"""
    policy.attempt("a", "timeout", times=3)
    policy.clock.advance(15)
    trial, _ = policy.open("a")
    trial.answered()
    assert "a" in policy.order()


def test_a_success_that_began_before_a_limit_does_not_end_its_rest(policy):
    """V12"""
    _, early = policy.open("a")
    policy.clock.advance(1)
    policy.attempt("a", "rate_limited", wait=20)
    policy.clock.advance(2)
    early.close(200)
    assert "a" not in policy.order()
    policy.clock.advance(17.9)
    assert "a" not in policy.order()


def test_a_success_that_began_before_failures_does_not_undo_them(policy):
    """V12"""
    _, early = policy.open("a")
    policy.clock.advance(1)
    policy.attempt("a", "upstream_error", times=2)
    early.close(200)
    policy.attempt("a", "upstream_error", speaker="a third")
    assert policy.state().breaker == "open"


def test_a_failure_that_began_before_a_success_does_not_count(policy):
    """V12"""
    early = [policy.open("a", speaker=f"early {number}")[1] for number in range(3)]
    policy.clock.advance(1)
    policy.attempt("a")
    for books in early:
        books.close(500, "timeout")
    assert policy.state().breaker == "closed"


@pytest.mark.parametrize("change", ["reset", "another key"])
@pytest.mark.parametrize("error", ["upstream_auth", "rate_limited", "quota"])
def test_what_began_before_a_reset_or_another_key_tells_nothing(policy, change, error):
    """V12"""
    _, early = policy.open("a")
    policy.selector.reset() if change == "reset" else policy.selector.keep({"b", "c"})
    early.close(500, error, 60)
    assert "a" in policy.order()
    assert policy.state().last_error == ""
