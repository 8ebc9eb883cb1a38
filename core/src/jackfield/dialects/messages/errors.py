"""The error envelope of the Anthropic routes: `{"type": "error", "error": {type, message}, "request_id"}`."""

from __future__ import annotations

import math
from typing import Any

import orjson

from ...errors import ClientError, Kind, RequestFailed
from ..base import ErrorReply
from ..failures import passable

_TOO_LONG = "prompt is too long"


def envelope(failure: RequestFailed, request_id: str = "") -> dict[str, Any]:
    """Return the JSON body of a failure, also the data of an `error` event. "" adds no request id."""
    body: dict[str, Any] = {
        "type": "error",
        "error": {"type": failure.kind.words.anthropic_type, "message": _message(failure)},
    }
    if request_id:
        body["request_id"] = request_id
    return body


def _message(failure: RequestFailed) -> str:
    """Return what to say. Claude Code compacts a conversation when it reads that the prompt is too long."""
    if failure.kind is Kind.CONTEXT_LENGTH and _TOO_LONG not in failure.message.lower():
        return f"{_TOO_LONG}: {failure.message}"
    return failure.message


def reply(failure: RequestFailed, request_id: str) -> ErrorReply:
    """Return the failure as a whole HTTP answer.

    `retry_after` goes out as `retry-after` in whole seconds, rounded up and at least 1. Of an upstream's headers only
    those from the list travel; a ClientError is our own, and so are its headers.
    """
    told = failure.detail.headers
    headers = {"content-type": "application/json", **(told if isinstance(failure, ClientError) else passable(told))}
    if request_id:
        headers["request-id"] = request_id
    if failure.detail.retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(failure.detail.retry_after)))
    return ErrorReply(failure.anthropic_status, orjson.dumps(envelope(failure, request_id)), headers)
