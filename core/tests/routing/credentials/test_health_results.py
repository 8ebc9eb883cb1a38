"""What health checks do to the rotation, and what requests do to what checks say."""

import pytest
from jackfield.metering.account import Account
from jackfield.model.types import Credential, Model
from jackfield.routing.credentials import CheckResult, SelectionRequest, Selector, verdict
from jackfield.routing.registry import Route
from jackfield.testing import FakeClock

CREDENTIALS = [Credential(name, "fox", "fox", priority=-place) for place, name in enumerate("ab")]
ROUTE = Route("gpt-5", {"fox": Model("gpt-5")}, {"fox": None})


class Policy:
    """A selector with its clock; `a` is preferred to `b`."""

    def __init__(self):
        self.clock = FakeClock()
        self.selector = Selector(self.clock)

    def check(self, status=200, name="a", error="", times=1):
        """Let checks come to this; return what the last of them brought about."""
        error = error or verdict(status)
        turns = []
        for _ in range(times):
            self.clock.advance(0.1)
            result = CheckResult(self.clock.now(), 0.1, 0 if error == "unreachable" else status, error)
            turns.append(self.selector.checked(name, result))
        return turns[-1]

    def request(self, error="", name="a", wait=None, times=1):
        """Let requests come to this."""
        credential = next(each for each in CREDENTIALS if each.id == name)
        for number in range(times):
            trial = self.selector.admit(credential, ROUTE, SelectionRequest(speaker=str(number)))
            account = Account(self.clock, lambda _: None, request_id="r", dialect="responses")
            books = account.attempt("fox", "gpt-5", name, trial.ended)
            if not error:
                trial.began()
            books.close(500 if error else 200, error, wait)

    @property
    def order(self):
        return [each.id for each in self.selector.order(CREDENTIALS, ROUTE)]

    def state(self, name="a"):
        return self.selector.state(next(each for each in CREDENTIALS if each.id == name))


@pytest.fixture
def policy():
    return Policy()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, "") for status in (200, 204, 301, 400, 402, 404, 405, 429)),
        *((status, "upstream_auth") for status in (401, 403)),
        *((status, "upstream_error") for status in (500, 502, 503, 529)),
    ],
)
def test_only_a_refused_key_and_a_failing_server_speak_against_an_upstream(status, kind):
    assert verdict(status) == kind


@pytest.mark.parametrize("failure", [{"status": 502}, {"error": "unreachable"}, {"error": "timeout"}])
def test_three_failures_in_a_row_take_a_credential_out_until_a_check_is_answered(policy, failure):
    assert policy.check(**failure, times=2) == ""
    assert policy.order == ["a", "b"]
    assert policy.check(**failure) == "out"
    assert policy.order == ["b"]
    policy.clock.advance(100_000)
    assert policy.check(**failure) == ""
    assert policy.order == ["b"], "as long as they fail"
    assert policy.check(404) == "back"
    assert policy.order == ["a", "b"]


def test_a_check_between_that_is_answered_begins_the_count_anew(policy):
    for _ in range(5):
        policy.check(500, times=2)
        policy.check(200)
    assert policy.order == ["a", "b"]


def test_a_refused_key_takes_a_credential_out_at_once(policy):
    assert policy.check(401) == "out"
    assert policy.order == ["b"]
    assert policy.state().resting
    assert policy.check(200) == "back"
    assert policy.order == ["a", "b"]


def test_checks_alone_leave_no_request_without_anyone_to_ask(policy):
    policy.check(500, "a", times=3)
    policy.check(500, "b", times=3)
    assert policy.order == ["a", "b"]


def test_a_request_that_is_served_is_better_evidence_than_checks_that_fail(policy):
    for _ in range(10):
        policy.check(500)
        policy.request()
    policy.check(401)
    assert policy.order == ["a", "b"]
    assert (policy.state().check.error, policy.state().checks_failed) == ("upstream_auth", 0), (
        "it is shown all the same"
    )

    policy.check(500, times=3)
    assert policy.order == ["b"], "no request since"
    policy.request()
    assert policy.order == ["a", "b"], "one that was under way all the time"


def test_a_request_that_fails_lets_checks_count(policy):
    policy.check(500, times=2)
    policy.request("upstream_error")
    policy.check(500)
    assert policy.order == ["b"]


