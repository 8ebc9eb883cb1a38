"""JSON Schemas of tools and answers, repaired as little as the upstream needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .schema_merging import TOP, merged
from .schema_nodes import mended

_OUTSIDE_STRICT = frozenset(
    {
        "allOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "patternProperties",
        "dependentRequired",
        "dependentSchemas",
        "unevaluatedProperties",
        "propertyNames",
    }
)
_NAMED = ("properties", "$defs", "definitions")


def repair(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a tool's parameter schema as the upstream accepts it.

    `$schema` goes, `type` becomes `object`, absent `properties` become empty (many MCP servers leave them out and the
    upstream answers 400), no schema at all becomes the empty object's. Choices at the top are merged
    (`schema_merging`), and what OpenAI refuses below is mended (`schema_nodes`). What is right is returned as it is.
    """
    fixed: dict[str, Any] = mended(schema or {})
    if "$schema" not in fixed and _is_object(fixed) and TOP.isdisjoint(fixed):
        return fixed
    fixed = {key: value for key, value in merged(fixed).items() if key != "$schema"}
    fixed["type"] = "object"
    if type(fixed.get("properties")) is not dict:
        fixed["properties"] = {}
    return fixed


def remark(description: str, given: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return a tool's description, with what its schema says no more since it was repaired.

    Models read the description of a tool, and not always that of its parameters.
    """
    before, after = given.get("description"), schema.get("description")
    if before == after or not isinstance(after, str) or "$ref" in given:
        return description
    said = after.removeprefix(before if isinstance(before, str) else "").strip()
    return f"{description}\n\n{said}".strip()


def _is_object(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "object" and type(schema.get("properties")) is dict


def is_strict_clean(schema: Mapping[str, Any]) -> bool:
    """Return True when the upstream's strict mode accepts the schema.

    It wants an object at the top, every property of every object required, `additionalProperties` false everywhere, and
    none of the keywords that it does not know.
    """
    if not _is_object(schema) or "anyOf" in schema:
        return False
    waiting: list[object] = [schema]
    while waiting:
        node = waiting.pop()
        if type(node) is not dict or not _is_clean_node(node):
            return False
        waiting.extend(_children(node))
    return True


def _is_clean_node(node: Mapping[str, Any]) -> bool:
    if not _OUTSIDE_STRICT.isdisjoint(node):
        return False
    kind = node.get("type")
    if kind != "object" and not (type(kind) is list and "object" in kind) and "properties" not in node:
        return True
    required = node.get("required", [])
    properties = node.get("properties", {})
    if type(required) is not list or type(properties) is not dict or node.get("additionalProperties") is not False:
        return False
    return {name for name in required if type(name) is str}.issuperset(properties)


def _children(node: Mapping[str, Any]) -> Iterator[object]:
    for key in _NAMED:
        named = node.get(key)
        if type(named) is dict:
            yield from named.values()
    if "items" in node:
        yield node["items"]
    branches = node.get("anyOf")
    if type(branches) is list:
        yield from branches
