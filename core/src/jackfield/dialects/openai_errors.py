"""The error envelope of the OpenAI routes: `{"error": {message, type, param, code}}`, as status line and mid-stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ..model.errors import ClientError, RequestFailed
from ..model.types import EMPTY
from ..responses.verdicts.failures import passable
from ..responses.verdicts.retrying import retry_headers
from .base import ErrorReply


def envelope(failure: RequestFailed, told: Mapping[str, object] = EMPTY) -> dict[str, Any]:
    """Return the JSON body that the OpenAI SDKs read; all four keys are always there, `told` beside or over them."""
    error = {
        "message": failure.message,
        "type": failure.kind.words.openai_type,
        "param": failure.detail.param,
        "code": failure.code,
        **told,
    }
    return {"error": error}


def reply(
    failure: RequestFailed, request_id: str, told: Mapping[str, object] = EMPTY, native: Mapping[str, str] = EMPTY
) -> ErrorReply:
    """Return the failure as a whole HTTP answer.

    `retry_headers` says when clients come again. `x-request-id` is the upstream's where it sent one, else `request_id`
    ("" adds none). Of an upstream's headers only those from the list travel, and the `native` ones; a ClientError is
    our own, and so are its headers. `told` are further fields of the error object.
    """
    headers = {"content-type": "application/json"}
    if request_id:
        headers["x-request-id"] = request_id
    own = failure.detail.headers
    headers.update(native)
    headers.update(own if isinstance(failure, ClientError) else passable(own))
    return ErrorReply(failure.openai_status, orjson.dumps(envelope(failure, told)), headers | retry_headers(failure))


def anonymous(failure: RequestFailed) -> ErrorReply:
    """Return the answer to what is no request at all, so that nobody knows whose client sent it."""
    return reply(failure, "")
