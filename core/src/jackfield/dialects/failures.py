"""Upstream failures, named: an HTTP error or a failed stream becomes an `UpstreamError` of the right kind.

One table for all dialects. What a client may see of an upstream's answer is decided here too: its words without
secrets, its headers from a list.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ..errors import Detail, Kind, UpstreamError
from ..types import EMPTY
from . import spent
from .complaints import Complaint, mask, read, read_body

__all__ = ["from_http", "from_response", "mask", "passable", "retry_after", "unreadable"]

_HEADERS = frozenset({"retry-after-ms", "x-request-id", "openai-processing-ms"})
_HEADER_STARTS = ("x-ratelimit-",)
# Quota figures of the subscription backends; the words in front of these endings are the vendor's own.
_HEADER_ENDS = ("-used-percent", "-reset-after-seconds", "-reset-at", "-window-minutes")

_BY_STATUS: Mapping[int, Kind] = {
    401: Kind.UPSTREAM_AUTH,
    402: Kind.QUOTA,
    403: Kind.UPSTREAM_AUTH,
    404: Kind.NOT_FOUND,
    407: Kind.UPSTREAM_AUTH,
    408: Kind.TIMEOUT,
    409: Kind.CONFLICT,
    413: Kind.TOO_LARGE,
    429: Kind.RATE_LIMITED,
    503: Kind.OVERLOADED,
    504: Kind.TIMEOUT,
    522: Kind.TIMEOUT,
    524: Kind.TIMEOUT,
    529: Kind.OVERLOADED,
}
_KEPT_STATUS = frozenset({408, 500})
_PLAIN = frozenset({401, 402, 403})
"""Statuses that no code or wording beside them can change."""

# What a code (or a type) alone says, whatever the status beside it.
_BY_CODE: Mapping[str, Kind] = {
    "rate_limit_exceeded": Kind.RATE_LIMITED,
    "usage_limit_reached": Kind.USAGE_LIMIT,
    "usage_limit_exceeded": Kind.USAGE_LIMIT,
    "usage_not_included": Kind.USAGE_LIMIT,
    "insufficient_quota": Kind.QUOTA,
    "billing_hard_limit_reached": Kind.QUOTA,
    "context_length_exceeded": Kind.CONTEXT_LENGTH,
    "server_is_overloaded": Kind.OVERLOADED,
    "slow_down": Kind.OVERLOADED,
    "engine_overloaded": Kind.OVERLOADED,
    "overloaded_error": Kind.OVERLOADED,
    "model_not_found": Kind.MODEL_NOT_FOUND,
    "invalid_api_key": Kind.UPSTREAM_AUTH,
    "upstream_auth": Kind.UPSTREAM_AUTH,
    "upstream_timeout": Kind.TIMEOUT,
    "upstream_unreachable": Kind.UNREACHABLE,
    "upstream_stream_cut": Kind.STREAM_CUT,
}
_IN_STREAM: Mapping[str, Kind] = {
    **_BY_CODE,
    "invalid_prompt": Kind.INVALID_REQUEST,
    "invalid_request_error": Kind.INVALID_REQUEST,
    "invalid_encrypted_content": Kind.INVALID_REQUEST,
    "unsupported_content_type": Kind.INVALID_REQUEST,
    "empty_image_file": Kind.INVALID_REQUEST,
    "failed_to_download_image": Kind.INVALID_REQUEST,
    "cyber_policy": Kind.INVALID_REQUEST,
    "bio_policy": Kind.INVALID_REQUEST,
    "misalignment_policy_violation": Kind.INVALID_REQUEST,
    "data_residency_mismatch": Kind.FORBIDDEN,
    "rate_limit_error": Kind.RATE_LIMITED,
    "authentication_error": Kind.UPSTREAM_AUTH,
    "permission_error": Kind.UPSTREAM_AUTH,
    "server_error": Kind.UPSTREAM_ERROR,
    "vector_store_timeout": Kind.UPSTREAM_ERROR,
}
_IN_STREAM_STARTS = ("invalid_image", "image_", "invalid_base64_image", "unsupported_image")

_CONTEXT_WORDS = re.compile(
    r"context (?:window|length)|too many tokens|maximum context|prompt is too long", re.IGNORECASE
)
_CAPACITY_WORDS = re.compile(r"\bis at capacity\b|\b(?:is|are) (?:currently |temporarily )?overloaded\b", re.I)
_MODEL_WORDS = re.compile(r"\bmodel\b", re.IGNORECASE)
_WAIT_WORDS = re.compile(
    r"(?:try again|retry) (?:in|after) ((?:\d+(?:\.\d+)?\s*(?:ms|h|m|s)[a-z]*\s*)+)", re.IGNORECASE
)
_WAIT_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|h|m|s)", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

# The code of these is ours to fix: what the upstream calls them would mislead the client.
_OWN_CODE = frozenset({Kind.UPSTREAM_AUTH, Kind.OVERLOADED, Kind.CONTEXT_LENGTH, Kind.TIMEOUT})


def from_http(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime | None = None,
    native: Mapping[str, str] = EMPTY,
) -> UpstreamError:
    """Return what an upstream's HTTP error means, whatever shape its body has.

    `headers` are the answer's, in any case; `now` is the wall clock that dates are measured against.
    `native` are those of the headers that a client of the Responses API is shown beside the usual ones.
    """
    complaint = read_body(body)
    kind = _kind_of_http(status, complaint)
    message = complaint.message or f"upstream answered HTTP {status}"
    if status == 404 and kind is Kind.UPSTREAM_ERROR:
        message = f"the upstream has no Responses API at this base-url (HTTP 404); most end in /v1: {message}"
    if kind is Kind.UPSTREAM_AUTH:
        message = f"the upstream refused the credential it was called with (HTTP {status}): {message}"
    detail = Detail(
        status=status if status in _KEPT_STATUS and kind in (Kind.TIMEOUT, Kind.UPSTREAM_ERROR) else 0,
        code=_code(kind, complaint),
        param=complaint.param,
        retry_after=(wait := _wait(headers, complaint, now)),
        headers=passable(headers),
        upstream_status=status,
        told=spent.told(kind, complaint, wait, now),
        native=native,
    )
    return UpstreamError(kind, message, detail)


def from_response(body: Mapping[str, Any], *, now: datetime | None = None) -> UpstreamError:
    """Return what a failure inside a stream means.

    `body` is a `response.failed` event, an `error` event (flat or nested), or a response object that failed. Its
    shape never makes this raise.
    """
    response = body.get("response")
    source = response if isinstance(response, dict) else body
    told = {key: value for key, value in source.items() if key != "type"}
    complaint = read(told if told.get("error") else {**told, "error": body.get("error")})
    kind = _kind_in_stream(complaint)
    message = complaint.message or "the upstream reported a failure without a message"
    headers = body.get("headers")
    wait = _wait(headers if isinstance(headers, dict) else {}, complaint, now)
    detail = Detail(
        code=_code(kind, complaint),
        param=complaint.param,
        retry_after=wait,
        told=spent.told(kind, complaint, wait, now),
    )
    return UpstreamError(kind, message, detail)


def unreadable(message: str = "the upstream's answer is not a Responses stream") -> UpstreamError:
    """Return the failure of an upstream that answered 2xx with something else, such as an HTML page."""
    return UpstreamError(Kind.UPSTREAM_ERROR, message)


def passable(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the upstream's headers that a client may see, names in lower case; `retry-after` travels as a number."""
    return {name: value for name, value in one_line(headers).items() if _may_pass(name)}


