"""Which schemas are sound at a glance, so that nobody waits for the whole of JSON Schema to be loaded.

Only an answer of True counts: what is not plainly sound may be sound all the same, and jsonschema has the say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_REF = re.compile(r"#/\$defs/[A-Za-z0-9._-]+")


def is_plainly_sound(schema: Any) -> bool:
    """Return True for a schema of everyday keywords with values that they may have; those with `x-` may have any."""
    if isinstance(schema, bool):
        return True
    if not isinstance(schema, Mapping):
        return False
    return all(key.startswith("x-") or (key in _KEYWORDS and _KEYWORDS[key](value)) for key, value in schema.items())


def _schemas(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(is_plainly_sound, value.values()))


def _some_schemas(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(is_plainly_sound, value))


def _type(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and _texts(value) and _TYPES.issuperset(value)
    return isinstance(value, str) and value in _TYPES


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value) and len({*value}) == len(value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError):
        return False
    return True


def _ref(value: Any) -> bool:
    return isinstance(value, str) and _REF.fullmatch(value) is not None


_KEYWORDS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("title", "description", "$comment", "format"), _text),
    **dict.fromkeys(("properties", "$defs", "dependentSchemas"), _schemas),
    **dict.fromkeys(("items", "additionalProperties", "propertyNames", "not", "if", "then", "else"), is_plainly_sound),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), _some_schemas),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _count),
    **dict.fromkeys(("uniqueItems", "readOnly", "writeOnly", "deprecated"), _flag),
    **dict.fromkeys(("default", "const"), lambda _: True),
    **dict.fromkeys(("enum", "examples"), lambda value: isinstance(value, list)),
    "$schema": lambda value: value == "https://json-schema.org/draft/2020-12/schema",
    "type": _type,
    "required": _texts,
    "pattern": _pattern,
    "$ref": _ref,
}
