from __future__ import annotations

from typing import Any

import pytest
from jackfield.config.schema.defaults import filled
from jackfield.config.schema.view import View

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "plain": {"default": 1},
        "anything": True,
        "inner": {"type": "object", "default": {}, "properties": {"deep": {"default": [1]}}},
        "absent": {"type": "object", "properties": {"deep": {"default": 1}}},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
        "either": {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"n": {"default": 2}}}]},
        "map": {"type": "object", "additionalProperties": {"properties": {"n": {"default": 3}}}},
    },
    "$defs": {
        "item": {"type": "object", "properties": {"n": {"default": 0}, "shared": {"$ref": "#/$defs/shared"}}},
        "shared": {"default": {}, "properties": {"m": {"default": 9}}},
    },
}


@pytest.mark.parametrize(
    ("written", "complete"),
    [
        ({}, {}),
        ({"plain": 5}, {"plain": 5}),
        ({"plain": None}, {"plain": None}),
        ({"inner": {"deep": [2]}}, {"inner": {"deep": [2]}}),
        ({"absent": {}}, {"absent": {"deep": 1}}),
        ({"items": [{}, {"n": 1}]}, {"items": [{"n": 0, "shared": {"m": 9}}, {"n": 1, "shared": {"m": 9}}]}),
        ({"either": "text"}, {"either": "text"}),
        ({"either": {}}, {"either": {"n": 2}}),
        ({"map": {"a": {}}}, {"map": {"a": {"n": 3}}}),
    ],
)
def test_absent_keys_get_their_default(written: dict[str, Any], complete: dict[str, Any]) -> None:
    assert filled(written, View.of(SCHEMA)) == {"plain": 1, "inner": {"deep": [1]}} | complete


def test_defaults_are_not_shared() -> None:
    filled({}, View.of(SCHEMA))["inner"]["deep"].append(2)

    assert filled({}, View.of(SCHEMA))["inner"]["deep"] == [1]
