"""Pieces of JSON that the stream and the whole answer share."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

from ...model.types import Usage
from ...responses import Header


def answer_id(header: Header) -> str:
    """Return the answer's id: the upstream's under Chat's prefix, a new one where it has none."""
    return "chatcmpl-" + (header.id.removeprefix("resp_") or uuid4().hex)


def created(header: Header) -> int:
    """Return when the answer began, in whole seconds since 1970."""
    return header.created or int(time.time())


def usage_object(usage: Usage) -> dict[str, Any]:
    """Return the tokens in Chat's words; cached ones are part of the prompt in both APIs."""
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.cache_write},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }
