"""YAML text to plain data with line numbers.

Only what JSON can say is let through: text keys, text, finite numbers, true, false, null, lists and mappings. Dates
stay text. Anchors and merge keys work; an alias inside itself, and aliases that multiply into a huge document, are not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ...model.errors import ConfigError, Problem
from . import paths

MAX_VALUES = 200_000
"""How many values a document may have once its aliases are written out."""

MAX_DEPTH = 64
"""How deep lists and mappings may lie in each other."""

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
"""Whole numbers that can be told in JSON by what writes it here."""

_PREFIX = "tag:yaml.org,2002:"
_SCALARS = frozenset(f"{_PREFIX}{name}" for name in ("str", "int", "float", "bool", "null"))
_AS_TEXT = frozenset(f"{_PREFIX}{name}" for name in ("timestamp", "value"))
_STR = f"{_PREFIX}str"
_MERGE = f"{_PREFIX}merge"

_MENDS = (
    ("found character '\\t'", "indent with spaces, not tabs"),
    ("mapping values are not allowed", "quote a value that contains `: `, and check the indentation"),
    ("could not find expected ':'", "write `key: value`, with a blank after the colon"),
    ("found undefined alias", "put a value that begins with * in quotes"),
    ("while scanning an alias", "put a value that begins with * in quotes"),
    ("stream end", "close the quote or bracket that is still open"),
    ("end of stream", "close the quote or bracket that is still open"),
    ("but found another document", "keep one document in the file: remove the line `---`"),
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a text says: data, the line of each place, and the findings that leave it readable."""

    data: Mapping[str, Any]
    lines: Mapping[paths.Path, int]
    problems: tuple[Problem, ...]


def read(text: str) -> Content:
    """Return the content of a YAML text. Raises ConfigError when it is not YAML or its root is no mapping."""
    loader: yaml.SafeLoader | None = None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        return _Reader(loader).content(node)
    except yaml.YAMLError as error:
        raise ConfigError([_syntax(error, text)]) from None
    except RecursionError:
        raise ConfigError([Problem("", "the file is nested too deeply", "write it flatter")]) from None
    finally:
        if loader is not None:
            loader.dispose()


def _syntax(error: yaml.YAMLError, text: str) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError):
        words = f"{error.context or ''} {error.problem or ''}".strip()
        mark = error.problem_mark or error.context_mark
        fix = next((mend for sign, mend in _MENDS if sign in words), "check quotes and indentation around this line")
        return Problem("", f"not valid YAML: {words}", fix, mark.line + 1 if mark else 0)
    line = text.count("\n", 0, getattr(error, "position", 0)) + 1
    return Problem("", "not valid YAML: there is a control character", "remove it", line)


class _Reader:
    """Walks the nodes of one document once, noting lines and problems on the way."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._lines: dict[paths.Path, int] = {}
        self._problems: list[Problem] = []
        self._open: set[int] = set()
        self._values = 0

    def content(self, node: yaml.Node | None) -> Content:
        data = {} if node is None else self._value(node, ())
        if data is None:
            data = {}
        if not isinstance(data, dict):
            line = node.start_mark.line + 1 if node else 0
            fix = "write `key: value` lines; config.example.yaml shows every key"
            raise ConfigError([Problem("", "the file holds no mapping", fix, line)])
        return Content(data, self._lines, tuple(self._problems))

    def _value(self, node: yaml.Node, path: paths.Path) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise ConfigError([Problem("", f"the file holds more than {MAX_VALUES} values", "use fewer aliases")])
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if len(self._open) == MAX_DEPTH:
            return self._refuse(node, path, f"lies more than {MAX_DEPTH} levels deep", "write it flatter")
        if id(node) in self._open:
            return self._refuse(node, path, "contains itself through an alias", "write the value out")
        self._open.add(id(node))
        try:
            return self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._list(node, path)
        finally:
            self._open.discard(id(node))

    def _list(self, node: yaml.Node, path: paths.Path) -> list[Any]:
        for index, item in enumerate(node.value):
            self._lines[*path, index] = item.start_mark.line + 1
        return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: paths.Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                merged.append(value_node)
            elif (key := self._key(key_node, path)) is not None:
                self._enter(found, key, key_node, value_node, path)
        for source in merged:
            self._merge(found, source, path)
        return found

    def _enter(
        self, found: dict[str, Any], key: str, key_node: yaml.Node, value_node: yaml.Node, path: paths.Path
    ) -> None:
        place = (*path, key)
        if key in found:
            first = self._lines[place]
            message = f"is written twice; the first is in line {first}"
            self._refuse_key(key_node, place, message, "keep one of them")
            return
        self._lines[place] = key_node.start_mark.line + 1
        found[key] = self._value(value_node, place)

    def _merge(self, found: dict[str, Any], source: yaml.Node, path: paths.Path) -> None:
        sources = source.value if isinstance(source, yaml.SequenceNode) else [source]
        for mapping in sources:
            if not isinstance(mapping, yaml.MappingNode):
                self._refuse(mapping, path, "`<<` takes a mapping", "write `<<: *name` with the name of a mapping")
                continue
            lines = dict(self._lines)
            values = self._value(mapping, path)
            self._lines.update(lines)
            for key, value in (values or {}).items():
                found.setdefault(key, value)

    def _key(self, node: yaml.Node, path: paths.Path) -> str | None:
        if isinstance(node, yaml.ScalarNode) and node.tag in (_STR, *_AS_TEXT) and _is_text(node.value):
            return _whole(node.value)
        known = isinstance(node, yaml.ScalarNode) and node.value and _is_text(node.value)
        written = f"`{node.value}`" if known else "this"
        self._refuse_key(node, path, f"{written} is no text, and keys are text", "put the key in quotes")
        return None

    def _scalar(self, node: yaml.ScalarNode, path: paths.Path) -> Any:
        if not _is_text(node.value):
            return self._refuse(node, path, "has half a character in it", "write the whole character")
        if node.tag in _AS_TEXT:
            return node.value
        if node.tag not in _SCALARS:
            return self._refuse(node, path, f"has the tag {node.tag}, which means nothing here", "remove the tag")
        try:
            value = self._loader.construct_object(node)
        except (ValueError, LookupError, yaml.YAMLError):
            kind = node.tag.removeprefix(_PREFIX)
            return self._refuse(node, path, f"cannot be read as {kind}", "put the value in quotes if it is text")
        if isinstance(value, float) and not math.isfinite(value):
            return self._refuse(node, path, "is no finite number", "write a number")
        if isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
            return self._refuse(node, path, "is a number beyond 64 bits", "write a smaller number")
        return _whole(value) if isinstance(value, str) else value

    def _refuse(self, node: yaml.Node, path: paths.Path, message: str, fix: str) -> None:
        """Note that a value cannot be used; None takes its place."""
        line = self._lines.get(path) or node.start_mark.line + 1
        self._problems.append(Problem(paths.text(path), message, fix, line))

    def _refuse_key(self, node: yaml.Node, place: paths.Path, message: str, fix: str) -> None:
        self._problems.append(Problem(paths.text(place), message, fix, node.start_mark.line + 1))


def _is_text(value: str) -> bool:
    """Return True unless there is half of a character, which only escapes can write, without its other half."""
    try:
        _whole(value)
    except UnicodeDecodeError:
        return False
    return True


def _whole(value: str) -> str:
    """Return text with the halves of characters, as JSON escapes them, put together. Raises UnicodeDecodeError."""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16")
