"""Following data through a JSON Schema: which schemas speak about a value, and what they say.

`$ref` is followed inside the composed schema (`#/$defs/...`) alone; `compose` refuses any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_BRANCHES = ("allOf", "anyOf", "oneOf")
_CONDITIONAL = ("then", "else")


def is_map(value: object) -> bool:
    """Return True for a mapping, as JSON Schema's `object`."""
    return isinstance(value, Mapping)


def is_list(value: object) -> bool:
    """Return True for a list or tuple, as JSON Schema's `array`."""
    return isinstance(value, (list, tuple))


@dataclass(frozen=True, slots=True)
class View:
    """The schemas that speak about one place, with everything they draw in."""

    schemas: tuple[Schema, ...]
    root: Schema

    @classmethod
    def of(cls, root: Schema) -> View:
        """Return the view of the whole document."""
        return cls(tuple(_flat([root], root)), root)

    def key(self, name: str) -> View:
        """Return what is said about the value of a key of this mapping."""
        return self._at(part for schema in self.schemas for part in _for_key(schema, name))

    def item(self, index: int) -> View:
        """Return what is said about an item of this list."""
        return self._at(part for schema in self.schemas for part in _for_item(schema, index))

    def at(self, path: Sequence[str | int]) -> View:
        """Return what is said about a place below this one."""
        view = self
        for step in path:
            view = view.item(step) if isinstance(step, int) else view.key(step)
        return view

    @property
    def secret(self) -> bool:
        """True when the value itself is a secret."""
        return any(schema.get("x-secret") is True for schema in self.schemas)

    def holds_secret(self) -> bool:
        """Return True when the value is a secret or may have one inside: then it is never shown."""
        return _mentions_secret(self.schemas, self.root, set())

    def keys(self) -> dict[str, Schema]:
        """Return the keys that the schemas name, each with the first schema that does."""
        named: dict[str, Schema] = {}
        for schema in self.schemas:
            for name, part in schema.get("properties", {}).items():
                named.setdefault(name, part)
        return named

    def said(self, keyword: str) -> Any:
        """Return the first value of a keyword among the schemas, such as `default`; None where nobody uses it."""
        return next((schema[keyword] for schema in self.schemas if keyword in schema), None)

    def referred(self, schema: Any) -> Any:
        """Return the schema that has a `default` to declare: this one, or what its `$ref` points to."""
        if is_map(schema) and "default" not in schema and "$ref" in schema:
            return resolve(schema["$ref"], self.root)
        return schema

    def _at(self, parts: Iterable[Any]) -> View:
        return View(tuple(_flat(parts, self.root)), self.root)


def resolve(ref: str, root: Schema) -> Any:
    """Return what `#/$defs/name` points to in `root`; None where it points nowhere."""
    target: Any = root
    for step in ref.removeprefix("#").strip("/").split("/") if ref != "#" else ():
        name = step.replace("~1", "/").replace("~0", "~")
        target = target.get(name) if isinstance(target, Mapping) else None
    return target


def _flat(schemas: Iterable[Any], root: Schema, seen: set[int] | None = None) -> Iterator[Schema]:
    seen = set() if seen is None else seen
    for schema in schemas:
        if isinstance(schema, Mapping) and id(schema) not in seen:
            seen.add(id(schema))
            yield schema
            yield from _flat(_drawn_in(schema, root), root, seen)


def _drawn_in(schema: Schema, root: Schema) -> Iterator[Any]:
    if "$ref" in schema:
        yield resolve(schema["$ref"], root)
    for keyword in _BRANCHES:
        yield from schema.get(keyword, ())
    for keyword in _CONDITIONAL:
        yield schema.get(keyword)


def _for_key(schema: Schema, name: str) -> Iterator[Any]:
    known = False
    if name in schema.get("properties", {}):
        known = True
        yield schema["properties"][name]
    for pattern, part in schema.get("patternProperties", {}).items():
        if re.search(pattern, name):
            known = True
            yield part
    if not known:
        yield schema.get("additionalProperties")


def _for_item(schema: Schema, index: int) -> Iterator[Any]:
    prefix = schema.get("prefixItems", ())
    yield prefix[index] if index < len(prefix) else schema.get("items")


def _mentions_secret(schemas: Iterable[Any], root: Schema, seen: set[int]) -> bool:
    for schema in _flat(schemas, root, seen):
        inner = [*schema.get("properties", {}).values(), *schema.get("patternProperties", {}).values()]
        inner += [schema.get("items"), schema.get("additionalProperties"), *schema.get("prefixItems", ())]
        if schema.get("x-secret") is True or _mentions_secret(inner, root, seen):
            return True
    return False
