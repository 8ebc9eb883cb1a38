import pytest
from jackfield.model.errors import PluginError
from jackfield.model.types import Model, ModelDefaults
from jackfield.plugins.registrars import Claims, ExecutorRegistrar, ModelRegistrar, RouteRegistrar
from quart import Blueprint


def test_a_provider_has_one_executor_and_both_claimants_are_named():
    claims, factories = Claims("provider"), {}
    ExecutorRegistrar("one", claims, factories).add("fox", "first")
    with pytest.raises(PluginError, match="'fox' is claimed by plugin 'two', but 'one' has it"):
        ExecutorRegistrar("two", claims, factories).add("fox", "second")
    assert factories == {"fox": "first"}


def test_a_plugin_may_change_its_own_mind():
    claims, factories = Claims("provider"), {}
    registrar = ExecutorRegistrar("one", claims, factories)
    registrar.add("fox", "first")
    registrar.add("fox", "second")
    assert factories == {"fox": "second"}


def test_models_added_twice_are_there_once():
    sets = {}
    registrar = ModelRegistrar(sets)
    for _ in range(2):
        registrar.add("fox", [Model("a"), Model("b")], patterns=["x-*"], defaults=ModelDefaults("a"))
    assert list(sets["fox"].models) == ["a", "b"]
    assert sets["fox"].patterns == ("x-*",)


def test_two_plugins_may_add_to_one_provider():
    sets = {}
    ModelRegistrar(sets).add("fox", [Model("a")], defaults=ModelDefaults("a", "high"))
    ModelRegistrar(sets).add("fox", [Model("b")], patterns=["x-*"])
    assert sorted(sets["fox"].models) == ["a", "b"]
    assert sets["fox"].defaults == ModelDefaults("a", "high")


def test_routes_are_kept_in_order_and_a_name_is_taken_once():
    claims, blueprints = Claims("blueprint"), []
    one, two = Blueprint("one", "x"), Blueprint("two", "x")
    RouteRegistrar("a", claims, blueprints).add(one)
    RouteRegistrar("b", claims, blueprints).add(two)
    with pytest.raises(PluginError, match="blueprint 'one' is claimed by plugin 'b', but 'a' has it"):
        RouteRegistrar("b", claims, blueprints).add(Blueprint("one", "y"))
    assert blueprints == [one, two]
