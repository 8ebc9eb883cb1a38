"""Ids of messages and calls in the form that Messages clients accept: letters, digits, `_` and `-`."""

from __future__ import annotations

import re
from uuid import uuid4

_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")


def new_message_id() -> str:
    """Return the id of a message, always a new one.

    Claude Code takes messages of one id for pieces of one message; upstreams that repeat their ids would tangle its
    history.
    """
    return f"msg_{uuid4().hex}"


def tool_id(call_id: str) -> str:
    """Return the id of a call as a Messages client may see it; what is legal stays as it is."""
    return _ILLEGAL.sub("_", call_id)
