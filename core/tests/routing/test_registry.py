import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.model.types import Model, ModelDefaults
from jackfield.routing.registry import ModelSet, Registry

GPT = {"gpt-5": Model("gpt-5"), "gpt-5-low": Model("gpt-5-low", upstream="gpt-5", effort="low")}
FOX = ModelSet(GPT, ("gpt-*", "codex-*"), ModelDefaults("gpt-5", "high"))
OWL = ModelSet({"owl-1": Model("owl-1", owned_by="custom"), "gpt-5": Model("gpt-5")})
REGISTRY = Registry({"fox": FOX, "owl": OWL})


def where(name, registry=REGISTRY):
    """Return which providers serve a name, with the model that each is asked for."""
    route = registry.resolve(name)
    return route and {
        provider: (model.upstream or model.id, model.effort) for provider, model in route.providers.items()
    }


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("gpt-5", {"fox": ("gpt-5", None), "owl": ("gpt-5", None)}),
        ("gpt-5-low", {"fox": ("gpt-5", "low")}),
        ("owl-1", {"owl": ("owl-1", None)}),
        ("gpt-6.1-sol", {"fox": ("gpt-6.1-sol", None)}),
        ("gpt-6-xhigh", {"fox": ("gpt-6", "xhigh")}),
        ("gpt-5.1-codex-max", {"fox": ("gpt-5.1-codex-max", None)}),
        ("codex-mini-high", {"fox": ("codex-mini", "high")}),
        ("fox/gpt-5", {"fox": ("gpt-5", None)}),
        ("fox/gpt-6-low", {"fox": ("gpt-6", "low")}),
        ("owl/owl-1", {"owl": ("owl-1", None)}),
        ("owl/gpt-6", None),
        ("elk/gpt-5", None),
        ("fox/", None),
        ("fox", None),
        ("GPT-5", None),
        ("", None),
        ("claude-opus-5", None),
    ],
)
def test_a_name_leads_to_the_providers_that_serve_it(name, found):
    assert where(name) == found


def test_who_lists_a_name_comes_first_and_who_has_a_pattern_for_it_is_a_guess():
    other = Registry({"fox": ModelSet({"gpt-7": Model("gpt-7")}), "owl": ModelSet({}, ("gpt-*",))})
    assert list(where("gpt-7", other).items()) == [("fox", ("gpt-7", None)), ("owl", ("gpt-7", None))]
    assert other.resolve("gpt-7").guesses == {"owl"}
    assert where("gpt-8", other) == {"owl": ("gpt-8", None)}
    assert not other.resolve("gpt-8").guesses, "nobody lists it: each may have it as well as the next"


def test_a_listed_name_with_a_slash_is_no_pin():
    registry = Registry({"fox": ModelSet({"acme/large": Model("acme/large")})})
    assert where("acme/large", registry) == {"fox": ("acme/large", None)}
    assert where("fox/acme/large", registry) == {"fox": ("acme/large", None)}


def test_the_route_names_the_model_without_its_pin_and_brings_each_providers_defaults():
    route = REGISTRY.resolve("fox/gpt-5-low")
    assert route.model == "gpt-5-low"
    assert REGISTRY.resolve("gpt-5").defaults == {"fox": ModelDefaults("gpt-5", "high"), "owl": None}


def test_the_fallback_is_the_default_model_of_each_provider_that_has_one():
    elk = ModelSet({}, (), ModelDefaults("elk-9"))
    route = Registry({"owl": OWL, "fox": FOX, "elk": elk}).fallback()
    assert {name: model.id for name, model in route.providers.items()} == {"fox": "gpt-5", "elk": "elk-9"}
    assert Registry({"owl": OWL}).fallback() is None


def test_models_are_listed_by_id_each_once_with_its_providers():
    rows = [(model.id, providers) for model, providers in REGISTRY.models()]
    assert rows == [("gpt-5", ["fox", "owl"]), ("gpt-5-low", ["fox"]), ("owl-1", ["owl"])]
    assert [model.id for model, _ in REGISTRY.models("owl")] == ["gpt-5", "owl-1"]
    assert REGISTRY.models("elk") == []


def test_providers_are_those_with_a_model_or_a_pattern():
    registry = Registry({"owl": OWL, "fox": FOX, "elk": ModelSet(), "cat": ModelSet({}, ("c-*",))})
    assert registry.providers == ["cat", "fox", "owl"]


def test_only_usable_providers_remain():
    registry = REGISTRY.usable({"owl", "nobody"})
    assert registry.providers == ["owl"]
    assert where("gpt-5", registry) == {"owl": ("gpt-5", None)}
    assert registry.resolve("fox/gpt-5") is None
    assert REGISTRY.providers == ["fox", "owl"]


def test_a_set_that_is_extended_keeps_what_it_had_and_the_newer_wins():
    more = FOX.extended({"gpt-5": Model("gpt-5", upstream="x")}, ("gpt-*", "o*"), None)
    assert (more.find("gpt-5").upstream, more.find("gpt-5-low").effort) == ("x", "low")
    assert more.patterns == ("gpt-*", "codex-*", "o*")
    assert more.defaults == FOX.defaults
    assert FOX.find("gpt-5").upstream == ""
    assert FOX.extended(FOX.models, FOX.patterns, FOX.defaults) == FOX


def test_a_listed_name_may_begin_like_a_pin():
    registry = Registry(
        {"fox": ModelSet({"fox/large": Model("fox/large"), "small": Model("small")}), "owl": ModelSet({}, ("*",))}
    )
    assert where("fox/large", registry) == {"fox": ("fox/large", None), "owl": ("fox/large", None)}
    assert registry.resolve("fox/large").guesses == {"owl"}
    assert where("fox/fox/large", registry) == {"fox": ("fox/large", None)}
    assert where("fox/small", registry) == {"fox": ("small", None)}
    assert where("fox/none", registry) is None


NAMES = st.text(max_size=12) | st.lists(st.sampled_from(["gpt-", "fox/", "owl", "/", "-low", "*", "[", "!", "5"])).map(
    "".join
)


@given(NAMES, st.lists(NAMES, max_size=3), st.lists(NAMES, max_size=3))
def test_any_name_leads_to_what_was_asked_for_or_nowhere(name, patterns, models):
    registry = Registry({"fox": ModelSet({each: Model(each) for each in models}, tuple(patterns))})
    route = registry.resolve(name)
    assert route is None or name in (route.model, f"fox/{route.model}")
    assert (route is None) <= (name not in models)