def one_line(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that HTTP can carry, names in lower case."""
    return {name.lower(): value for name, value in headers.items() if "\r" not in value and "\n" not in value}


def _may_pass(name: str) -> bool:
    return (
        name in _HEADERS or name.startswith(_HEADER_STARTS) or (name.startswith("x-") and name.endswith(_HEADER_ENDS))
    )


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` (a number or an HTTP date) ask to wait, if any."""
    lower = {name.lower(): value for name, value in headers.items() if isinstance(value, str)}
    milliseconds = _finite(lower.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = lower.get("retry-after")
    seconds = _finite(value)
    return seconds if seconds is not None or not value else _until(value, now)


def _finite(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _until(date: str, now: datetime | None) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _wait(headers: Mapping[str, str], complaint: Complaint, now: datetime | None) -> float | None:
    """Return the seconds to wait: a quota's reset in the body, else the headers, else the words of the message."""
    if complaint.resets_in is not None:
        return complaint.resets_in
    if complaint.resets_at is not None:
        return max(0.0, complaint.resets_at - (now or datetime.now(UTC)).timestamp())
    told = retry_after(headers, now)
    return told if told is not None else _wait_in_words(complaint.message)


def _wait_in_words(message: str) -> float | None:
    """Return the seconds of a sentence like "Please try again in 1m2.5s"."""
    found = _WAIT_WORDS.search(message)
    if not found:
        return None
    return sum(float(number) * _SECONDS[unit.lower()] for number, unit in _WAIT_PART.findall(found[1]))


def _kind_of_http(status: int, complaint: Complaint) -> Kind:
    kind = _BY_CODE.get(complaint.code) or _BY_CODE.get(complaint.type)
    if kind is not None and status not in _PLAIN:
        return kind
    if status in (400, 413, 422) and _CONTEXT_WORDS.search(complaint.message):
        return Kind.CONTEXT_LENGTH
    if status == 404 and _MODEL_WORDS.search(complaint.message):
        return Kind.MODEL_NOT_FOUND
    if status == 404 and not complaint.code and not complaint.type:
        return Kind.UPSTREAM_ERROR  # no API answered: a wrong base-url, which agents would take for a wrong model
    if status not in _PLAIN and _CAPACITY_WORDS.search(complaint.message):
        return Kind.OVERLOADED
    fallback = Kind.INVALID_REQUEST if 400 <= status < 500 else Kind.UPSTREAM_ERROR
    return _BY_STATUS.get(status, fallback)


def _kind_in_stream(complaint: Complaint) -> Kind:
    for word in (complaint.code, complaint.type):
        if word in _IN_STREAM and word not in ("server_error", "invalid_request_error"):
            return _IN_STREAM[word]
        if word.startswith(_IN_STREAM_STARTS):
            return Kind.INVALID_REQUEST
    if _CAPACITY_WORDS.search(complaint.message):
        return Kind.OVERLOADED
    if _CONTEXT_WORDS.search(complaint.message):
        return Kind.CONTEXT_LENGTH
    if complaint.status:
        return _kind_of_http(complaint.status, complaint)
    return _IN_STREAM.get(complaint.code) or _IN_STREAM.get(complaint.type) or Kind.UPSTREAM_ERROR


def _code(kind: Kind, complaint: Complaint) -> str | None:
    """Return the upstream's own code where a client may build on it; quota kinds keep it in `type`."""
    if kind in _OWN_CODE:
        return None
    return complaint.code or (complaint.type if complaint.type in _BY_CODE else None)
