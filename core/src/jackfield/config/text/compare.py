"""Telling what stays the same between two states of a configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def same(one: Any, other: Any) -> bool:
    """Return True for equal data; 1 is not true, and 1.0 not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(part, other[key]) for key, part in one.items())
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    alike = all(isinstance(one, kind) == isinstance(other, kind) for kind in (bool, float))
    return alike and bool(one == other)


def continued(old: Sequence[Any], new: Sequence[Any]) -> dict[int, int]:
    """Return for the index of each new list item that of the old one that it continues.

    That is the one of the same `name`; or an equal one; or, in lists of one length, the one in its place.
    """
    names = {name: index for index, item in enumerate(old) if (name := _name(item)) is not None}
    free = [index for index, item in enumerate(old) if _name(item) is None]
    pairs = {index: names.pop(name) for index, item in enumerate(new) if (name := _name(item)) in names}
    nameless = [index for index, item in enumerate(new) if _name(item) is None]
    for index in nameless:
        if (equal := next((each for each in free if same(old[each], new[index])), None)) is not None:
            free.remove(equal)
            pairs[index] = equal
    for index in nameless:
        if len(old) == len(new) and index in free and index not in pairs:
            pairs[index] = index
    return pairs


def _name(item: Any) -> str | None:
    name = item.get("name") if isinstance(item, Mapping) else None
    return name if isinstance(name, str) else None
