"""One request and its answer, as the ASGI application sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from .asgi_types import Message
from .head import head

HIGH_WATER = 64 * 1024
"""Bytes of a body that wait for the application; beyond that the client has to wait."""

THROWN_AWAY = 1024 * 1024
"""Bytes of a body that are read for nothing, when it was answered before it came, so that the connection stays."""

_STATUS_LINE = b"HTTP/1.1 "
"""What every answer begins with."""

_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class Channel(Protocol):
    """What a cycle needs of its connection."""

    def write(self, data: bytes) -> None:
        """Send bytes to the client."""

    async def writable(self) -> None:
        """Return when the client has read enough of what was sent before."""

    def listen(self) -> None:
        """Take more of the body."""

    def finished(self, cycle: Cycle) -> None:
        """Take note that the answer is complete."""

    def cut(self) -> None:
        """Close at once: what was sent is no whole answer."""


@dataclass(slots=True)
class ResponseOptions:
    """What a request's head says of its answer."""

    head_only: bool
    """The answer has no body: HEAD."""
    chunks: bool
    """The client reads chunks (HTTP/1.1)."""
    keep_alive: bool
    """The connection may carry another request afterwards."""
    awaits_continue: bool
    """The client sends no body before it is asked to."""
    length: int | None = None
    """Bytes of the request's body, where the head tells it."""


class Cycle:
    """`receive` and `send` of one request. Of each, one call at a time."""

    __slots__ = (
        "_body",
        "_body_delivered",
        "_channel",
        "_chunked",
        "_head",
        "_left",
        "_loop",
        "_no_body",
        "_on_gone",
        "_received",
        "_size",
        "_waiter",
        "_zeros",
        "disconnected",
        "early",
        "options",
        "request_complete",
        "response_complete",
        "response_started",
        "scope",
    )

    def __init__(
        self, channel: Channel, loop: asyncio.AbstractEventLoop, scope: dict[str, Any], options: ResponseOptions
    ) -> None:
        self._channel = channel
        self._loop = loop
        self.scope = scope
        self.options = options
        self._body: list[bytes] = []
        self._size = 0
        self._received = 0
        self._body_delivered = False
        self._waiter: asyncio.Future[None] | None = None
        self._on_gone: Callable[[], None] | None = None
        self._chunked = False
        self._no_body = False
        self._head = b""
        self._left: int | None = None
        self._zeros = 8  # with the digits of a chunk these are 16 at most, more of which some readers refuse
        self.request_complete = False
        self.early = 0
        """Bytes of the answer's head that were sent before it was known."""
        self.response_started = False
        self.response_complete = False
        self.disconnected = False

    # What the connection tells.

    def take(self, piece: bytes) -> bool:
        """Keep a piece of the body for the application; return False when enough is waiting.

        One that comes after the answer is thrown away; False then means that it was too much.
        """
        self._received += len(piece)
        if self.response_complete:
            self._size += len(piece)
            return self._size <= THROWN_AWAY
        self._body.append(piece)
        self._size += len(piece)
        self._wake()
        return self._size <= HIGH_WATER

    def end(self) -> None:
        """Take note that the body is complete."""
        self.request_complete = True
        self._wake()

    def leave(self) -> None:
        """Tell the application that the client is gone."""
        if not self.disconnected:
            self.disconnected = True
            self._wake()
            if self._on_gone is not None and not self.response_complete:
                self._on_gone()

    def probe(self) -> bytes:
        """Return a byte that may be sent at any time without changing the answer; b"" when there is none (ADR 0014).

        Before the head it is the next one of what every answer begins with; between two chunks a zero in front of
        the next one's length.
        """
        if not self.response_started and self.early < len(_STATUS_LINE):
            self.early += 1
            return _STATUS_LINE[self.early - 1 : self.early]
        if self.response_started and self._chunked and not self.response_complete and self._zeros:
            self._zeros -= 1
            return b"0"
        return b""

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the application calls.

    def on_gone(self, call: Callable[[], None] | None) -> None:
        """Have `call` called when the client leaves before its answer is complete: a watch that costs no task."""
        self._on_gone = call
        if self.disconnected and call is not None:
            call()

    async def receive(self) -> Message:
        """Return a piece of the body, or `http.disconnect` once the client left or was answered."""
        if self.options.awaits_continue and not (self.response_started or self.disconnected or self.request_complete):
            self.options.awaits_continue = False
            self._channel.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not self.disconnected and not self.response_complete:
            if self._body or (self.request_complete and not self._body_delivered):
                return self._request()
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return {"type": "http.disconnect"}

    def _request(self) -> Message:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body = []
        self._size = 0
        self._body_delivered = self.request_complete
        self._channel.listen()  # behind a complete body too: whether the client leaves is heard by listening alone
        return {"type": "http.request", "body": body, "more_body": not self.request_complete}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send the head or a piece of the body; waits while the client is slow. Once it is gone, nothing happens."""
        if self.disconnected or self.response_complete:
            return
        kind = message["type"]
        if kind == "http.response.body" and (self.response_started or self._head):
            self._piece(message.get("body", b""), more=message.get("more_body", False))
        elif kind == "http.response.start" and not (self.response_started or self._head):
            self._start(message["status"], message.get("headers", ()))
            return
        else:
            raise RuntimeError(f"the application sent {kind} at the wrong time")
        await self._channel.writable()

    def _start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep the head until the first piece of the body comes, as ASGI wants it: both then leave together."""
        told = [(bytes(name).lower(), bytes(value)) for name, value in headers]
        names = dict(told)
        if not self.request_complete and not self._may_throw_away():
            self.options.keep_alive = False
        self._no_body = self.options.head_only or status in _BODILESS
        if names.get(b"connection", b"").lower() == b"close":
            self.options.keep_alive = False
        elif not self.options.keep_alive:
            told.append((b"connection", b"close"))
        if (length := names.get(b"content-length")) is not None:
            self._left = int(length)
        elif not self._no_body:
            self._chunked = self.options.chunks
            self.options.keep_alive = self.options.keep_alive and self._chunked
            if self._chunked:
                told.append((b"transfer-encoding", b"chunked"))
        self._head = head(status, told, date=b"date" not in names) + b"\r\n"

    def _may_throw_away(self) -> bool:
        """Return True when what is missing of the body will come, and is little enough to be read for nothing."""
        if self.options.awaits_continue:
            return False  # the client may send it now, or not: what follows could be taken for either
        missing = self._received if self.options.length is None else self.options.length - self._received
        return missing <= THROWN_AWAY

    def _piece(self, data: bytes, *, more: bool) -> None:
        if self._no_body:
            data = b""
        elif self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
            if not more:
                data += b"0\r\n\r\n"
        elif self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                raise RuntimeError("the application sent more than its content-length")
        if self._head:
            data, self._head, self.response_started = self._head[self.early :] + data, b"", True
        if data:
            self._channel.write(data)
        if not more:
            self._finish()

    def _finish(self) -> None:
        self.response_complete = True
        self._body, self._size = [], 0
        self._wake()
        if self._left and not self._no_body:
            self._channel.cut()
        else:
            self._channel.finished(self)
