"""What changed between two configurations, a line a key, without a secret in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..model.secret import Secret
from .schema.messages import without_userinfo
from .text import paths

_ABSENT = object()


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return a line for each key that differs, such as `acme.enabled: false -> true`, in order of the keys.

    A secret is only said to be updated. The entries of a list are told apart by their `name` where they have one, else
    by their place; one that came or went is a line of its own.
    """
    before, after = dict(_leaves(old, ())), dict(_leaves(new, ()))
    gone, come = _entries(before) - _entries(after), _entries(after) - _entries(before)
    lines = [f"{_text(entry)}: removed" for entry in _outer(gone)] + [
        f"{_text(entry)}: added" for entry in _outer(come)
    ]
    for path in {*before, *after}:
        entries = (path[:length] for length in range(1, len(path) + 1))
        if not any(entry in gone or entry in come for entry in entries) and not _emptied(path, before, after):
            lines.append(_line(path, before.get(path, _ABSENT), after.get(path, _ABSENT)))
    return sorted(line for line in lines if line)


def _entries(leaves: Mapping[paths.Path, Any]) -> set[paths.Path]:
    """Return the places of list entries."""
    return {
        path[: index + 1]
        for path in leaves
        for index, step in enumerate(path)
        if isinstance(step, int) or step.startswith("[")
    }


def _outer(entries: set[paths.Path]) -> list[paths.Path]:
    """Return the entries that lie in no other."""
    return [path for path in entries if not any(path[:length] in entries for length in range(1, len(path)))]


def _emptied(path: paths.Path, before: Mapping[paths.Path, Any], after: Mapping[paths.Path, Any]) -> bool:
    """Return True for a list that is empty on one side alone: its entries on the other side are told."""
    return () in (before.get(path), after.get(path)) and (path in before) != (path in after)


def _text(path: paths.Path) -> str:
    """Return the place as people read it: `acme.providers[fox].enabled`."""
    steps = (step if isinstance(step, str) and step.startswith("[") else paths.text((step,)) for step in path)
    return "".join(step if step.startswith("[") else f".{step}" for step in steps).removeprefix(".")


def _line(path: paths.Path, old: Any, new: Any) -> str:
    if old == new or (old in (None, _ABSENT) and new in (None, _ABSENT)):
        return ""
    place = _text(path)
    if isinstance(old, Secret) or isinstance(new, Secret):
        return f"{place}: updated"
    return f"{place}: {_shown(old)} -> {_shown(new)}"


def _shown(value: Any) -> str:
    if value is _ABSENT or value is None:
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return without_userinfo(str(value)) if value != "" else '""'


def _leaves(value: Any, path: paths.Path) -> Iterator[tuple[paths.Path, Any]]:
    """Yield every place that holds no further places: scalars, secrets, lists of scalars."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, (*path, key))
    elif isinstance(value, tuple) and any(isinstance(part, (Mapping, Secret)) for part in value):
        for index, part in enumerate(value):
            yield from _leaves(part, (*path, _name_of(part, index)))
    else:
        yield path, value


def _name_of(entry: Any, index: int) -> str | int:
    """Return how a list's entry is called: by its name, so that an entry put in front of it changes nothing."""
    name = entry.get("name") if isinstance(entry, Mapping) else None
    return f"[{name}]" if isinstance(name, str) else index
