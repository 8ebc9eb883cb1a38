"""Subschemas that are valid JSON Schema and that OpenAI refuses all the same, mended wherever they stand.

OpenAI wants `items` of every array and `properties` of every object, lists of names in `required`, and objects where
JSON Schema allows true and false. What is right is returned as it is, not as a copy: its bytes stay the same, and with
them the upstream's prompt cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_GONE = object()


def mended(node: Any) -> Any:
    """Return a schema as OpenAI accepts it; the very same object where it is right. Nothing is changed in place."""
    if type(node) is bool:
        return {} if node else {"not": {}}
    if type(node) is not dict:
        return node
    fixed = node
    for key, value in node.items():
        mend = _KEYWORDS.get(key)
        if mend is None or (new := mend(value)) is value:
            continue
        if fixed is node:
            fixed = dict(node)
        if new is _GONE:
            del fixed[key]
        else:
            fixed[key] = new
    return _completed(_hoisted(fixed, node))


def _completed(node: dict[str, Any]) -> dict[str, Any]:
    """Return a node with what its type needs, and with bounds in the form of today."""
    kind = node.get("type")
    kinds = kind if type(kind) is list else (kind,)
    added: dict[str, Any] = {}
    if "array" in kinds and "items" not in node:
        added["items"] = {}
    if "object" in kinds and "properties" not in node:
        added["properties"] = {}
    if type(node.get("exclusiveMinimum")) is bool or type(node.get("exclusiveMaximum")) is bool:
        node = _with_bounds(node)
    return {**node, **added} if added else node


def _with_bounds(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return a node of draft 4, where `exclusiveMinimum` is a flag, with numbers in its place."""
    fixed = dict(node)
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if type(fixed.get(flag)) is bool:
            exclusive = fixed.pop(flag)
            if exclusive and bound in fixed:
                fixed[flag] = fixed.pop(bound)
    return fixed


def _hoisted(fixed: dict[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
    """Return a node that requires the properties which say `required: true` of themselves, as in draft 3."""
    properties = node.get("properties")
    if type(properties) is not dict:
        return fixed
    own = [name for name, value in properties.items() if type(value) is dict and value.get("required") is True]
    return {**fixed, "required": list(dict.fromkeys([*fixed.get("required", ()), *own]))} if own else fixed


def _open(value: Any) -> Any:
    """Mend what may be true or false by right."""
    return value if type(value) is bool else mended(value)


def _items(value: Any) -> Any:
    """Mend `items`; a list of them, as in drafts before 2020, loses its order and its places."""
    if type(value) is not list:
        return mended(value)
    kinds = [mended(each) for each in value]
    return {"anyOf": kinds} if kinds else {}


def _many(value: Any) -> Any:
    if type(value) is not list:
        return _GONE if value is None else value
    fixed = [mended(each) for each in value]
    return fixed if any(new is not old for new, old in zip(fixed, value, strict=True)) else value


def _named(value: Any) -> Any:
    """Mend schemas by name. PHP writes an empty object as a list; null is nothing."""
    if type(value) is not dict:
        return {} if value == [] else _GONE if value is None else value
    fixed = {name: mended(each) for name, each in value.items()}
    return fixed if any(new is not value[name] for name, new in fixed.items()) else value


def _required(value: Any) -> Any:
    """Return a list of different names; anything else than a list goes."""
    if type(value) is not list:
        return _GONE
    names = list(dict.fromkeys(name for name in value if type(name) is str))
    return value if names == value else names


def _type(value: Any) -> Any:
    return _GONE if value is None or value == [] else value


_KEYWORDS: Mapping[str, Callable[[Any], Any]] = {
    "type": _type,
    "required": _required,
    "items": _items,
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"), _named),
    **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), _many),
    **dict.fromkeys(("not", "if", "then", "else", "contains", "propertyNames", "contentSchema"), mended),
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties", "additionalItems", "unevaluatedItems"), _open),
}
