"""Keeping a silent stream open: clients and the boxes between give up on connections that say nothing for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .exchange import Exchange

PERIOD = 10.0
"""Seconds of silence after which a ping is sent."""


@contextmanager
def heartbeat(exchange: Exchange, ping: Callable[[], bytes], period: float = PERIOD) -> Iterator[None]:
    """Send what `ping` returns whenever nothing was written for `period` seconds; b"" sends nothing."""
    beating = _Heartbeat(exchange, ping, period)
    try:
        yield
    finally:
        beating.stop()


class _Heartbeat:
    """One timer a stream; it looks at the clock, so a busy stream pays nothing for it."""

    def __init__(self, exchange: Exchange, ping: Callable[[], bytes], period: float) -> None:
        self._exchange = exchange
        self._ping = ping
        self._period = period
        self._loop = asyncio.get_running_loop()
        self._sending: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(period, self._beat)

    def _beat(self) -> None:
        silence = self._loop.time() - self._exchange.last_write
        if silence >= self._period and not self._exchange.writing and (data := self._ping()):
            self._sending = self._loop.create_task(self._exchange.write(data))
            silence = 0.0
        self._timer = self._loop.call_later(max(self._period - silence, 0.1), self._beat)

    def stop(self) -> None:
        self._timer.cancel()
        if self._sending is not None and not self._sending.done():
            self._sending.cancel()
