"""A large request on its way out, in pieces and no faster than its connection takes them.

A write is copied, and for TLS encrypted, in one call: sixty megabytes at once would hold the event loop, and lie in
memory twice until the last of them has left.
"""

from __future__ import annotations

import asyncio

PIECE = 256 * 1024
"""Bytes that are written in one pass of the loop: some tenths of a millisecond, with TLS too."""


class Outgoing:
    """What is left of a connection's request."""

    __slots__ = ("_held", "_left", "_loop", "_soon", "_transport")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._left = memoryview(b"")
        self._held = self._soon = False

    def __bool__(self) -> bool:
        """Return True while something waits to be written."""
        return bool(self._left)

    def begin(self, transport: asyncio.WriteTransport, data: bytes) -> None:
        """Write the first piece of a request, and the others when their turn comes."""
        self._transport = transport
        self._left = memoryview(data)
        self._write()

    def _write(self) -> None:
        self._soon = False
        if self._held or not self._left:
            return
        piece, self._left = self._left[:PIECE], self._left[PIECE:]
        self._transport.write(piece)  # may call `hold`
        self._plan()

    def _plan(self) -> None:
        if self._left and not (self._held or self._soon):
            self._soon = True
            self._loop.call_soon(self._write)

    def hold(self) -> None:
        """Write nothing for now: the connection has enough."""
        self._held = True

    def go_on(self) -> None:
        """Write again."""
        self._held = False
        self._plan()

    def drop(self) -> None:
        """Let go of the rest."""
        self._left = memoryview(b"")
