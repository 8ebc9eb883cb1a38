"""Upstream failures, named: an HTTP error or a failed stream becomes an `UpstreamError` of the right kind.

`judging.py` decides what it says something about; here stands what a client may see of it: its words without secrets,
its headers from a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...model.errors import Detail, Kind, UpstreamError, Verdict
from ...model.types import EMPTY
from . import reset_times, spent
from .error_bodies import Complaint, read, read_body
from .judging import Judgement, judge
from .relay_words import RelayWords, in_force
from .reset_times import retry_after

__all__ = ["from_http", "from_response", "passable", "retry_after", "unreadable"]

_HEADERS = frozenset({"x-request-id", "openai-processing-ms"})
_HEADER_STARTS = ("x-ratelimit-",)
# Quota figures of the subscription backends; the words in front of these endings are the vendor's own.
_HEADER_ENDS = ("-used-percent", "-reset-after-seconds", "-reset-at", "-window-minutes")

_KEPT_STATUS = frozenset({408, 500})
_TOLD = frozenset(
    {"error", "detail", "details", "message", "msg", "code", "param", "status", "status_code", "last_error"}
)
"""What of a response object is about its failure: the rest of it, `metadata` among it, may be the client's own."""

# The code of these is ours to fix: what the upstream calls them would mislead the client.
_OWN_CODE = frozenset({Kind.UPSTREAM_AUTH, Kind.OVERLOADED, Kind.CONTEXT_LENGTH, Kind.TIMEOUT, Kind.TOO_LARGE})
_HOUSE_CODES = frozenset({Verdict.ACCOUNT, Verdict.MODEL, Verdict.LOAD})
"""Verdicts whose codes clients build on: there a relay's own would not be understood."""
_VENDOR = "openai"
NO_API = "has no Responses API at this base-url (HTTP 404); most end in /v1: "
"""What is said in front of the words of a 404 that speaks of no model."""


def from_http(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime | None = None,
    native: Mapping[str, str] = EMPTY,
    words: RelayWords | None = None,
) -> UpstreamError:
    """Return what an upstream's HTTP error means, whatever shape its body has.

    `headers` are the answer's, in any case; `now` is the wall clock that dates are measured against.
    `native` are those of the headers that a client of the Responses API is shown beside the usual ones.
    `words` is the table of relays' words (None: the one in force).
    """
    table = words or in_force()
    complaint = read_body(body)
    found = judge(status, complaint, table)
    detail = Detail(
        status=status if status in _KEPT_STATUS and found.kind in (Kind.TIMEOUT, Kind.UPSTREAM_ERROR) else 0,
        code=_code(found, complaint, table),
        param=complaint.param,
        retry_after=(wait := _wait(found, headers, complaint, now)),
        headers=_headers(found, headers),
        verdict=found.verdict,
        upstream_status=status,
        full=found.word is not None and found.word.full,
        advice=_advice(found),
        told=spent.told(found.kind, complaint, wait, now),
        native=native,
    )
    return UpstreamError(found.kind, _message(status, found, complaint), detail)


def from_response(
    body: Mapping[str, Any], *, now: datetime | None = None, words: RelayWords | None = None
) -> UpstreamError:
    """Return what a failure inside a stream means.

    `body` is a `response.failed` event, an `error` event (flat or nested), or a response object that failed. Its
    shape never makes this raise. `now` and `words` are as in `from_http`.
    """
    table = words or in_force()
    response = body.get("response")
    if isinstance(response, dict):
        told = {key: value for key, value in response.items() if key in _TOLD}
    else:
        told = {key: value for key, value in body.items() if key != "type"}
    complaint = read(told if told.get("error") else {**told, "error": body.get("error")})
    found = judge(complaint.status, complaint, table)
    headers = body.get("headers")
    wait = _wait(found, headers if isinstance(headers, dict) else {}, complaint, now)
    detail = Detail(
        code=_code(found, complaint, table),
        param=complaint.param,
        retry_after=wait,
        verdict=found.verdict,
        full=found.word is not None and found.word.full,
        advice=_advice(found),
        told=spent.told(found.kind, complaint, wait, now),
    )
    message = complaint.message or "the upstream reported a failure without a message"
    return UpstreamError(found.kind, message, detail)


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


def _headers(found: Judgement, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that may pass; those that ask to wait do not where waiting does not help."""
    passed = passable(headers)
    return {
        name: value for name, value in passed.items() if found.verdict is not Verdict.REQUEST or "retry" not in name
    }


def _message(status: int, found: Judgement, complaint: Complaint) -> str:
    """Return what is said to the client: the upstream's words, and what they do not say by themselves."""
    message = complaint.message or f"upstream answered HTTP {status}"
    if found.kind is Kind.UPSTREAM_AUTH:
        return f"the upstream refused its key (HTTP {status}): {message}"
    if status == 404 and found.kind is Kind.UPSTREAM_ERROR:
        return f"the upstream {NO_API}{message}"
    if complaint.page and 400 <= status < 500:
        return f"the upstream answered HTTP {status} with a web page: a firewall in front of it may refuse this request"
    if found.kind is Kind.FORBIDDEN and not complaint.message:
        return f"the upstream refused this request (HTTP {status}) and did not say why"
    return message


def _advice(found: Judgement) -> str:
    """Return our words about a provider that refuses the client, as a sentence that begins with the provider's name."""
    if found.verdict is not Verdict.CLIENT:
        return ""
    if found.word is not None and found.word.setting:
        return "does not take a setting of this request: change it, or use another provider"
    if found.client:
        return f"serves {found.client} alone: use {found.client}, or another provider"
    return "does not serve this client: use the one that it asks for, or another provider"


def _wait(found: Judgement, headers: Mapping[str, str], complaint: Complaint, now: datetime | None) -> float | None:
    """Return the seconds to wait: a quota's reset in the body, else headers, else words, else the quota's headers."""
    if found.verdict in (Verdict.REQUEST, Verdict.CLIENT):
        return None
    if complaint.resets_in is not None:
        return complaint.resets_in
    if complaint.resets_at is not None:
        return reset_times.until(complaint.resets_at, now)
    told = retry_after(headers, now)
    told = told if told is not None else retry_after(complaint.headers, now)
    told = told if told is not None else reset_times.in_words(complaint.message, now)
    if told is None and found.kind in (Kind.RATE_LIMITED, Kind.USAGE_LIMIT):
        return _reset(found, headers, complaint, now)
    return told


def _reset(found: Judgement, headers: Mapping[str, str], complaint: Complaint, now: datetime | None) -> float | None:
    """Return the seconds until a quota or a limit is back that headers alone tell of."""
    told = reset_times.of_quota(headers, now, spent=found.kind is Kind.USAGE_LIMIT)
    for each in (headers, complaint.headers):
        told = told if told is not None else reset_times.of_limits(each, now)
    return told


def _code(found: Judgement, complaint: Complaint, words: RelayWords) -> str | None:
    """Return the upstream's own code where a client may build on it; quota kinds keep it in `type`."""
    if found.word is not None and found.word.told_as:
        return found.word.told_as
    if found.kind in _OWN_CODE or (found.verdict is Verdict.MODEL and found.kind is not Kind.MODEL_NOT_FOUND):
        return None
    for code in (complaint.code, complaint.type if found.verdict is Verdict.ACCOUNT else ""):
        row = words.known(code) if code else None
        if row is not None and row.verdict is found.verdict and _VENDOR in row.seen and row.kind in (None, found.kind):
            return code
        if code == complaint.code and code and row is None and found.verdict not in _HOUSE_CODES:
            return code
    return None
