"""Taking keys and list items out of a configuration's text, and leaving every other line as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...model.errors import ConfigError
from . import paths
from .compare import continued, same
from .reader import Content, read


def cut(text: str, key: str, value: Any) -> str:
    """Return the text without what `value`, the new value of a top-level key, no longer has.

    Comments stay, but for those inside of what goes. What cannot be taken out by whole lines stays, too. Raises
    ConfigError when the text is not valid YAML.
    """
    content = read(text)
    places = sorted(gone(content.data.get(key), value, (key,)), key=lambda place: content.lines.get(place, 0))
    for place in reversed(places):  # from the end, so that the places before it keep their lines and indexes
        content = read(text)
        shorter = _without_lines(text, content, place)
        if says(shorter, _without(content.data, place)):
            text = shorter
    return text


def gone(old: Any, new: Any, path: paths.Path) -> Iterator[paths.Path]:
    """Yield the places of `old` that `new` has no more, where something beside them stays."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        pairs: dict[Any, Any] = {key: new[key] for key in old if key in new}
        parts: Mapping[Any, Any] = old
    elif isinstance(old, list) and isinstance(new, list):
        pairs = {was: new[now] for now, was in continued(old, new).items()}
        parts = dict(enumerate(old))
    else:
        return
    if pairs:
        yield from ((*path, step) for step in parts if step not in pairs)
    for step, partner in pairs.items():
        yield from gone(parts[step], partner, (*path, step))


def _without_lines(text: str, content: Content, place: paths.Path) -> str:
    lines = text.splitlines(keepends=True)
    start, end = extent(lines, content, place)
    return "".join([*lines[:start], *lines[end:]])


def extent(lines: Sequence[str], content: Content, place: paths.Path) -> tuple[int, int]:
    """Return the first line of a place (from 0) and the one after its last; comments after it are not its own."""
    start = content.lines.get(place, 0) - 1
    if start < 0:
        return 0, 0
    inside = max(line for path, line in content.lines.items() if path[: len(place)] == place)
    end = min((line - 1 for line in content.lines.values() if line > inside), default=len(lines))
    column = len(lines[start]) - len(lines[start].lstrip(" "))
    while end > start + 1 and _is_apart(lines[end - 1], column):
        end -= 1
    return start, end


def _is_apart(line: str, column: int) -> bool:
    """Return True for an empty line, the end of the document, and a comment that is not indented below `column`."""
    rest = line.lstrip(" ")
    return re.match(r"\s*$|\.\.\.|---", line) is not None or (rest[:1] == "#" and len(line) - len(rest) <= column)


def _without(data: Any, place: paths.Path) -> Any:
    """Return a copy of the data without one place."""
    step, rest = place[0], place[1:]
    parts = data.items() if isinstance(data, Mapping) else enumerate(data)
    kept = {key: _without(part, rest) if key == step else part for key, part in parts if rest or key != step}
    return kept if isinstance(data, Mapping) else list(kept.values())


def says(text: str, data: Any) -> bool:
    """Return True for a sound text that holds exactly this data."""
    try:
        content = read(text)
    except ConfigError:
        return False
    return not content.problems and same(content.data, data)
