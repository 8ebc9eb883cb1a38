"""Telling a client that left from one that only said that it sends no more.

Both look alike from here: the end of what the client sends. A byte that it gets shows the difference, for the machine
of one that left answers it with a reset (ADR 0014). Nothing of this runs before such an end was heard.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable

LOOK = 0.25
"""Seconds between two looks at a socket, at most; a reset that came by itself is noticed by them."""
SOON = 0.01
"""Seconds after a byte until the first look at what it brought; doubled from look to look, up to `LOOK`."""
FIRST_PAUSE = 0.5
"""Seconds between the first byte and the second; doubled from byte to byte."""


class Leaving:
    """Watches a socket whose client sends no more; calls `left` when nobody is there to read the answer either.

    `probe` sends a byte of the answer that can do no harm, if there is one.
    """

    __slots__ = ("_left", "_loop", "_next_probe", "_pause", "_probe", "_timer", "_wait", "_watched")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, descriptor: int, probe: Callable[[], None], left: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._watched = _poll(descriptor)
        self._probe = probe
        self._left = left
        self._pause = FIRST_PAUSE
        self._next_probe = loop.time()
        self._wait = SOON
        self._timer = loop.call_soon(self._look)

    def stop(self) -> None:
        """Watch no longer."""
        self._timer.cancel()

    def _look(self) -> None:
        if self._watched is not None and self._watched.poll(0):
            self._left()
            return
        now = self._loop.time()
        if now >= self._next_probe:
            self._probe()
            self._next_probe = now + self._pause
            self._pause *= 2
            self._wait = SOON
        self._timer = self._loop.call_later(self._wait, self._look)
        self._wait = min(self._wait * 2, LOOK)


def _poll(descriptor: int) -> select.poll | None:
    """Return what tells of a reset and of nothing else; None where the system has no poll: writing shows it there."""
    if not hasattr(select, "poll"):
        return None
    watched = select.poll()
    watched.register(descriptor, 0)
    return watched
