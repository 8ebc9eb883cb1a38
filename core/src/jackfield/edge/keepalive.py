"""Keeping a silent stream open: clients and the boxes between give up on connections that say nothing for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .exchange import Exchange

PERIOD = 10.0
"""Seconds of silence after which a ping is sent."""


class Heartbeat:
    """Sends what `ping` returns whenever nothing was written for `period` seconds; b"" sends nothing.

    One timer a stream; it looks at the clock, so a busy stream pays nothing for it. To a client that does not read
    nothing is sent: what was written before still waits, a ping would only be added to it.
    """

    def __init__(self, exchange: Exchange, ping: Callable[[], bytes], period: float | None = None) -> None:
        self._exchange = exchange
        self._ping = ping
        self._period = PERIOD if period is None else period
        self._loop = asyncio.get_running_loop()
        self._sending: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(self._period, self._beat)

    def _beat(self) -> None:
        silence = self._loop.time() - self._exchange.last_write
        stuck = self._exchange.writing or (self._sending is not None and not self._sending.done())
        if silence >= self._period and not stuck and (data := self._ping()):
            self._sending = self._loop.create_task(self._exchange.write(data))
            silence = 0.0
        self._timer = self._loop.call_later(max(self._period - silence, 0.1), self._beat)

    def stop(self) -> None:
        """Send nothing more."""
        self._timer.cancel()
        if self._sending is not None and not self._sending.done():
            self._sending.cancel()
