"""The waiting room: requests that nobody can serve at the moment, and for which somebody soon can."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager

PLACES = 256
"""Requests that may wait at once; further ones are refused."""
TICK = 0.25
"""Seconds after which a waiting request looks again, though nobody called it."""


class WaitingRoom:
    """The requests that wait, in the order in which they came. Nothing here is I/O: they wait for time and others."""

    def __init__(self, places: int = PLACES) -> None:
        self._places = places
        self._waiting = 0
        self._for: Counter[str] = Counter()
        self._bell: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return self._waiting

    def waiting_for(self, credential: str) -> int:
        """Return how many requests wait that this credential could serve."""
        return self._for[credential] if self._for else 0

    @contextmanager
    def place(self, credentials: Collection[str]) -> Iterator[bool]:
        """Take a place for a request that these could serve; False: there is none left."""
        if self._waiting >= self._places:
            yield False
            return
        self._waiting += 1
        self._for.update(credentials)
        try:
            yield True
        finally:
            self._waiting -= 1
            self._for.subtract(credentials)
            self._for += Counter()  # those at zero are forgotten

    async def pause(self, seconds: float) -> None:
        """Wait until somebody rings, at most this long. Those that came first are woken first."""
        if self._bell is None or self._bell.done():
            self._bell = asyncio.get_running_loop().create_future()
        await asyncio.wait({self._bell}, timeout=max(0.0, min(seconds, TICK)))

    def ring(self) -> None:
        """Wake all that wait: a place is free, or a rest has ended before its time."""
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)
