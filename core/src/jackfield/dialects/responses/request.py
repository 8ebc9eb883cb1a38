"""Reading a Responses request: little is checked, because the upstream speaks the same language."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from ...errors import invalid_request
from ..base import Parsed
from ..request import fields
from ..request.reading import read_object

STATEFUL = ("previous_response_id", "conversation", "prompt")
"""Fields that point to what an upstream stored. Nothing is stored here."""

_HISTORY = frozenset({"reasoning", "function_call", "custom_tool_call", "compaction"})
_SESSION_HEADERS = ("session_id", "session-id", "conversation_id", "thread-id")


def parse(body: bytes, headers: Mapping[str, str]) -> Parsed:
    """Read the request. Raises ClientError (400) that names the place: bad JSON, a missing field, a wrong type."""
    request = read_object(body)
    model = fields.need_text(request, "model")
    stream = fields.get_flag(request, "stream")
    request["input"] = _input(request)
    _refuse_lost_history(request)
    return Parsed(model, stream, request, session_of(request, headers))


def _input(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the input as a list of items; a string is one user message."""
    if request.get("input") is None:
        raise fields.missing("input")
    value = fields.text_or_objects(request["input"], "input")
    if isinstance(value, str):
        text = {"type": "input_text", "text": value}
        return [{"type": "message", "role": "user", "content": [text]}]
    if not value:
        raise invalid_request("input: is empty, so there is nothing to answer", "input")
    return [item for item, _ in value]


def _refuse_lost_history(request: Mapping[str, Any]) -> None:
    """Refuse a request that leans on stored state and brings no history: the model would answer without knowing it."""
    leaning = next((field for field in STATEFUL if request.get(field)), None)
    if leaning is None or any(_is_history(item) for item in request["input"]):
        return
    raise invalid_request(
        f"{leaning}: is not supported, because this proxy stores nothing; send the whole conversation in 'input'",
        leaning,
    )


def _is_history(item: Mapping[str, Any]) -> bool:
    kind = item.get("type")
    return item.get("role") == "assistant" or (isinstance(kind, str) and kind in _HISTORY)


def session_of(request: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """Return what names the conversation: the client's own key, else a digest of what never changes as it grows."""
    own = request.get("prompt_cache_key")
    if isinstance(own, str) and own:
        return own
    for name in _SESSION_HEADERS:
        if headers.get(name):
            return _short(headers[name])
    items = request["input"]
    first = next((item for item in items if item.get("role") == "user"), items[0])
    return _digest(orjson.dumps([request.get("model"), request.get("instructions"), _said(first)]))


def _said(item: Mapping[str, Any]) -> object:
    """Return what an item says, the same for every form it may be sent in: ids are made anew, a text may be a part."""
    content = item.get("content")
    if isinstance(content, str):
        return [{"type": "input_text", "text": content}]
    return content if content else {key: value for key, value in item.items() if key != "id"}


def _short(name: str) -> str:
    """Return a name that an upstream takes as a cache key: at most 64 characters."""
    return name if len(name) <= 64 else _digest(name.encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
