"""What a client is told when nobody served it: the failure that counts, or why each credential rests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..model.errors import Detail, Kind, RequestFailed, Unavailable, UpstreamError, Verdict
from ..responses.verdicts import spent
from ..responses.verdicts.retrying import LONGEST
from .credentials import Outage, Rest

SHOWN = 5
"""Credentials of which is told why they rest."""

_RANK = {
    Verdict.MODEL: 0,
    Verdict.KEY: 1,
    Verdict.ACCOUNT: 1,
    Verdict.CLIENT: 2,
    Verdict.REQUEST: 2,
    Verdict.LOAD: 3,
    Verdict.UPSTREAM: 3,
    Verdict.OURSELVES: 3,
}
"""Which of several failures is told, the highest: one that passes, before one that somebody has to mend."""

_LASTING = frozenset({Verdict.MODEL, Verdict.KEY, Verdict.ACCOUNT})


def conclude(failures: Sequence[UpstreamError], outage: Outage, model: str) -> RequestFailed:
    """Return what is told of a request that nobody served.

    `failures` are those of its attempts, in order; `outage` is how all that fit the model stand now.
    """
    if not failures:
        return unavailable(outage, model)
    error = max(reversed(failures), key=lambda each: _rank(each, failures[-1]))
    if error.verdict in _LASTING and _others(error, outage):
        return unavailable(outage, model)
    return advised(error, outage)


def _rank(error: UpstreamError, last: UpstreamError) -> int:
    """Return how much a failure counts; a refusal of the request that ended it all counts most."""
    return 9 if error is last and error.verdict is Verdict.REQUEST else _RANK[error.verdict]


def _others(error: UpstreamError, outage: Outage) -> bool:
    """Return True when somebody else rests for another reason, and so may serve when this one cannot."""
    return any(each.seconds and each.cause and each.cause.verdict is not error.verdict for each in outage.rests)


def advised(error: UpstreamError, outage: Outage) -> UpstreamError:
    """Return a failure with a time to come again that no client waits too long for, or the advice not to.

    A longer time stands in its message. Where another credential is back sooner, that is the time.
    """
    detail, message = error.detail, error.message
    soonest = outage.seconds
    wait = detail.retry_after
    spent_for_long = error.verdict is Verdict.ACCOUNT and wait is None
    if error.verdict is Verdict.KEY or error.kind is Kind.QUOTA or spent_for_long:
        return _with(error, message, None, soonest == 0)
    if wait is None or wait <= LONGEST:
        return error
    if soonest <= LONGEST:
        return _with(error, message, max(1.0, soonest), None)
    return _with(error, f"{message} (the provider asks to wait {duration(wait)})", None, False)


def _with(error: UpstreamError, message: str, wait: float | None, should_retry: bool | None) -> UpstreamError:
    told = UpstreamError(error.kind, message, replace(error.detail, retry_after=wait, should_retry=should_retry))
    told.__cause__ = error.__cause__
    return told


def unavailable(outage: Outage, model: str) -> Unavailable:
    """Return what is told when nobody can be asked: every cause, and when the first is back."""
    if not outage.rests:
        return Unavailable(Kind.UNAVAILABLE, f"no credential serves the model {model!r} at the moment")
    kind, seconds = _kind(outage.rests), outage.seconds
    causes = "; ".join(list(dict.fromkeys(_told(each) for each in outage.rests))[:SHOWN])
    message = f"no credential serves the model {model!r} now: {causes}"
    detail = _spent(outage.rests) if kind is Kind.USAGE_LIMIT else Detail()
    if kind in (Kind.UPSTREAM_AUTH, Kind.QUOTA) or seconds > LONGEST:
        return Unavailable(kind, message, replace(detail, should_retry=False))
    return Unavailable(kind, message, replace(detail, retry_after=max(1.0, seconds)))


def _spent(rests: Iterable[Rest]) -> Detail:
    """Return what clients decide by where every plan is spent: of the one whose reset comes first."""
    causes = [each.cause for each in rests if each.cause is not None and each.cause.told]
    if not causes:
        return Detail()
    first = min(causes, key=lambda cause: spent.reset_of(cause.told))
    return Detail(told=spent.told_again(first.told), native=first.native)


def _kind(rests: Iterable[Rest]) -> Kind:
    """Return the kind of failure that all have in common; a limit where all are limited; else an outage."""
    kinds = {each.cause.kind if each.cause else Kind.RATE_LIMITED if each.busy else None for each in rests}
    if len(kinds) == 1 and (kind := kinds.pop()) is not None:
        return kind if kind in _SHARED else Kind.UNAVAILABLE
    return Kind.RATE_LIMITED if kinds <= {Kind.RATE_LIMITED, Kind.USAGE_LIMIT} else Kind.UNAVAILABLE


_SHARED = frozenset({Kind.UPSTREAM_AUTH, Kind.QUOTA, Kind.RATE_LIMITED, Kind.USAGE_LIMIT, Kind.MODEL_NOT_FOUND})


def _told(rest: Rest) -> str:
    """Say why a credential cannot be asked. An upstream's words are repeated where they are about the operator."""
    cause, name = rest.cause, rest.provider
    if cause is None:
        return f"{name} serves as many requests at once as it may" if rest.busy else f"{name} fails{_back(rest)}"
    status = f" (HTTP {cause.status})" if cause.status else ""
    words = cause.message.partition(f"(HTTP {cause.status}): ")[2] or cause.message
    said = f": {words}" if words else ""
    match cause.verdict:
        case Verdict.KEY:
            return f"{name} refused its key{status}{said}{_back(rest)}"
        case Verdict.ACCOUNT:
            return f"the account at {name} is used up{status}{said}{_back(rest)}"
        case Verdict.LOAD:
            return f"{name} is limited{status}{_back(rest)}"
        case Verdict.MODEL:
            return f"{name} does not have the model{status}{_back(rest)}"
    return f"{name} fails{status}{_back(rest)}"


def _back(rest: Rest) -> str:
    return f", asked again in {duration(rest.seconds)}" if rest.seconds else ""


def duration(seconds: float) -> str:
    """Return a time as people say it: 15 s, 12 min, 3 h, 2 days."""
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (size < 86_400 and seconds >= size):
            return f"{seconds / size:.0f} {unit}"
    return f"{max(1, round(seconds))} s"
