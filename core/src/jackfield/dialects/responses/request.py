"""Reading a Responses request: little is checked, because the upstream speaks the same language."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ...model.errors import invalid_request
from ...responses import json_pieces
from .. import known
from ..base import Parsed
from ..translate import fields
from ..translate.exact import keep_digits
from ..translate.reading import read_object
from .known import PARAMETERS
from .memory import Asked, ResponseMemory
from .recall import NO_MEMORY, PREVIOUS, Keeping, Owner, Recall, is_bare, refers_to
from .shapes import flatten_tools, take_fields, take_limit, take_messages

_SESSION_HEADERS = ("session_id", "session-id", "conversation_id", "thread-id")


def nobody(headers: Mapping[str, str]) -> str:
    """Return the owner of a request where owners are not told apart."""
    return ""


def parse(
    body: bytes, headers: Mapping[str, str], memory: ResponseMemory | None = None, owner: Owner = nobody
) -> Parsed:
    """Read the request; what it refers to is drawn in from `memory`, where `owner` tells whose it may be.

    Raises ClientError (400) that names the place: bad JSON, a missing field, a wrong type, a reference to nothing.
    """
    request = read_object(body)
    model = fields.need_text(request, "model")
    stream = fields.get_flag(request, "stream")
    keep_digits(request, body, ("tools", "text", "response_format"))
    take_fields(request)
    items = _input(request)
    known.refuse(PARAMETERS, request)
    previous = fields.get_text(request, PREVIOUS)
    refers = bool(previous) or any(map(refers_to, items))
    keeps = memory is not None and not memory.bounds.off and fields.get_flag(request, "store", default=True)
    recall = Recall(memory or NO_MEMORY, owner(headers) if refers or keeps else "")
    request["input"] = recall.expanded(items, previous) if refers else items
    flatten_tools(request)
    take_messages(request)
    limit = take_limit(request)
    _need_content(request["input"])
    keeping = Keeping(recall.memory, recall.owner, Asked.of(previous, items)) if keeps else None
    size = len(body) + recall.drawn
    return Parsed(model, stream, request, session_of(request, headers, size), keeping, recall.makers, size, limit)


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


def _need_content(items: list[dict[str, Any]]) -> None:
    """Raise ClientError (400) where nothing is left once the upstream is not told what only a store could complete."""
    if all(map(is_bare, items)):
        raise invalid_request(
            "input: has nothing but reasoning without its encrypted_content, which nobody could read; send the "
            "conversation, and ask with include: ['reasoning.encrypted_content']",
            "input",
        )


def session_of(request: Mapping[str, Any], headers: Mapping[str, str], size: int) -> str:
    """Return what names the conversation: the client's own key, else a digest of what never changes as it grows.

    `size` is that of the request, in bytes.
    """
    own = request.get("prompt_cache_key")
    if isinstance(own, str) and own:
        return own
    for name in _SESSION_HEADERS:
        if headers.get(name):
            return _short(headers[name])
    items = request["input"]
    first = next((item for item in items if item.get("role") == "user"), items[0])
    return _digest(json_pieces.dumps([request.get("model"), request.get("instructions"), _said(first)], size))


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
