"""V2: the budget is about retries under way, not about their sum over a time."""

from hypothesis import given
from hypothesis import strategies as st
from jackfield.routing.credentials.retry_budget import FLOOR, RetryBudget


def taken(budget, tries=1000):
    return sum(budget.take() for _ in range(tries))


def test_a_quiet_proxy_may_retry():
    assert taken(RetryBudget()) == FLOOR


def test_a_fifth_of_the_requests_under_way_may_be_retried():
    budget = RetryBudget()
    for _ in range(300):
        budget.enter()
    assert taken(budget) == 60


def test_a_request_that_is_over_counts_no_longer():
    budget = RetryBudget()
    for _ in range(300):
        budget.enter()
    for _ in range(300):
        budget.leave()
    assert taken(budget) == FLOOR


def test_what_is_given_back_can_be_taken_again():
    budget = RetryBudget()
    for _ in range(1000):
        assert budget.take()
        budget.give_back()


@given(st.lists(st.sampled_from(["request", "take", "give back"])))
def test_retries_never_exceed_their_share(steps):
    budget, requests, retries = RetryBudget(), 0, 0
    for step in steps:
        if step == "request":
            requests += 1
            budget.enter()
        elif step == "take":
            retries += budget.take()
        elif retries:
            retries -= 1
            budget.give_back()
        assert retries <= max(FLOOR, 0.2 * requests)
