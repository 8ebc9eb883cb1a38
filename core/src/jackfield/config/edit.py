"""Changing a configuration's text without losing what people wrote: comments, order, quoting stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.util import load_yaml_guess_indent


def edited(text: str, change: Callable[[dict[str, Any]], None]) -> str:
    """Return the text after `change` was applied to its top-level mapping. The text must be valid YAML."""
    _, indent, offset = load_yaml_guess_indent(text)
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096  # never fold a line that was not folded
    sequence = indent or 2
    yaml.indent(mapping=2, sequence=max(sequence, (offset or 0) + 2), offset=offset or 0)
    document = yaml.load(text)
    document = CommentedMap() if document is None else document
    change(document)
    written = StringIO()
    yaml.dump(document, written)
    return written.getvalue()


def merge(old: dict[str, Any], new: Mapping[str, Any]) -> None:
    """Make `old` say what `new` says, keeping what is equal as it is written, with its comments.

    Lists of objects with a `name` are merged entry by entry; other lists are replaced when they differ.
    """
    for key in [key for key in old if key not in new]:
        del old[key]
    for key, value in new.items():
        old[key] = _merged(old.get(key), value) if key in old else value


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, Mapping):
        merge(old, new)
        return old
    if isinstance(old, list) and isinstance(new, (list, tuple)) and old != new:
        return _merged_list(old, list(new))
    return old if old == new and isinstance(old, bool) == isinstance(new, bool) else new


def _merged_list(old: list[Any], new: list[Any]) -> list[Any]:
    """Change a list in place, so that the comments of the entries that stay are kept."""
    known = {entry["name"]: entry for entry in old if isinstance(entry, dict) and isinstance(entry.get("name"), str)}
    kept = [_merged(known[name], entry) if (name := _name(entry)) in known else entry for entry in new]
    if len(kept) == len(old):
        for index, entry in enumerate(kept):
            if old[index] is not entry:
                old[index] = entry
        return old
    if len(kept) > len(old) and all(mine is theirs for mine, theirs in zip(old, kept, strict=False)):
        old.extend(kept[len(old) :])
        return old
    for index in reversed(range(len(old))):
        if not any(old[index] is entry for entry in kept):
            del old[index]
    if len(old) == len(kept):
        return _merged_list(old, new)
    return kept


def _name(entry: Any) -> Any:
    return entry.get("name") if isinstance(entry, Mapping) else None
