import pytest
from jackfield.model.types import Credential, Model
from jackfield.routing.credentials.candidates import fitting, likeliest, tiers, upstream_model, usable
from jackfield.routing.registry import Route

ROUTE = Route("gpt-5-low", {"fox": Model("gpt-5-low", "gpt-5"), "owl": Model("gpt-5-low")}, {"fox": None, "owl": None})


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


def test_credentials_of_other_providers_do_not_fit():
    assert names(fitting([one("a"), one("b", "elk")], ROUTE)) == ["a"]


@pytest.mark.parametrize(("models", "fits"), [(set(), True), ({"gpt-5-low"}, True), ({"gpt-5"}, False)])
def test_a_credential_may_serve_some_models_only(models, fits):
    assert bool(fitting([one("a", models=frozenset(models))], ROUTE)) == fits


@pytest.mark.parametrize(("models", "found"), [(set(), ["a"]), ({"gpt-5-low"}, ["a"]), ({"gpt-4"}, ["b"])])
def test_those_that_may_have_it_come_where_no_credential_of_those_that_list_it_serves_it(models, found):
    """V6"""
    route = Route("gpt-5-low", ROUTE.providers, ROUTE.defaults, {"owl"})
    narrowed = fitting([one("b", "owl", priority=9), one("a", models=frozenset(models))], route)
    assert names(likeliest(narrowed, route)) == found


def test_the_highest_priority_is_the_first_tier():
    found = tiers([one("low", priority=-1), one("high", priority=5), one("mid"), one("mid2")])
    assert [names(tier) for tier in found] == [["high"], ["mid", "mid2"], ["low"]]


def test_a_name_that_a_client_made_up_is_not_remembered_at_any_length():
    route = Route("x", {"fox": Model("gpt-" + "x" * 10_000)}, {"fox": None})
    assert len(upstream_model(route, one("a"))) == 200


@pytest.mark.parametrize(("provider", "model"), [("fox", "gpt-5"), ("owl", "gpt-5-low")])
def test_variants_of_a_model_are_one_model_upstream(provider, model):
    assert upstream_model(ROUTE, one("a", provider)) == model
