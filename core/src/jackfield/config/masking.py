"""Showing a configuration without its secrets, and taking back what was shown.

A reference (`env:NAME`, `file:/path`) is no secret and is shown as it is written. Whoever sends back what was shown
means "unchanged".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..model.errors import Problem
from ..model.secret import MASK, Secret
from .schema.messages import without_userinfo
from .schema.view import View, is_list, is_map
from .text import paths

REFERENCES = ("env:", "file:")
"""How a secret begins that is written elsewhere."""

_HINT = re.compile(r".{4}\.\.\..{2}", re.DOTALL)


def is_hash(value: str) -> bool:
    """Return True for a bcrypt hash."""
    return re.fullmatch(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}", value) is not None


def looks_masked(value: str) -> bool:
    """Return True for what a secret is shown as."""
    return value == MASK or _HINT.fullmatch(value) is not None


def hidden(value: Any, view: View) -> Any:
    """Return a copy of data as it is written in a file, in which no secret can be read.

    The data need not follow the schema: what no schema speaks of, and what is no text where a secret belongs, may be
    a secret in the wrong place.
    """
    if view.secret or not view.schemas:
        return _hidden_secret(value)
    if is_map(value):
        return {key: hidden(part, view.key(key)) for key, part in value.items()}
    if is_list(value):
        return [hidden(item, view.item(index)) for index, item in enumerate(value)]
    return without_userinfo(value) if isinstance(value, str) else value


def _hidden_secret(value: Any) -> Any:
    if not isinstance(value, str):
        return MASK if value else value
    if not value or value.startswith(REFERENCES):
        return value
    return MASK if is_hash(value) else Secret(value).hint()


def masked_places(value: Any, view: View, path: paths.Path = ()) -> Iterator[paths.Path]:
    """Yield the places of secrets that were written as they are shown."""
    if is_map(value):
        for key, part in value.items():
            yield from masked_places(part, view.key(key), (*path, key))
    elif is_list(value):
        for index, item in enumerate(value):
            yield from masked_places(item, view.item(index), (*path, index))
    elif isinstance(value, str) and view.secret and looks_masked(value):
        yield path


def unfounded(path: paths.Path) -> Problem:
    """Return the problem of a mask that stands for nothing known."""
    return Problem(paths.text(path), "is masked, and there is no such value to keep", "send the value itself")


@dataclass(slots=True)
class Unmasking:
    """Puts what is written in a file in the place of what was shown of it; collects masks that stand for nothing."""

    problems: list[Problem] = field(default_factory=list)

    def restored(self, new: Any, old: Any, view: View, path: paths.Path) -> Any:
        """Return a copy of `new` in which values that equal what is shown of `old` are those of `old`."""
        if is_map(new):
            known = old if is_map(old) else {}
            return {key: self.restored(part, known.get(key), view.key(key), (*path, key)) for key, part in new.items()}
        if is_list(new):
            former = partners(new, old if is_list(old) else [], view)
            return [
                self.restored(item, former[index], view.item(index), (*path, index)) for index, item in enumerate(new)
            ]
        return self._scalar(new, old, view, path)

    def _scalar(self, new: Any, old: Any, view: View, path: paths.Path) -> Any:
        if not isinstance(new, str) or not new:
            return new
        if isinstance(old, str) and old and (new == hidden(old, view) or (view.secret and new == MASK)):
            return old
        if view.secret and looks_masked(new):
            self.problems.append(unfounded(path))
        return new


def partners(new: Sequence[Any], old: Sequence[Any], view: View) -> list[Any]:
    """Return for each new item of a list the old one that it continues; None for one that is new.

    Items with a `name` are told apart by it. Others continue the one in their place, unless their masked secrets are
    those of one item elsewhere.
    """
    by_name = {name: item for item in old if (name := name_of(item)) is not None}
    return [
        by_name.get(name) if (name := name_of(item)) is not None else _continued(item, index, old, view.item(index))
        for index, item in enumerate(new)
    ]


def name_of(item: Any) -> str | None:
    """Return what tells an item of a list from the others, in one spelling; None when it has no name."""
    name = item.get("name") if is_map(item) else None
    return name.strip().lower() if isinstance(name, str) else None


def _continued(item: Any, index: int, old: Sequence[Any], view: View) -> Any:
    places = list(masked_places(item, view))
    in_place = old[index] if index < len(old) else None
    if not places or (in_place is not None and _same_masks(item, in_place, places, view)):
        return in_place
    fitting = [each for each in old if _same_masks(item, each, places, view)]
    return fitting[0] if fitting and all(each == fitting[0] for each in fitting) else None


def _same_masks(item: Any, other: Any, places: Sequence[paths.Path], view: View) -> bool:
    shown = hidden(other, view)
    return all(_at(item, place) in (_at(shown, place), MASK) and _at(shown, place) for place in places)


def _at(value: Any, path: paths.Path) -> Any:
    for step in path:
        if isinstance(step, int):
            value = value[step] if is_list(value) and step < len(value) else None
        else:
            value = value.get(step) if is_map(value) else None
    return value
