"""When an upstream may be asked again: times as peers write them, read into seconds.

Numbers, numbers in strings, dates in ISO form or HTTP's, durations in words ("1m2.5s"); seconds or milliseconds. What
cannot be a time is None, never an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MILLISECONDS = 1e11
"""From here on a point in time is in milliseconds: in seconds it would lie three thousand years ahead."""

_POINT = 1e9
"""From here on a number of seconds to wait is a point in time: nobody waits thirty years."""

_IN_SECONDS = (
    *("resetsinseconds", "resetinseconds", "resetsin", "resetin", "resetafterseconds", "resetafter"),
    *("retryafterseconds", "retryafter", "retryinseconds", "retryin", "retrydelay", "cooldownseconds"),
)
_IN_MILLISECONDS = ("retryafterms", "resetsinms", "resetinms", "resetafterms", "retryaftermilliseconds")
_AT = ("resetsat", "resetat", "resettime", "ratelimitresetat", "retryat", "availableat", "resettimestamp")

_DURATION = re.compile(r"\s*(?:\d+(?:\.\d+)?\s*(?:ms|d|h|m|s)[a-z]*\s*)+", re.IGNORECASE)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|d|h|m|s)", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SPAN = r"\d+(?:\.\d+)?\s*(?:ms|d|h|m|s)[a-z]*\s*(?:and\s+|,\s*)?"
_WAIT_WORDS = re.compile(
    r"(?:try again|retry|resets?|available again|wait)(?: (?:in|after|for|about|another))* " + f"((?:{_SPAN})+)",
    re.IGNORECASE,
)
_BARE = re.compile(r"retry[ -]?after[:=]? *(\d+(?:\.\d+)?)\b(?!\s*[a-z])", re.IGNORECASE)
_CHINESE = re.compile(r"((?:\d+(?:\.\d+)?\s*(?:毫秒|秒|分|个?小时|天)钟?\s*)+)之?后")
_CHINESE_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(毫秒|秒|分|个?小时|天)")
_CHINESE_UNITS = {"毫秒": 0.001, "秒": 1.0, "分": 60.0, "小时": 3600.0, "个小时": 3600.0, "天": 86400.0}
_INSTANT = re.compile(
    r"\b(?:at|until|after) (\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|UTC|GMT|[+-]\d\d:?\d\d)",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"(?:x-|anthropic-)?rate-?limit-(?:(.+)-)?(reset|remaining)(?:-(.+))?")
_WINDOWS = ("-primary", "-secondary")
_FULL = 99.5
"""Per cent of a quota from which on it is used up."""


def number(value: object) -> float | None:
    """Return a number that is not negative, also one in a string; None for everything else, NaN among it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and found >= 0 else None


def moment(value: object) -> float | None:
    """Return a point in time in seconds since 1970: a number of seconds or milliseconds, an ISO date, an HTTP date."""
    found = number(value)
    if found is not None:
        while found >= _MILLISECONDS:
            found /= 1000
        return found or None
    return _date(value.strip()) if isinstance(value, str) and value.strip() else None


def _date(text: str) -> float | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, OverflowError):
            continue
    return None


def duration(value: object) -> float | None:
    """Return seconds to wait: a number, or a text such as "1h2m", "23.5s", "350ms"."""
    found = number(value)
    if found is None and isinstance(value, str) and _DURATION.fullmatch(value):
        found = _sum(value)
    return found


def _sum(text: str) -> float:
    return sum(float(count) * _UNITS[unit.lower()] for count, unit in _PART.findall(text))


def until(point: float, now: datetime | None) -> float:
    """Return the seconds from `now` (None: the system's clock) to a point in time; 0 when it is past."""
    return max(0.0, point - (now or datetime.now(UTC)).timestamp())


