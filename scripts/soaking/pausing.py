"""Waiting that ends early when everything shall stop."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long; return True at once when `stop` is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()


_PULSE, _LATE = 0.25, 1.0
"""Seconds between looks at the clock, and those that a look may take on a machine with other work."""


async def note_stalls(stalls: list[list[float]], stop: asyncio.Event) -> None:
    """Note when this process itself was held up, its relays with it: from when until when, on the monotonic clock."""
    while not stop.is_set():
        before = time.monotonic()
        stalls.append([before + _LATE, math.inf])  # one that goes on: answers may be judged before this task is woken
        await stopped_within(stop, _PULSE)
        stalls.pop()
        if (now := time.monotonic()) - before > _LATE:
            stalls.append([before, now])
