import pytest
from jackfield.credentials import Selector, usable
from jackfield.registry import Route
from jackfield.types import Credential, Model

ROUTE = Route("gpt-5-low", {"fox": Model("gpt-5-low"), "owl": Model("gpt-5-low")}, {"fox": None, "owl": None})


def one(name, provider="fox", **fields):
    return Credential(name, provider, provider, **fields)


def names(credentials):
    return [credential.id for credential in credentials]


def test_disabled_ones_are_out():
    assert names(usable([one("a"), one("b", status="disabled")])) == ["a"]


@pytest.mark.parametrize(
    ("gaps", "others", "found"),
    [
        (False, [], ["demo"]),
        (False, [one("a")], ["a"]),
        (False, [one("a", status="disabled")], ["demo"]),
        (True, [], []),
        (True, [one("a")], ["a"]),
    ],
)
def test_one_that_stands_by_serves_only_while_nothing_else_is_meant_to(gaps, others, found):
    assert names(usable([one("demo", standby=True), *others], gaps=gaps)) == found


def test_credentials_of_other_providers_are_no_candidates():
    assert names(Selector().order([one("a"), one("b", "elk")], ROUTE)) == ["a"]
    assert Selector().order([one("b", "elk")], ROUTE) == []
    assert Selector().order([], ROUTE) == []


def test_equal_ones_take_turns():
    selector = Selector()
    credentials = [one("a"), one("b"), one("c", "owl")]
    firsts = [names(selector.order(credentials, ROUTE))[0] for _ in range(6)]
    assert sorted(firsts[:3]) == ["a", "b", "c"]
    assert firsts[:3] == firsts[3:]


def test_every_order_has_all_of_them_once():
    selector = Selector()
    credentials = [one(name) for name in "abcd"]
    for _ in range(5):
        assert sorted(names(selector.order(credentials, ROUTE))) == ["a", "b", "c", "d"]


def test_the_highest_priority_comes_first_and_lower_ones_behind():
    selector = Selector()
    credentials = [one("low", priority=-1), one("high", priority=5), one("mid"), one("mid2")]
    for _ in range(4):
        order = names(selector.order(credentials, ROUTE))
        assert (order[0], order[3], set(order[1:3])) == ("high", "low", {"mid", "mid2"})


@pytest.mark.parametrize(("models", "fits"), [(set(), True), ({"gpt-5-low"}, True), ({"gpt-5"}, False)])
def test_a_credential_may_serve_some_models_only(models, fits):
    assert bool(Selector().order([one("a", models=frozenset(models))], ROUTE)) == fits
