"""What is told of a plan that is used up: the words by which a client of the Responses API decides what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from ...model.errors import Kind
from .error_bodies import Complaint

NOT_INCLUDED = "usage_not_included"
"""The type of a refusal by an account whose plan lacks the service; no reset changes that."""

REACHED = "usage_limit_reached"


def told(kind: Kind, complaint: Complaint, wait: float | None, now: datetime | None) -> Mapping[str, object]:
    """Return the fields of the error object that say what is spent, and until when; none for another kind of failure.

    `wait` is in seconds. Clients decode `resets_at` as a whole number and nothing else, so it is one.
    """
    if kind is not Kind.USAGE_LIMIT:
        return {}
    if NOT_INCLUDED in (complaint.type, complaint.code):
        return {"type": NOT_INCLUDED}
    plan = {"plan_type": complaint.plan} if complaint.plan else {}
    return {"type": REACHED, **plan, **_reset(complaint, wait, now or datetime.now(UTC))}


def _reset(complaint: Complaint, wait: float | None, now: datetime) -> Mapping[str, object]:
    if wait is None:
        return {}
    moment = now.timestamp() + wait if complaint.resets_at is None else complaint.resets_at
    return {"resets_at": int(moment), "resets_in_seconds": int(wait)}


def reset_of(fields: Mapping[str, object]) -> float:
    """Return the moment of a reset that was told, in seconds since 1970; infinity where none was."""
    moment = fields.get("resets_at")
    return float(moment) if isinstance(moment, int) else math.inf


def told_again(fields: Mapping[str, object], now: datetime | None = None) -> dict[str, object]:
    """Return what was told of a spent plan as it is told later: the span is shorter by then."""
    moment = reset_of(fields)
    if moment == math.inf:
        return dict(fields)
    return {**fields, "resets_in_seconds": max(0, int(moment - (now or datetime.now(UTC)).timestamp()))}
