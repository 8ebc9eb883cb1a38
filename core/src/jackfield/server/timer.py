"""How long a connection waits for what its client owes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timer:
    """One timer for all the waits of a connection, one after the other; `lost` is called when one took too long.

    A wait that begins costs a reading of the clock: the timer is set anew only when it would come too late.
    """

    __slots__ = ("_loop", "_lost", "_since", "_timer", "seconds")

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: Callable[[], None]) -> None:
        self._loop = loop
        self._lost = lost
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.seconds = 0.0
        """Of the wait under way; 0 when there is none."""

    def wait(self, seconds: float) -> None:
        """Begin a wait that may take so many seconds; 0: for ever."""
        self.seconds = seconds
        self._since = self._loop.time()
        if seconds and (self._timer is None or self._since + seconds < self._timer.when()):
            self.stop()
            self._timer = self._loop.call_at(self._since + seconds, self._look)

    def rest(self) -> None:
        """End the wait."""
        self.seconds = 0.0

    def stop(self) -> None:
        """Let go of the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        due = self._since + self.seconds
        if not self.seconds:
            return
        if due > self._loop.time():
            self._timer = self._loop.call_at(due, self._look)
        else:
            self._lost()
