"""Which conversation a request belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

import orjson

from ...responses import json_pieces
from ..translate.fields import get_object, get_text

_SPACE = UUID("7d1c4f0e-5a3b-4c57-9a34-0f6a2a1f9c11")
_HEADER = "x-claude-code-session-id"
_LONGEST_ID = 10_000
"""Characters of a user id that is read as JSON: inside a string the body's own bound does not see what it costs."""


def session_key(request: Mapping[str, Any], headers: Mapping[str, str], body: Mapping[str, Any], size: int) -> str:
    """Return a key that is the same for every request of a conversation, and tells nothing about who speaks.

    It comes from the session in `metadata.user_id`, else from Claude Code's session header, else from how the
    conversation begins: the instructions and the first user message of `body`, the translated request, where nothing
    moves from turn to turn.
    """
    named = _from_user_id(_user_id(request)) or _from_headers(headers)
    return str(uuid5(_SPACE, named or _beginning(body, size)))


def safety_identifier(request: Mapping[str, Any]) -> str:
    """Return what tells a provider's watch over abuse whose request it is: a digest, the same for all sessions.

    "" where `metadata.user_id` says nothing.
    """
    user_id = _user_id(request)
    session = _from_user_id(user_id)
    before, _, after = user_id.rpartition(session) if session else (user_id, "", "")
    person = before + after
    return hashlib.sha256(person.encode()).hexdigest()[:32] if person else ""


def _user_id(request: Mapping[str, Any]) -> str:
    return get_text(get_object(request, "metadata"), "user_id", "metadata")


def _from_user_id(user_id: str) -> str:
    """Return the session in a user id: JSON with `session_id`, or `user_..._session_...`; "" when it holds none."""
    if user_id.startswith("{"):
        if len(user_id) > _LONGEST_ID:
            return ""
        try:
            session = orjson.loads(user_id).get("session_id")
        except orjson.JSONDecodeError:
            return ""
        return session if isinstance(session, str) else ""
    return user_id.partition("_session_")[2]


def _from_headers(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == _HEADER), "")


def _beginning(body: Mapping[str, Any], size: int) -> str:
    items: Sequence[Mapping[str, Any]] = body["input"]
    first = next((item for item in items if item.get("role") == "user"), None)
    return json_pieces.dumps([body["instructions"], first], size).decode()
