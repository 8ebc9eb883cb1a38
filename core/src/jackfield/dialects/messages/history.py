"""The messages of a Messages request, as the input items of a Responses request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from ..translate.fields import get_text, join, need_list, need_text, objects, text_or_objects
from ..translate.names import NameMap, call_id
from ..translate.pairing import Item, repair
from .blocks import Block, Part, parts_of, text_parts
from .results import output_of
from .signature import unseal
from .system import texts

_DEVELOPER = ("system", "developer")
_UNTIL_SPOKEN = "next_user_message"
"""A `clear_at` that shows a system message until the user has spoken again."""


class History:
    """Reads the messages of one request. `makers` tells for each blob of reasoning who made it."""

    def __init__(self, names: NameMap) -> None:
        self._names = names
        self.makers: dict[str, str] = {}

    def items(self, request: Mapping[str, Any]) -> list[Item]:
        """Return the input items, calls and outputs paired. Raises ClientError (400) naming the place that is wrong."""
        items: list[Item] = []
        messages = list(objects(need_list(request, "messages"), "messages"))
        spoken = max((place for place, (message, _) in enumerate(messages) if message.get("role") == "user"), default=0)
        for number, (message, path) in enumerate(messages):
            role = need_text(message, "role", path)
            content, place = message.get("content"), join(path, "content")
            if role == "assistant":
                items += self._assistant(content, place)
            elif role in _DEVELOPER and message.get("clear_at") == _UNTIL_SPOKEN and number < spoken:
                continue
            elif role in _DEVELOPER:
                items += _message("developer", [part for text in texts(content, place) for part in text_parts(text)])
            else:
                items += _user(content, place)
        return repair(items)

    def _assistant(self, content: object, path: str) -> Iterator[Item]:
        """Yield what the assistant said and did, in its order."""
        blocks = text_or_objects(content, path)
        if isinstance(blocks, str):
            yield from _message("assistant", _spoken(text_parts(blocks)))
            return
        parts: list[Part] = []
        for block, place in blocks:
            item = self._own_item(block, place)
            if item is None:
                parts += _spoken(parts_of(block, place))
                continue
            yield from _message("assistant", parts)
            parts = []
            yield item
        yield from _message("assistant", parts)

    def _own_item(self, block: Block, path: str) -> Item | None:
        """Return the item of a block that is an item by itself; None for one that is part of a message."""
        match block.get("type"):
            case "tool_use":
                return self._call(block, path)
            case "thinking":
                return self._reasoning(get_text(block, "signature", path), get_text(block, "thinking", path))
            case "redacted_thinking":
                return self._reasoning(get_text(block, "data", path), "")
            case "tool_result":
                return _output(block, path)
        return None

    def _call(self, block: Block, path: str) -> Item:
        given = block.get("input")
        return {
            "type": "function_call",
            "call_id": call_id(need_text(block, "id", path)),
            "name": self._names.to_upstream(need_text(block, "name", path)),
            "arguments": "{}" if given is None else orjson.dumps(given).decode(),
        }

    def _reasoning(self, signature: str, thinking: str) -> Item | None:
        """Return the reasoning that we sealed into a signature; None for a foreign one, which the upstream refuses."""
        sealed = unseal(signature)
        if sealed is None:
            return None
        self.makers[sealed.encrypted] = sealed.maker
        summary = [{"type": "summary_text", "text": thinking}] if thinking else []
        return {"type": "reasoning", "summary": summary, "encrypted_content": sealed.encrypted}


def _user(content: object, path: str) -> Iterator[Item]:
    """Yield the results of a user message, then what the user says."""
    blocks = text_or_objects(content, path)
    if isinstance(blocks, str):
        yield from _message("user", text_parts(blocks))
        return
    parts: list[Part] = []
    for block, place in blocks:
        if block.get("type") == "tool_result":
            yield _output(block, place)
        else:
            parts += parts_of(block, place)
    yield from _message("user", parts)


def _output(block: Block, path: str) -> Item:
    return {
        "type": "function_call_output",
        "call_id": call_id(need_text(block, "tool_use_id", path)),
        "output": output_of(block, path),
    }


def _message(role: str, parts: list[Part]) -> Iterator[Item]:
    """Yield the message, unless it says nothing."""
    if parts:
        yield {"type": "message", "role": role, "content": parts}


def _spoken(parts: list[Part]) -> list[Part]:
    """Return parts as an assistant may say them: text, and a note in place of an image or a file."""
    return [{"type": "output_text", "text": part.get("text") or _NOTES[part["type"]]} for part in parts]


_NOTES = {"input_image": "[image]", "input_file": "[file]"}
