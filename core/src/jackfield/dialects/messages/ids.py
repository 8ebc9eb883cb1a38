"""Ids of messages and calls in the form that Messages clients accept: letters, digits, `_` and `-`."""

from __future__ import annotations

import re
from uuid import uuid4

_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")


def message_id(response_id: str) -> str:
    """Return the id of a message: the upstream's in Anthropic's form, else a new one."""
    return "msg_" + (_ILLEGAL.sub("_", response_id.removeprefix("resp_")) or uuid4().hex)


def tool_id(call_id: str) -> str:
    """Return the id of a call as a Messages client may see it; what is legal stays as it is."""
    return _ILLEGAL.sub("_", call_id)
