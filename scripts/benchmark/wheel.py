"""One timer for all paced streams: a wheel of slots, a millisecond each, turned once per interval."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

Step = Callable[[], bool]
"""Does what is due; returns False when nothing is left to do."""


class Wheel:
    """Call each step that was added once per interval, until it returns False.

    It stands still, and costs nothing, while it is empty.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, interval_ms: int) -> None:
        self._loop = loop
        self._slots: list[list[Step]] = [[] for _ in range(interval_ms)]
        self._tick = 0
        self._count = 0

    def add(self, step: Step) -> None:
        """Call `step` one interval from now, and again each interval."""
        if not self._count:
            self._tick = self._now()
            self._wait()
        self._count += 1
        self._slots[self._tick % len(self._slots)].append(step)

    def _now(self) -> int:
        return int(self._loop.time() * 1000)

    def _wait(self) -> None:
        self._loop.call_at((self._tick + 1) / 1000, self._turn)

    def _turn(self) -> None:
        """Work off the slots up to now, at most one whole turn: a late wheel does not send in bursts."""
        now = self._now()
        for tick in range(max(self._tick + 1, now - len(self._slots) + 1), now + 1):
            slot = self._slots[tick % len(self._slots)]
            slot[:] = [step for step in slot if step()]
        self._tick = max(now, self._tick)
        self._count = sum(map(len, self._slots))
        if self._count:
            self._wait()
