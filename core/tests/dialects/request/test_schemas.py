"""Tool schemas: repaired where the upstream would refuse them, untouched otherwise."""

import copy

import pytest
from jackfield.dialects.request.schemas import is_strict_clean, repair

RICH = {
    "type": "object",
    "properties": {"path": {"type": "string", "pattern": "^/", "default": "/", "maxLength": 9}},
    "required": ["path"],
    "additionalProperties": False,
    "$defs": {"a": {"$schema": "kept below the top"}},
}


def test_a_right_schema_is_returned_as_it_is() -> None:
    before = copy.deepcopy(RICH)
    assert repair(RICH) is RICH
    assert before == RICH


def test_the_dialect_of_the_schema_is_removed_and_nothing_else() -> None:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **RICH}
    assert repair(schema) == RICH
    assert "$schema" in schema


@pytest.mark.parametrize(
    "schema", [None, {}, {"type": "object"}, {"properties": {}}, {"type": None, "properties": None}]
)
def test_an_empty_schema_becomes_the_empty_object(schema: dict[str, object] | None) -> None:
    assert repair(schema) == {"type": "object", "properties": {}}


def test_missing_properties_are_added_beside_what_is_there() -> None:
    schema = {"type": "object", "additionalProperties": True}
    assert repair(schema) == {"type": "object", "additionalProperties": True, "properties": {}}


def test_a_type_that_is_no_object_becomes_one() -> None:
    assert repair({"type": ["object", "null"], "properties": {"a": {}}}) == {"type": "object", "properties": {"a": {}}}


def test_a_schema_with_all_required_and_closed_is_strict_clean() -> None:
    inner = {
        "type": "object",
        "properties": {"n": {"type": "number"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    schema = {**inner, "properties": {"n": {"anyOf": [inner, {"type": "null"}]}}}
    assert is_strict_clean(RICH)
    assert is_strict_clean(schema)


@pytest.mark.parametrize(
    "change",
    [
        {"additionalProperties": True},
        {"required": []},
        {"required": [1]},
        {"required": "path"},
        {"type": "array"},
        {"anyOf": []},
        {"properties": {"path": {"type": "object"}}},
        {"properties": {"path": {"type": "array", "items": {"type": "object", "properties": {"x": {}}}}}},
        {"properties": {"path": {"anyOf": [{"type": ["object", "null"]}]}}},
        {"properties": {"path": {"oneOf": []}}},
        {"properties": {"path": True}},
        {"$defs": {"a": {"properties": {"x": {}}}}},
    ],
)
def test_an_open_or_optional_object_anywhere_is_not_strict_clean(change: dict[str, object]) -> None:
    assert not is_strict_clean({**RICH, **change})
