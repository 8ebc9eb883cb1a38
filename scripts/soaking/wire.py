"""A client's connection, as bytes: kept for the next request, or left at any moment and in any manner."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

_NO_LINGER = struct.pack("ii", 1, 0)
_LIMIT = 1 << 22


class BrokenAnswerError(Exception):
    """The server's answer broke off, or is no HTTP."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of an answer; names in lower case."""

    status: int
    headers: Mapping[str, str]


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.reusable = False
        self._ended = False
        self.idle_since = 0.0

    @classmethod
    async def connect(cls, port: int) -> Wire:
        """Connect on loopback. Raises OSError."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=_LIMIT))

    async def send(self, data: bytes) -> None:
        """Write."""
        self.reusable = False
        self._writer.write(data)
        await self._writer.drain()

    def end(self) -> None:
        """Close our own side, and go on listening."""
        self._ended = True
        self._writer.write_eof()

    async def head(self) -> Head:
        """Read status and headers. Raises BrokenAnswerError."""
        try:
            text = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as error:
            raise BrokenAnswerError(f"no head: {error!r}") from error
        first, *lines = text[:-4].split("\r\n")
        split = (line.partition(":") for line in lines)
        return Head(int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in split})

    async def pieces(self, head: Head) -> AsyncIterator[bytes]:
        """Read the body piece by piece; afterwards the connection is reusable. Raises BrokenAnswerError."""
        try:
            if head.headers.get("transfer-encoding") == "chunked":
                while size := int(await self._reader.readuntil(b"\r\n"), 16):
                    yield (await self._reader.readexactly(size + 2))[:-2]
                await self._reader.readexactly(2)
            elif length := int(head.headers["content-length"]):
                yield await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError, KeyError) as error:
            raise BrokenAnswerError(f"the body broke off: {error!r}") from error
        self.reusable = not self._ended and head.headers.get("connection", "").lower() != "close"

    async def body(self, head: Head) -> bytes:
        """Read the whole body."""
        return b"".join([piece async for piece in self.pieces(head)])

    def leave(self, *, abruptly: bool = False) -> None:
        """Close: with a reset, or as TCP says goodbye."""
        if abruptly:
            connected: socket.socket = self._writer.get_extra_info("socket")
            with suppress(OSError):
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self._writer.transport.abort()
        else:
            self._writer.close()

    @property
    def closed(self) -> bool:
        """True when the server closed it."""
        return self._reader.at_eof() or self._writer.is_closing()


class Wires:
    """The connections that clients keep between requests."""

    STALE = 20.0
    """Seconds after which a client does not trust a kept connection any more."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._kept: list[Wire] = []

    async def take(self) -> Wire:
        """Return a kept connection, or a new one."""
        while self._kept:
            wire = self._kept.pop()
            if not wire.closed and time.monotonic() - wire.idle_since < self.STALE:
                return wire
            wire.leave()
        return await Wire.connect(self.port)

    def give_back(self, wire: Wire) -> None:
        """Keep a connection whose answer was read to its end; close any other."""
        if wire.reusable and len(self._kept) < 20:
            wire.idle_since = time.monotonic()
            self._kept.append(wire)
        else:
            wire.leave()

    def close(self) -> None:
        """Close them all."""
        while self._kept:
            self._kept.pop().leave()
