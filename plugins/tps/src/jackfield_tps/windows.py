"""The grammar of `window`: durations such as `30s`, `5m`, `1h30m`."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

_UNITS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600)}
_PART = r"(\d+\.?\d*|\.\d+)(ms|s|m|h)"
_WHOLE = re.compile(rf"(?:{_PART})+", re.ASCII)

LONGEST_TEXT = 64
LONGEST = Decimal(100 * 365 * 24 * 3600)
"""Seconds; a longer window is no window, since there is no such history."""


def window(text: str) -> timedelta | None:
    """Return the duration that a text names; None when it is no duration, or not a positive one.

    Parts are a decimal number and a unit (`h`, `m`, `s` or `ms`), one after the other without a space, in any order.
    """
    if len(text) > LONGEST_TEXT or not _WHOLE.fullmatch(text):
        return None
    total = sum((Decimal(number) * _UNITS[unit] for number, unit in re.findall(_PART, text, re.ASCII)), Decimal(0))
    if total > LONGEST:
        return None
    return timedelta(microseconds=int(total * 1_000_000)) or None