def test_an_upstream_that_is_back_may_be_probed_at_once(policy):
    policy.request("unreachable", times=3)
    policy.check(error="unreachable")
    assert policy.order == ["b"]
    policy.check(200)
    assert policy.order == ["a", "b"]
    assert policy.state().breaker == "half-open"
    assert policy.selector.admit(CREDENTIALS[0], ROUTE) is not None
    assert policy.selector.admit(CREDENTIALS[0], ROUTE) is None, "a single request tries"


def test_a_check_that_never_saw_the_failure_does_not_end_the_rest_after_it(policy):
    policy.check(200)
    policy.request("upstream_error", times=3)
    policy.check(200)
    assert policy.order == ["b"], "it answers /models and nothing else"
    policy.clock.advance(15)
    assert policy.order == ["a", "b"]


def test_a_key_that_is_taken_again_serves_again(policy):
    policy.request("upstream_auth")
    policy.check(401)
    policy.check(404)
    assert policy.order == ["b"], "404 says nothing of the key"
    policy.check(401)
    policy.check(200)
    assert policy.order == ["a", "b"]


@pytest.mark.parametrize("status", [401, 500])
def test_a_check_that_began_before_a_reset_counts_for_nothing(policy, status):
    """V12"""
    policy.check(500, times=2)
    policy.clock.advance(1)
    policy.selector.reset()
    policy.selector.checked("a", CheckResult(policy.clock.now(), 0.5, status, verdict(status)))
    assert policy.order == ["a", "b"]
    assert policy.state().checks_failed == 0


def test_a_check_that_began_before_the_key_was_refused_does_not_end_its_rest(policy):
    """V12"""
    policy.check(401)
    policy.clock.advance(1)
    policy.request("upstream_auth")
    policy.selector.checked("a", CheckResult(policy.clock.now(), 0.5, 200))
    assert policy.order == ["b"]


@pytest.mark.parametrize("limit", ["rate_limited", "usage_limit", "quota"])
def test_a_limit_is_not_ended_by_checks(policy, limit):
    policy.request(limit, wait=60)
    policy.check(401)
    policy.check(200)
    assert policy.order == ["b"]


def test_what_a_failing_upstream_asked_for_is_kept(policy):
    policy.request("overloaded", wait=60)
    policy.check(503)
    policy.check(200)
    assert policy.order == ["b"]
    policy.clock.advance(60)
    assert policy.order == ["a", "b"]


def test_disable_cooling_makes_checks_mere_information(policy):
    policy.check(500, times=3)
    order = policy.selector.order(CREDENTIALS, ROUTE, SelectionRequest(cooling=False))
    assert [each.id for each in order] == ["a", "b"]


def test_checks_without_consequences_are_counted_and_nothing_is_said_to_rest(policy):
    result = CheckResult(policy.clock.now(), 0.1, 500, "upstream_error")
    turns = [policy.selector.checked("a", result, cooling=False) for _ in range(4)]
    assert turns == [""] * 4
    assert (policy.state().resting, policy.state().checks_failed) == (False, 4)
    assert policy.check(500) == "out", "the configuration was changed"


def test_the_state_tells_the_latest_check(policy):
    assert policy.state().check is None
    policy.check(error="timeout", times=4)
    state = policy.state()
    assert (state.check.error, state.checks_failed, state.resting, state.breaker) == ("timeout", 4, True, "closed")
    assert state.success_share is None, "checks are no attempts"
    assert state.last_error == ""


def test_a_reset_lets_it_serve_at_once_and_checks_count_anew(policy):
    policy.check(500, times=3)
    policy.request("quota", "b")
    assert policy.selector.reset() == ["a", "b"]
    assert policy.order == ["a", "b"]
    policy.check(500, times=2)
    assert policy.selector.reset("a") == [], "it was not left alone"
    policy.check(500, times=3)
    assert policy.selector.reset("b") == []
    assert policy.order == ["b"]


def test_checks_that_are_no_longer_configured_are_forgotten(policy):
    policy.check(500, times=3)
    policy.selector.keep_checks({"b"})
    assert policy.order == ["a", "b"]
    assert policy.state().check is None
