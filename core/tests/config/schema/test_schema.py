from __future__ import annotations

from typing import Any

import pytest
from jackfield.config import compose, core_schema
from jackfield.config.schema.schema import faults
from jackfield.model.errors import PluginError
from jsonschema import Draft202012Validator


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def test_the_core_schema_describes_every_key_and_its_default() -> None:
    def check(part: dict[str, Any], place: str) -> None:
        for key, inner in part.get("properties", {}).items():
            assert inner.get("description", "").endswith("."), f"{place}{key}"
            assert "default" in inner or key in part.get("required", ()), f"{place}{key}"
            if inner.get("type") == "object":
                assert inner["additionalProperties"] is False
            check(inner, f"{place}{key}.")
            check(inner.get("items", {}), f"{place}{key}[].")

    core: Any = core_schema()
    Draft202012Validator.check_schema(core)
    check(core, "")
    assert Draft202012Validator(core).is_valid({key: part["default"] for key, part in core["properties"].items()})


def test_plugin_keys_are_added_and_carry_their_plugin() -> None:
    composed = compose(core_schema(), {"acme": schema(acme={"type": "object"})})

    assert composed["properties"]["acme"] == {"type": "object", "x-plugin": "acme"}
    assert "host" in composed["properties"]
    assert composed["additionalProperties"] is False


def test_definitions_of_two_plugins_never_meet() -> None:
    def own(key: str, kind: str) -> dict[str, Any]:
        return schema(**{key: {"$ref": "#/$defs/value"}}) | {"$defs": {"value": {"type": kind}}}

    validator = Draft202012Validator(compose(core_schema(), {"one": own("a", "string"), "two": own("b", "integer")}))

    assert validator.is_valid({"a": "x", "b": 1})
    assert not validator.is_valid({"a": 1, "b": 1})
    assert not validator.is_valid({"a": "x", "b": "x"})


def test_a_plugins_further_conditions_hold() -> None:
    conditional = schema(a={"type": "integer"}, b={"type": "integer"}) | {"dependentRequired": {"a": ["b"]}}

    validator = Draft202012Validator(compose(core_schema(), {"one": conditional}))

    assert validator.is_valid({"a": 1, "b": 1})
    assert not validator.is_valid({"a": 1})


def test_two_plugins_that_claim_one_key_are_refused_by_name() -> None:
    claims = {"left": schema(thing={}), "right": schema(thing={}), "other": schema(more={})}

    with pytest.raises(PluginError, match=r"left and right.*`thing`"):
        compose(core_schema(), claims)
    assert sorted(faults(core_schema(), claims)) == ["left", "right"]


def test_a_plugin_cannot_take_a_key_of_the_core() -> None:
    with pytest.raises(PluginError, match=r"thief.*`host`.*core"):
        compose(core_schema(), {"thief": schema(host={})})


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "array"},
        {"type": "object", "properties": {"x": {"type": "strnig"}}},
        {"type": "object", "properties": {"x": {"pattern": "("}}},
        {"type": "object", "properties": {"x": {"$ref": "https://example.com/schema"}}},
        {"type": "object", "properties": {"x": {"$ref": "#/$defs/none"}}},
        ["no", "mapping"],
    ],
)
def test_a_schema_that_cannot_be_used_names_its_plugin(broken: Any) -> None:
    with pytest.raises(PluginError, match="acme"):
        compose(core_schema(), {"acme": broken})
