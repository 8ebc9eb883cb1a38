"""The code of a `response.failed`: one of the API's, or one that this route's clients act on. Ours goes to the message.

Clients compare the code with words that they know, and take every other for something to try again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.errors import Kind, RequestFailed
from ...responses.sse import Event
from ...responses.verdicts import failures

SERVER_ERROR = "server_error"

KNOWN = frozenset(
    {
        # the API's own (`ResponseError.code` of the SDKs)
        SERVER_ERROR,
        "rate_limit_exceeded",
        "invalid_prompt",
        "data_residency_mismatch",
        "bio_policy",
        "misalignment_policy_violation",
        "vector_store_timeout",
        "invalid_image",
        "invalid_image_format",
        "invalid_base64_image",
        "invalid_image_url",
        "image_too_large",
        "image_too_small",
        "image_parse_error",
        "image_content_policy_violation",
        "invalid_image_mode",
        "image_file_too_large",
        "unsupported_image_media_type",
        "empty_image_file",
        "failed_to_download_image",
        "image_file_not_found",
        # those that clients read beside them
        "context_length_exceeded",
        "cyber_policy",
        "insufficient_quota",
        "server_is_overloaded",
        "slow_down",
        "usage_not_included",
    }
)

_BY_KIND: Mapping[Kind, str] = {
    Kind.INVALID_REQUEST: "invalid_prompt",
    Kind.CONTEXT_LENGTH: "context_length_exceeded",
    Kind.FORBIDDEN: "invalid_prompt",
    Kind.NOT_FOUND: "invalid_prompt",
    Kind.MODEL_NOT_FOUND: "invalid_prompt",
    Kind.TOO_LARGE: "invalid_prompt",
    Kind.RATE_LIMITED: "rate_limit_exceeded",
    Kind.USAGE_LIMIT: "insufficient_quota",  # a spent plan has no code of its own here; this one ends the retries
    Kind.QUOTA: "insufficient_quota",
    Kind.OVERLOADED: "server_is_overloaded",
}
"""Of all other kinds the code is `server_error`: to be tried again."""


def code_in_stream(failure: RequestFailed) -> str:
    """Return the code under which a failure is told in a stream."""
    code = failure.code
    return code if code in KNOWN else _BY_KIND.get(failure.kind, SERVER_ERROR)


def error_in_stream(failure: RequestFailed) -> dict[str, str]:
    """Return the error under which a failure is told in a stream; a code that is not told stands in its message."""
    code, own = code_in_stream(failure), failure.code
    message = failure.message if own is None or own == code else f"{own}: {failure.message}"
    return {"code": code, "message": message}


def with_known_code(event: Event) -> Event:
    """Return a `response.failed` whose error clients can read; the event itself where it has a known code and words."""
    response = event.json().get("response")
    if not isinstance(response, dict):
        return event
    error = response.get("error")
    told: dict[str, Any] = error if isinstance(error, dict) else {"message": error}
    code, words = told.get("code"), told.get("message")
    if isinstance(code, str) and code in KNOWN and isinstance(words, str):
        return event
    failure = failures.from_response(event.json())
    known = code if isinstance(code, str) and code in KNOWN else code_in_stream(failure)
    message = words if isinstance(words, str) and words else failure.message
    if isinstance(code, (str, int)) and known != code:
        message = f"{code}: {message}" if message else f"{code}"
    readable = {**told, "code": known, "message": message}
    return Event.of({**event.json(), "response": {**response, "error": readable}})
