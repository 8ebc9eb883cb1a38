from hypothesis import given
from hypothesis import strategies as st
from jackfield.credentials.budget import FLOOR, RetryBudget


def taken(budget, now, tries=1000):
    return sum(budget.take(now) for _ in range(tries))


def test_a_quiet_proxy_may_retry():
    assert taken(RetryBudget(), 1000.0) == FLOOR


def test_a_fifth_of_the_requests_may_be_retried():
    budget = RetryBudget()
    for _ in range(300):
        budget.request(1000.0)
    assert taken(budget, 1000.0) == 60


def test_the_budget_is_back_after_a_minute():
    budget = RetryBudget()
    assert taken(budget, 1000.0) == FLOOR
    assert not budget.take(1049.0)
    assert taken(budget, 1060.0) == FLOOR


def test_requests_count_for_a_minute():
    budget = RetryBudget()
    for _ in range(300):
        budget.request(1000.0)
    assert taken(budget, 1059.0) == 60
    assert taken(budget, 1120.0) == FLOOR


@given(st.lists(st.tuples(st.floats(0, 90), st.booleans())))
def test_retries_never_exceed_their_share(steps):
    budget, now, requests, retries = RetryBudget(), 0.0, [], []
    for pause, retry in steps:
        now += pause
        if not retry:
            budget.request(now)
            requests.append(now)
        elif budget.take(now):
            retries.append(now)
        recent = [[at for at in times if at > now - 50] for times in (requests, retries)]
        longer = [at for at in requests if at > now - 60]
        assert len(recent[1]) <= max(FLOOR, 0.2 * len(longer))
