"""Chat's shapes on the Responses route: what a client means is plain from the shape, so it is read.

Some clients send Chat's fields, messages, parts and tools to this route, all of them or a few. Where there are none,
nothing is changed: the request of a client of this API passes as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.errors import invalid_request
from ..chat.history import read_history
from ..chat.settings import read_format
from ..chat.tools import flat, is_nested
from ..translate.fields import get_list, get_object, objects
from ..translate.sampling import LEAST, read_limit

Item = dict[str, Any]

_SPEAKERS = ("tool", "function")
_LIMIT = "max_output_tokens"
_CHATS_LIMITS = ("max_completion_tokens", "max_tokens")
_PARTS = ("text", "image_url", "file")


def take_fields(request: dict[str, Any]) -> None:
    """Put Chat's fields into the places of the Responses API, where those are free.

    Raises ClientError (400) for a conversation in both `messages` and `input`, and for a field of the wrong shape.
    """
    if request.get("messages") is not None:
        if request.get("input"):
            raise invalid_request("messages: is the same as 'input', which is there too; send one of them", "messages")
        request["input"] = get_list(request, "messages")
        del request["messages"]
    if effort := request.pop("reasoning_effort", None):
        request["reasoning"] = {"effort": effort, **get_object(request, "reasoning")}
    text: dict[str, Any] = {}
    if request.get("response_format") is not None and (wanted := read_format(request)):
        text["format"] = wanted
    request.pop("response_format", None)
    if verbosity := request.pop("verbosity", None):
        text["verbosity"] = verbosity
    if text:
        request["text"] = {**text, **get_object(request, "text")}


def take_limit(request: dict[str, Any]) -> int:
    """Return the most tokens that the answer may have, 0 for no limit, with Chat's names for it put into place.

    Raises ClientError (400) for what is no number.
    """
    limit = read_limit(request, _LIMIT, *_CHATS_LIMITS)
    for name in _CHATS_LIMITS:
        request.pop(name, None)
    if limit and request.get(_LIMIT) is None:
        request[_LIMIT] = max(limit, LEAST)
    return limit


def flatten_tools(request: dict[str, Any]) -> None:
    """Put nested tools, and a nested choice among them, into their flat form. Raises ClientError (400) naming them."""
    tools = request.get("tools")
    if isinstance(tools, list) and any(map(is_nested, tools)):
        request["tools"] = [flat(tool, path) if is_nested(tool) else tool for tool, path in objects(tools, "tools")]
    choice = request.get("tool_choice")
    if is_nested(choice):
        kind = choice["type"]
        request["tool_choice"] = {"type": kind, **get_object(choice, kind, "tool_choice")}


def take_messages(request: dict[str, Any]) -> None:
    """Read Chat's messages and parts among the items of `input`, calls and outputs paired.

    Raises ClientError (400) naming the place that is wrong, also for items beside them that Chat has no words for.
    """
    items = request["input"]
    if any(map(_is_chat, items)):
        tools = request.get("tools")
        named = [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
        customs = frozenset(str(tool.get("name")) for tool in named if tool.get("type") == "custom")
        request["input"] = read_history(items, customs, "input")


def _is_chat(item: Mapping[str, Any]) -> bool:
    """True for a message of Chat's: its speaker, its calls, or one of its parts tells."""
    if item.get("role") in _SPEAKERS or item.get("tool_calls"):
        return True
    return _has_parts(item.get("content")) or _has_parts(item.get("output"))


def _has_parts(content: object) -> bool:
    return isinstance(content, list) and any(isinstance(part, dict) and part.get("type") in _PARTS for part in content)
