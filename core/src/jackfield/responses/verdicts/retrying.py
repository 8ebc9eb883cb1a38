"""When a client is to come again: the same headers in every dialect, since the SDKs read the same ones."""

from __future__ import annotations

import math

from ...model.errors import Kind, RequestFailed

LONGEST = 60.0
"""Seconds of the longest `Retry-After`: some clients obey any, without a word to their user."""

_PERSON = frozenset({Kind.UPSTREAM_AUTH, Kind.QUOTA})
"""A person has to act: a refused key, an empty account."""


def retry_headers(failure: RequestFailed) -> dict[str, str]:
    """Return `retry-after` in whole seconds, rounded up and at least 1, or `x-should-retry: false`, or neither.

    `x-should-retry` is what the SDKs of OpenAI and Anthropic obey. They are told not to come again where the wait is
    longer than a minute, or a person has to act.
    """
    detail = failure.detail
    wait = detail.retry_after
    hopeless = failure.kind in _PERSON if detail.should_retry is None else not detail.should_retry
    if hopeless or (wait is not None and wait > LONGEST):
        return {"x-should-retry": "false"}
    return {} if wait is None else {"retry-after": str(max(1, math.ceil(wait)))}
