"""The error envelope of the Anthropic routes: `{"type": "error", "error": {type, message}, "request_id"}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ...model.errors import ClientError, Detail, Kind, RequestFailed
from ...responses.verdicts.failures import passable
from ...responses.verdicts.retrying import retry_headers
from ..base import ErrorReply
from .healing import healable

_TOO_LONG = "prompt is too long"


class DetailedError(ClientError):
    """A 400 with `error.details`, by which Anthropic's SDKs tell what to do."""

    def __init__(self, message: str, param: str, details: Mapping[str, Any]) -> None:
        super().__init__(Kind.INVALID_REQUEST, message, Detail(param=param))
        self.details = details


def envelope(failure: RequestFailed, request_id: str = "") -> dict[str, Any]:
    """Return the JSON body of a failure, also the data of an `error` event. "" adds no request id."""
    error: dict[str, Any] = {"type": failure.kind.words.anthropic_type, "message": _message(failure)}
    if isinstance(failure, DetailedError):
        error["details"] = failure.details
    body: dict[str, Any] = {"type": "error", "error": error}
    if request_id:
        body["request_id"] = request_id
    return body


def _message(failure: RequestFailed) -> str:
    """Return what to say. Claude Code compacts a conversation when it reads that the prompt is too long.

    It heals other requests, too, when it reads of what ails them.
    """
    if failure.kind is Kind.CONTEXT_LENGTH and _TOO_LONG not in failure.message.lower():
        return f"{_TOO_LONG}: {failure.message}"
    return healable(failure)


def reply(failure: RequestFailed, request_id: str) -> ErrorReply:
    """Return the failure as a whole HTTP answer.

    `retry_headers` says when clients come again. Of an upstream's headers only those from the list travel; a
    ClientError is our own, and so are its headers.
    """
    told = failure.detail.headers
    headers = {"content-type": "application/json", **(told if isinstance(failure, ClientError) else passable(told))}
    if request_id:
        headers["request-id"] = request_id
    body = orjson.dumps(envelope(failure, request_id))
    return ErrorReply(failure.anthropic_status, body, headers | retry_headers(failure))
