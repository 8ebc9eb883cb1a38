"""Putting new keys and list items into a configuration's text, and leaving every other line as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import paths
from .compare import continued
from .reader import Content, read
from .remove import extent, says

Write = Callable[[Any], str]
"""Returns a value as YAML lines, not indented."""


def grafted(text: str, key: str, value: Any, write: Write) -> str:
    """Return the text with what `value`, the new value of a top-level key, has in addition.

    New keys go behind the last one beside them, before the comments that follow it. What cannot be put in by whole
    lines is left out. Raises ConfigError when the text is not valid YAML.
    """
    for container, step, part in list(added(read(text).data.get(key), value, (key,))):
        content = read(text)
        longer = _with_lines(text, content, container, write({step: part} if isinstance(step, str) else [part]))
        if says(longer, _with(content.data, (*container, step), part)):
            text = longer
    return text


def added(old: Any, new: Any, path: paths.Path) -> Iterator[tuple[paths.Path, str | int, Any]]:
    """Yield what is new beside something old: the place around it, its key or index, and its value."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old:
        yield from ((path, key, part) for key, part in new.items() if key not in old)
        for key in old:
            yield from added(old[key], new.get(key), (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and old:
        pairs = continued(old, new)
        if sorted(pairs) == list(range(len(old))):  # all of the old ones, and then the others
            yield from ((path, index, new[index]) for index in range(len(old), len(new)))
        for index, was in pairs.items():
            yield from added(old[was], new[index], (*path, was))


def _with_lines(text: str, content: Content, container: paths.Path, piece: str) -> str:
    """Return the text with a piece behind what a place holds, indented as that is."""
    lines = text.splitlines(keepends=True)
    newline = "\r\n" if "\r\n" in text else "\n"
    children = [path for path in content.lines if path[:-1] == container and path]
    last = max(children, key=lambda path: content.lines[path])
    start, end = extent(lines, content, last)
    if lines[end - 1][-1:] != "\n":
        lines[end - 1] += newline
    column = _column(lines[start], isinstance(last[-1], int))
    fresh = [f"{' ' * column}{line}{newline}" for line in piece.splitlines()]
    return "".join([*lines[:end], *fresh, *lines[end:]])


def _column(line: str, is_item: bool) -> int:
    """Return where a key begins in its line, or the dash of an item."""
    blanks = len(line) - len(line.lstrip(" "))
    dashes = re.match(r" *(?:- +)*", line)
    return blanks if is_item or dashes is None else dashes.end()


def _with(data: Any, place: paths.Path, part: Any) -> Any:
    """Return a copy of the data with something more at a place."""
    if not place:
        return part
    step, rest = place[0], place[1:]
    if isinstance(data, Mapping):
        return {**data, step: _with(data.get(step), rest, part)}
    items = list(data)
    if isinstance(step, int) and step < len(items):
        items[step] = _with(items[step], rest, part)
        return items
    return [*items, _with(None, rest, part)]