def in_body(fields: Mapping[str, object]) -> tuple[float | None, float | None]:
    """Return what an error's own fields name: the seconds to wait, and the point in time since 1970."""
    found = {re.sub(r"[^a-z]", "", name.lower()): value for name, value in fields.items() if isinstance(name, str)}
    wait = next((wait for name in _IN_SECONDS if (wait := duration(found.get(name))) is not None), None)
    if wait is None:
        wait = next((wait / 1000 for name in _IN_MILLISECONDS if (wait := number(found.get(name))) is not None), None)
    point = next((point for name in _AT if (point := moment(found.get(name))) is not None), None)
    if wait is not None and wait >= _POINT:
        wait, point = None, point or moment(wait)
    return wait, point


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` (a number or a date) ask to wait, if any."""
    lower = {name.lower(): value for name, value in headers.items() if isinstance(value, str)}
    milliseconds = number(lower.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = lower.get("retry-after")
    wait = _from_now(value, now)
    if wait is None and value and "," in value:  # sent twice
        wait = _from_now(value.partition(",")[0], now)
    return wait


def _from_now(value: object, now: datetime | None) -> float | None:
    """Return the seconds to a time that is told either as a span or as a point."""
    seconds = duration(value)
    if seconds is not None and seconds < _POINT:
        return seconds
    point = moment(value)
    return None if point is None else until(point, now)


def in_words(message: str, now: datetime | None = None) -> float | None:
    """Return the seconds of a sentence like "Please try again in 1m2.5s", "请 30 秒后重试", or "at 2026-01-31 12:00Z".

    A point in time without a zone is passed over: whose clock it is cannot be told.
    """
    if found := _WAIT_WORDS.search(message):
        return _sum(found[1])
    if found := _BARE.search(message):
        return float(found[1])
    if found := _CHINESE.search(message):
        return sum(float(count) * _CHINESE_UNITS[unit] for count, unit in _CHINESE_PART.findall(found[1]))
    if found := _INSTANT.search(message):
        zone = "+00:00" if found[2].isalpha() else found[2]
        point = _date(found[1] + zone)
        return None if point is None else until(point, now)
    return None


def of_limits(headers: Mapping[str, str], now: datetime | None) -> float | None:
    """Return the seconds until the limit is back that `x-ratelimit-reset-...` and its like tell of.

    Such headers come with every answer. Of several limits those count of which nothing remains, the later one; where
    it is not told what remains, the one that is back first.
    """
    limits: dict[str, dict[str, str]] = {}
    for name, value in headers.items():
        if isinstance(value, str) and (found := _LIMIT.fullmatch(name.lower())):
            limits.setdefault(found[1] or found[3] or "", {})[found[2]] = value
    spent: list[float] = []
    untold: list[float] = []
    for limit in limits.values():
        wait = _from_now(limit.get("reset"), now)
        remaining = number(limit.get("remaining"))
        if wait is not None and not remaining:
            (untold if remaining is None else spent).append(wait)
    return max(spent) if spent else min(untold, default=None)


def of_quota(headers: Mapping[str, str], now: datetime | None, *, spent: bool) -> float | None:
    """Return the seconds until the quota that `x-<vendor>-primary-...` and `-secondary-...` headers tell of is back.

    Such headers come with every answer; so where it is not known that a quota is `spent`, and they say how much of it
    is used, one that is not used up says nothing. Of two that are used up, the later one counts.
    """
    windows = [window for window in map(_Window.of, _named(headers)) if window is not None]
    full = [window for window in windows if window.used is not None and window.used >= _FULL]
    told = any(window.used is not None for window in windows)
    if told and not full and not spent:
        return None
    waits = [wait for window in full or windows if (wait := window.wait(now)) is not None]
    return (max(waits) if full else waits[0]) if waits else None


def _named(headers: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the figures of each quota, primary ones first, named without their beginning."""
    lower = {name.lower(): value for name, value in headers.items() if isinstance(value, str)}
    found: list[dict[str, str]] = []
    for mark in _WINDOWS:
        figures = {
            name.partition(mark)[2]: value for name, value in lower.items() if name.startswith("x-") and mark in name
        }
        found += [figures] if figures else []
    return found


class _Window:
    """What is told of one quota: how much of it is used, in per cent, and when it is back."""

    def __init__(self, used: float | None, after: float | None, at: float | None) -> None:
        self.used = used
        self._after = after
        self._at = at

    @classmethod
    def of(cls, figures: Mapping[str, str]) -> _Window | None:
        after, at = duration(figures.get("-reset-after-seconds")), moment(figures.get("-reset-at"))
        if after is None and at is None:
            return None
        return cls(number(figures.get("-used-percent")), after, at)

    def wait(self, now: datetime | None) -> float | None:
        if self._after is not None and self._after < _POINT:
            return self._after
        return None if self._at is None else until(self._at, now)
