"""Tools that come and go inside a conversation: blocks `tool_addition` and `tool_removal`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...model.errors import invalid_request
from ..known import find
from ..translate.fields import get_list, join, need_list, need_object, need_text, objects
from .known import CHANGES

ADDITION, REMOVAL = "tool_addition", "tool_removal"

_ACTING = (ADDITION, REMOVAL)


@dataclass(frozen=True, slots=True)
class Change:
    """A tool comes, or goes (`removes`). `definition` is its entry of `tools`, None where `name` refers to one.

    `path` is the place of the definition or of the reference.
    """

    path: str
    name: str = ""
    definition: Mapping[str, Any] | None = None
    removes: bool = False


def changes(request: Mapping[str, Any]) -> Iterator[Change]:
    """Yield the changes of a conversation in order, those that a compaction block carries among them.

    References to MCP tools are passed over, since those are not offered here. Raises ClientError (400) naming the place
    that is wrong.
    """
    for message, path in objects(need_list(request, "messages"), "messages"):
        content = message.get("content")
        if isinstance(content, list):
            yield from _of_blocks(content, join(path, "content"))


def _of_blocks(blocks: list[Any], path: str) -> Iterator[Change]:
    for block, place in objects(blocks, path):
        kind = block.get("type")
        if kind in _ACTING:
            yield from _change(block, place, removes=kind == REMOVAL)
        elif kind == "compaction":
            yield from _of_blocks(get_list(block, "tool_changes", place), join(place, "tool_changes"))


def _change(block: Mapping[str, Any], path: str, *, removes: bool) -> Iterator[Change]:
    tool, place = need_object(block, "tool", path), join(path, "tool")
    kind = need_text(tool, "type", place)
    if kind == "tool_definition" and not removes:
        yield Change(join(place, "definition"), definition=need_object(tool, "definition", place))
    elif kind == "tool_reference":
        yield Change(join(place, "name"), need_text(tool, "name", place), removes=removes)
    elif kind == "tool_definition" or find(CHANGES, kind) is None:
        where = join(place, "type")
        raise invalid_request(f"{where}: a {block['type']} of the type {kind!r} is not known here", where)


def defined(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the tools that are defined inside the conversation. Malformed ones are passed over."""
    messages = request.get("messages")
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        yield from _defined(content)


def _defined(blocks: object) -> Iterator[Mapping[str, Any]]:
    for block in blocks if isinstance(blocks, list) else ():
        if not isinstance(block, dict):
            continue
        tool = block.get("tool") if block.get("type") == ADDITION else None
        definition = tool.get("definition") if isinstance(tool, dict) else None
        if isinstance(definition, dict):
            yield definition
        yield from _defined(block.get("tool_changes"))
