"""The end of a connection: once everything was read, or so that what was sent last can be read."""

from __future__ import annotations

import asyncio

from .limits import ConnectionLimits
from .timer import Timer


class Farewell:
    """Closes a transport. `said` is True from the moment when nothing more is to be read or written."""

    __slots__ = ("_idle", "_limits", "_lingers_until", "_loop", "_transport", "_unsent", "said")

    def __init__(
        self, transport: asyncio.Transport, limits: ConnectionLimits, timer: Timer, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._transport = transport
        self._limits = limits
        self._idle = timer
        self._loop = loop
        self._unsent = 0
        self._lingers_until = 0.0
        self.said = False

    def close(self) -> None:
        """Close once everything is sent, or soon; at once when it lingers."""
        if not self.said or self._lingers_until:
            self.said = True
            self._lingers_until = 0.0
            self._transport.close()
            self.expect_reading()

    def linger(self) -> None:
        """Say the end, and listen to what the client still sends (RFC 9112, 9.6).

        Closing at once would reset the connection under its hands, and it would never read the answer.
        """
        if not self.said:
            self.said = True
            self._lingers_until = self._loop.time() + self._limits.linger_longest
            self._transport.write_eof()
            self.heard()

    def heard(self) -> None:
        """Take note that the client sent something that nobody reads."""
        if self._lingers_until and self._loop.time() > self._lingers_until:
            self.close()
        elif self._lingers_until:
            self._unsent = self._transport.get_write_buffer_size()
            limits = self._limits
            self._idle.wait(limits.write_timeout if self._unsent else limits.linger_timeout)

    def cut(self) -> None:
        """Close at once: what was sent is no whole answer, or nobody takes it."""
        self.said = True
        self._transport.abort()

    def expect_reading(self) -> None:
        """Give the client time to read something of what waits for it."""
        self._unsent = self._transport.get_write_buffer_size()
        self._idle.wait(self._limits.write_timeout)

    def timed_out(self) -> None:
        """Cut off a client that read nothing in that time."""
        if 0 < self._transport.get_write_buffer_size() < self._unsent:
            self.expect_reading()
        else:
            self.cut()
