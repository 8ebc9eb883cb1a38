"""The error envelope of the OpenAI routes: `{"error": {message, type, param, code}}`, as status line and mid-stream."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import orjson

from ..errors import RequestFailed
from .base import ErrorReply

_TRAVELS = re.compile(
    r"retry-after(-ms)?|x-request-id|openai-processing-ms|x-ratelimit-[a-z0-9-]+"
    r"|x-[a-z0-9]+-((primary|secondary|credits)-[a-z0-9-]+|plan-type|active-limit)"
)
"""What an upstream's answer may tell the client: its waits, its ids, its rate limits in any vendor's spelling."""

_UNSAFE = re.compile(r"[\r\n\0]")


def allowed_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those of an upstream's response headers that may reach the client, names in lower case."""
    lowered = ((name.lower(), value) for name, value in headers.items())
    return {name: value for name, value in lowered if _TRAVELS.fullmatch(name) and not _UNSAFE.search(value)}


def envelope(failure: RequestFailed) -> dict[str, Any]:
    """Return the JSON body that the OpenAI SDKs read; all four keys are always there."""
    error = {
        "message": failure.message,
        "type": failure.kind.words.openai_type,
        "param": failure.detail.param,
        "code": failure.code,
    }
    return {"error": error}


def reply(failure: RequestFailed, request_id: str) -> ErrorReply:
    """Return the failure as a whole HTTP answer.

    `retry_after` goes out as `Retry-After` in whole seconds, rounded up and never 0, since clients take 0 as "now".
    `x-request-id` is the upstream's where it sent one, else `request_id` ("" adds none).
    """
    headers = {"content-type": "application/json"}
    if request_id:
        headers["x-request-id"] = request_id
    headers.update(allowed_headers(failure.detail.headers))
    if failure.detail.retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(failure.detail.retry_after)))
    return ErrorReply(failure.openai_status, orjson.dumps(envelope(failure)), headers)
