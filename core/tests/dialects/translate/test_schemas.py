"""Tool schemas: repaired where the upstream would refuse them, untouched otherwise."""

import copy

import pytest
from jackfield.dialects.translate.schemas import is_strict_clean, remark, repair

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


def repaired(schema: dict[str, object]) -> dict[str, object]:
    """Repair a schema, and see that the schema given is as it was and that a repaired one is right."""
    before = copy.deepcopy(schema)
    found = repair(schema)
    assert schema == before
    assert repair(found) is found
    return found


def of(**properties: object) -> dict[str, object]:
    return {"type": "object", "properties": properties}


ARRAY = {"type": "array", "items": {}}


@pytest.mark.parametrize(
    ("given", "mended"),
    [
        ({"type": "array"}, ARRAY),
        ({"type": ["array", "null"]}, {"type": ["array", "null"], "items": {}}),
        ({"anyOf": [{"type": "array"}, {"type": "null"}]}, {"anyOf": [ARRAY, {"type": "null"}]}),
        ({"type": "array", "items": {"type": "array"}}, {"type": "array", "items": ARRAY}),
        ({"type": "array", "items": True}, ARRAY),
        ({"type": "array", "items": [{"type": "string"}, {"type": "array"}]},
         {"type": "array", "items": {"anyOf": [{"type": "string"}, ARRAY]}}),
        ({"type": "object"}, of()),
        ({"type": ["object", "null"]}, {"type": ["object", "null"], "properties": {}}),
        ({"type": "object", "properties": None}, of()),
        ({"type": "object", "properties": []}, of()),
        ({"type": "object", "additionalProperties": {"type": "array"}}, {**of(), "additionalProperties": ARRAY}),
        ({**of(), "required": None}, of()),
        ({**of(), "required": False}, of()),
        ({**of(a={}), "required": ["a", "a", 1]}, {**of(a={}), "required": ["a"]}),
        (True, {}),
        (False, {"not": {}}),
        ({"type": None, "minimum": 1}, {"minimum": 1}),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ({"if": {"type": "array"}, "then": {"contains": {"type": "array"}}},
         {"if": ARRAY, "then": {"contains": ARRAY}}),
    ],
)  # fmt: skip
def test_what_openai_refuses_is_mended_wherever_it_stands(given: object, mended: object) -> None:
    """M2"""
    assert repaired(of(a=given)) == of(a=mended)
    assert repaired(of(a=of(b=given))) == of(a=of(b=mended))
    assert repaired({**of(), "$defs": {"a": given}}) == {**of(), "$defs": {"a": mended}}
    assert repaired({**of(), "patternProperties": {"^x": {"allOf": [given]}}}) == {
        **of(),
        "patternProperties": {"^x": {"allOf": [mended]}},
    }


@pytest.mark.parametrize("word", ["enum", "const", "default", "examples"])
def test_values_are_no_schemas(word: str) -> None:
    schema = of(a={word: [{"type": "array"}, True]})
    assert repair(schema) is schema


def test_a_property_that_requires_itself_is_required_by_its_object() -> None:
    assert repaired({**of(), "required": True}) == of()
    assert repaired(of(a={"type": "string", "required": True}, b={"required": False})) == {
        **of(a={"type": "string"}, b={}),
        "required": ["a"],
    }


def test_branches_at_the_top_are_put_together_and_only_what_all_require_is_required() -> None:
    """M2"""
    one = {"properties": {"id": {"type": "string"}, "kind": {}}, "required": ["id", "kind"]}
    two = {"properties": {"name": {"type": "array"}, "kind": {}}, "required": ["name", "kind"]}
    found = repaired({"anyOf": [one, two]})
    assert found["type"] == "object"
    assert found["properties"] == {"id": {"type": "string"}, "kind": {}, "name": ARRAY}
    assert found["required"] == ["kind"]
    assert "anyOf" not in found
    assert found["description"] == "Takes at least one of these sets of arguments: (id); (name)."


def test_the_description_of_the_schema_stays_in_front() -> None:
    branches = [{"required": ["a"]}, {"required": ["b"]}]
    found = repaired({**of(a={}, b={}), "description": "Asks.", "oneOf": branches})
    assert found == {
        **of(a={}, b={}),
        "description": "Asks.\nTakes exactly one of these sets of arguments: (a); (b).",
    }


def test_a_property_that_branches_describe_differently_may_be_either() -> None:
    branches = [of(kind={"const": "a"}), of(kind={"const": "b"}), of(kind={"const": "a"})]
    assert repaired({"oneOf": branches})["properties"] == {"kind": {"anyOf": [{"const": "a"}, {"const": "b"}]}}


def test_what_all_branches_demand_is_demanded() -> None:
    branches = [{**of(a={}), "required": ["a"]}, {**of(b={}), "required": ["b"]}]
    assert repaired({"type": "object", "allOf": branches}) == {**of(a={}, b={}), "required": ["a", "b"]}


def test_a_reference_at_the_top_is_followed() -> None:
    definitions = {"Query": {**of(q={"type": "array"}), "required": ["q"], "description": "A query."}, "a/b": of(x={})}
    found = repaired({"$ref": "#/$defs/Query", "$defs": definitions})
    assert (found["properties"], found["required"], found["description"]) == ({"q": ARRAY}, ["q"], "A query.")
    assert found["$defs"]["Query"]["properties"] == {"q": ARRAY}
    assert repaired({"anyOf": [{"$ref": "#/$defs/a~1b"}], "$defs": definitions})["properties"] == {"x": {}}


@pytest.mark.parametrize("reference", ["#", "#/", "#/nowhere", "https://example.org/x", "#/$defs/a", 1])
def test_a_reference_that_leads_nowhere_is_an_empty_object(reference: object) -> None:
    found = repaired({"$ref": reference, "$defs": {"a": {"$ref": "#/$defs/a"}}})
    assert (found["type"], found["properties"]) == ("object", {})


def test_references_without_an_end_are_followed_for_a_while() -> None:
    circle = {
        name: {"anyOf": [{"$ref": f"#/$defs/{other}"} for other in "abc"] * 5, **of(**{name: {}})} for name in "abc"
    }
    chain = {f"n{number}": {"allOf": [{"$ref": f"#/$defs/n{number + 1}"}]} for number in range(5000)}
    assert repaired({"$ref": "#/$defs/a", "$defs": circle})["properties"]
    assert repaired({"$ref": "#/$defs/n0", "$defs": chain})["properties"] == {}


@pytest.mark.parametrize(
    ("word", "value", "said"),
    [
        ("enum", [{"a": 1}], 'Must be one of: [{"a":1}]'),
        ("const", {"a": 1}, 'Must be: {"a":1}'),
        ("not", {"required": ["b"]}, 'Must not fit: {"required":["b"]}'),
    ],
)
def test_a_ban_or_a_list_of_values_at_the_top_is_said(word: str, value: object, said: str) -> None:
    assert repaired({**of(a={}), word: value}) == {**of(a={}), "description": said}


def test_what_a_schema_says_no_more_is_said_of_the_tool() -> None:
    given = {"anyOf": [{"required": ["a"]}, {"required": ["b"]}], "description": "Asks."}
    note = "Takes at least one of these sets of arguments: (a); (b)."
    assert remark("Asks much.", given, repair(given)) == f"Asks much.\n\n{note}"
    assert remark("", given, repair(given)) == note
    assert remark("Asks.", RICH, repair(RICH)) == "Asks."
