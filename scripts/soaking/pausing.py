"""Waiting that ends early when everything shall stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long; return True at once when `stop` is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
