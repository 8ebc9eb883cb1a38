"""The top of a tool's schema as one plain object: OpenAI refuses choices, references and bans there.

The properties of all branches are put together, and only what every one of them requires is required. What is lost of
the schema by that is said in its description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

Schema = dict[str, Any]

TOP = frozenset({"anyOf", "oneOf", "allOf", "enum", "const", "not", "$ref"})
"""What may not stand at the top of a tool's schema."""

_CHOICES = {"anyOf": "at least one of these sets of arguments", "oneOf": "exactly one of these sets of arguments"}
_LONGEST = 500
_BRANCHES = 128
"""How many branches and references are followed: they can refer to each other so that there is no end to them."""


def merged(schema: Schema) -> Schema:
    """Return the schema as one object without choices at its top. References are followed inside the schema alone."""
    merger = _Merger(schema)
    whole = merger.one(schema)
    if merger.notes:
        said = [whole["description"]] if whole.get("description") else []
        whole["description"] = "\n".join([*said, *merger.notes])
    return whole


class _Merger:
    """Puts the branches of one schema together; `notes` say what is lost by that."""

    def __init__(self, root: Schema) -> None:
        self.notes: list[str] = []
        self._root = root
        self._known: dict[str, Schema] = {}
        self._left = _BRANCHES

    def one(self, node: Schema) -> Schema:
        """Return a node with everything that its branches and its reference say put together."""
        own = {key: value for key, value in node.items() if key not in TOP}
        if isinstance(reference := node.get("$ref"), str):
            _join(own, [self._referred(reference)], every=True)
        for key in ("allOf", "anyOf", "oneOf"):
            branches = self._branches(node.get(key))
            if key in _CHOICES:
                self.notes += _told(_CHOICES[key], own, branches)
            _join(own, branches, every=key == "allOf")
        for key, words in (("enum", "Must be one of"), ("const", "Must be"), ("not", "Must not fit")):
            if key in node:
                self.notes.append(f"{words}: {orjson.dumps(node[key]).decode()[:_LONGEST]}")
        return own

    def _branches(self, given: object) -> list[Schema]:
        """Return the branches that an object can fit, each once."""
        found: dict[int, Schema] = {}
        for branch in given if isinstance(given, list) else ():
            if isinstance(branch, dict) and _may_be_object(branch) and self._left > 0:
                self._left -= 1
                whole = self._referred(branch["$ref"]) if branch.keys() == {"$ref"} else self.one(branch)
                found[id(whole)] = whole
        return list(found.values())

    def _referred(self, reference: object) -> Schema:
        """Return what a reference such as `#/$defs/Query` means; an empty schema where it leads nowhere."""
        if not isinstance(reference, str) or self._left <= 0:
            return {}
        self._left -= 1
        if reference not in self._known:
            self._known[reference] = {}
            self._known[reference] = self.one(_lookup(self._root, reference))
        return self._known[reference]


def _may_be_object(branch: Schema) -> bool:
    kind = branch.get("type", "object")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def _lookup(root: Schema, reference: str) -> Schema:
    found: object = root
    for step in reference.removeprefix("#/").split("/") if reference.startswith("#/") else ():
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) and found is not root else {}


def _join(own: Schema, branches: Sequence[Schema], *, every: bool) -> None:
    """Put the branches into `own`: all of them hold (`every`), or one of them does."""
    if not branches:
        return
    own["properties"] = _properties([own, *branches], "allOf" if every else "anyOf")
    wanted = _union(branches) if every else _common(branches)
    if required := list(dict.fromkeys([*_required(own), *wanted])):
        own["required"] = required
    for branch in branches if every else ():
        for key in ("description", "title"):
            if key in branch:
                own.setdefault(key, branch[key])


def _properties(nodes: Sequence[Schema], together: str) -> Schema:
    """Return the properties of all nodes; one that they describe differently is put together by the word given."""
    found: dict[str, dict[bytes, Any]] = {}
    for node in nodes:
        inner = node.get("properties")
        for name, value in inner.items() if isinstance(inner, dict) else ():
            found.setdefault(name, {})[orjson.dumps(value)] = value
    kinds = {name: list(values.values()) for name, values in found.items()}
    return {name: values[0] if len(values) == 1 else {together: values} for name, values in kinds.items()}


def _required(node: Mapping[str, Any]) -> list[str]:
    given = node.get("required")
    return given if isinstance(given, list) else []


def _union(branches: Sequence[Schema]) -> list[str]:
    return [name for branch in branches for name in _required(branch)]


def _common(branches: Sequence[Schema]) -> list[str]:
    return [name for name in _required(branches[0]) if all(name in _required(other) for other in branches[1:])]


def _told(words: str, own: Schema, branches: Sequence[Schema]) -> list[str]:
    """Return the sentence that says what the branches ask for; none where they do not differ."""
    if len(branches) < 2:
        return []
    common = {*_required(own), *_common(branches)}
    sets = [
        [name for name in _required(each) or each.get("properties") or () if name not in common] for each in branches
    ]
    told = list(dict.fromkeys(", ".join(names) or "nothing more" for names in sets))
    return [f"Takes {words}: ({'); ('.join(told)})."] if len(told) > 1 else []
