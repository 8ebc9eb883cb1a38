"""One JSON Schema out of many: the core's keys and every plugin's.

A schema may say two things that JSON Schema does not know: `"x-secret": true` on a key that holds a secret, and
`"x-fix"`, the sentence that tells people how to mend a wrong value. `$ref` reaches the schema's own `$defs` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import orjson

from ...model.errors import PluginError
from .sound import is_plainly_sound
from .validate import validate
from .view import Schema

__all__ = ["compose", "core_schema", "faults", "validate"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLE = "jackfield configuration"

_HOUSEKEEPING = frozenset(
    {"$schema", "$id", "$comment", "$defs", "title", "description", "type", "properties", "additionalProperties"}
)
_REF = re.compile(r"#/\$defs/([^/]+)((?:/.*)?)")


@cache
def core_schema() -> Schema:
    """Return the schema of the core's own keys; not to be changed."""
    loaded: Schema = orjson.loads(files(__package__).joinpath("core.schema.json").read_bytes())
    return loaded


def compose(core: Schema, plugin_schemas: Mapping[str, Schema]) -> dict[str, Any]:
    """Return one schema for the whole file: the core's keys, then each plugin's in order of name.

    Every plugin key carries `x-plugin`, its plugin's name. Raises PluginError when a schema cannot be used, or when two
    claim one key.
    """
    if found := faults(core, plugin_schemas):
        raise PluginError("; ".join(dict.fromkeys(found.values())))
    properties = dict(core["properties"])
    definitions: dict[str, Any] = dict(core.get("$defs", {}))
    conditions: list[Any] = []
    for name, schema in sorted(plugin_schemas.items()):
        own = _renamed(schema, name)
        properties.update({key: _labelled(part, name) for key, part in own.get("properties", {}).items()})
        definitions.update({f"{name}.{key}": part for key, part in own.get("$defs", {}).items()})
        rest = {keyword: value for keyword, value in own.items() if keyword not in _HOUSEKEEPING}
        conditions += [rest] if rest else []
    composed = {"$schema": DIALECT, "title": TITLE, "type": "object", "properties": properties}
    if definitions:
        composed["$defs"] = definitions
    if conditions:
        composed["allOf"] = conditions
    return composed | {"additionalProperties": False}


def faults(core: Schema, plugin_schemas: Mapping[str, Schema]) -> dict[str, str]:
    """Return why each plugin's schema cannot be composed; empty when all can. A clash is a fault of both claimants."""
    found: dict[str, str] = {}
    owners: dict[str, str] = {}
    for name, schema in sorted(plugin_schemas.items()):
        if fault := _fault(schema):
            found[name] = f"the config schema of plugin {name} cannot be used: {fault}"
            continue
        for key in schema.get("properties", {}):
            if key in core["properties"]:
                found[name] = f"plugin {name} claims the configuration key `{key}`, which belongs to the core"
            elif other := owners.get(key):
                found[name] = found[other] = f"plugins {other} and {name} both claim the configuration key `{key}`"
            owners.setdefault(key, name)
    return found


def _fault(schema: Any) -> str:
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        return "it is not of `type: object`"
    try:
        return _fault_of(orjson.dumps(schema))
    except TypeError as error:
        return f"it is no JSON: {error}"


@lru_cache(maxsize=64)
def _fault_of(text: bytes) -> str:
    """Return what is wrong with a schema; each is looked at once, for that takes longer than all else at the start."""
    schema = orjson.loads(text)
    if not is_plainly_sound(schema) and (fault := _against_the_dialect(schema)):
        return fault
    for ref in _refs(schema):
        target = _REF.fullmatch(ref)
        if target is None or target[2] or target[1] not in schema.get("$defs", {}):
            return f"$ref {ref} does not point into its own $defs"
    return ""


def _against_the_dialect(schema: Any) -> str:
    """Return what JSON Schema itself says is wrong with a schema; "" when nothing is."""
    from jsonschema import Draft202012Validator  # here: loading it takes longer than all plugins together
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    except SchemaError as error:
        return f"{error.json_path}: {error.message}"
    return ""


def _refs(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from _refs(value)
    elif isinstance(part, list):
        for value in part:
            yield from _refs(value)


def _renamed(part: Any, owner: str) -> Any:
    """Return a copy whose references carry their owner's name, so that two plugins' `$defs` never meet."""
    if isinstance(part, Mapping):
        return {key: _renamed_value(key, value, owner) for key, value in part.items()}
    if isinstance(part, list):
        return [_renamed(value, owner) for value in part]
    return part


def _renamed_value(key: str, value: Any, owner: str) -> Any:
    if key == "$ref" and isinstance(value, str):
        return _REF.sub(lambda found: f"#/$defs/{owner}.{found[1]}", value)
    return _renamed(value, owner)


def _labelled(part: Any, owner: str) -> Any:
    return {**part, "x-plugin": owner} if isinstance(part, Mapping) else part
