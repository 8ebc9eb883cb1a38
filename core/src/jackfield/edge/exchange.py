"""One HTTP exchange with a client over ASGI: request read within limits, answer written, leaving noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

from ..dialects.base import ErrorReply
from ..model.deadline import Deadline
from ..model.errors import ClientError, Detail, Kind
from ..server.asgi_types import ON_GONE, Receive, Scope, Send
from .auth import fields

LINGER = 2.0
"""Seconds of silence after which a client that was answered early is not listened to any more."""
LINGER_LONGEST = 30.0
"""Seconds after which it is not listened to, whatever it sends."""


class ClientGone(Exception):  # noqa: N818  # not an error: clients leave
    """The client closed the connection; there is nobody left to answer."""


class Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self.started = False
        self._watcher: asyncio.Task[None] | None = None
        self._on_gone: Callable[[Callable[[], None] | None], None] | None = None
        self.gone = False
        self._sending = True
        self._loop = asyncio.get_running_loop()
        self.last_write = self._loop.time()
        self.writing = False

    def require_post(self) -> None:
        """Raise ClientError (405) for any other method."""
        if self.scope["method"] != "POST":
            raise ClientError(
                Kind.METHOD_NOT_ALLOWED,
                f"{self.scope['path']} takes POST, not {self.scope['method']}",
                Detail(headers={"allow": "POST"}),
            )

    def headers(self) -> dict[str, str]:
        """Return the request's headers, names in lower case; of a repeated header the values joined by a comma."""
        return fields(self.scope["headers"])

    async def body(self, limit: int, seconds: float) -> bytes:
        """Return the request's body. Raises ClientError: 413 past `limit` bytes, 408 past `seconds` (0: none)."""
        if self._announced() > limit:
            raise too_large(limit)
        try:
            with Deadline(seconds):
                return await self._body(limit)
        except TimeoutError:
            self._sending = False
            raise too_slow(seconds) from None

    def _announced(self) -> int:
        """Return the length that the head tells; 0 when it tells none."""
        for name, value in self.scope["headers"]:
            if len(name) == 14 and name.lower() == b"content-length":
                return int(value) if value.isdigit() else 0
        return 0

    async def _body(self, limit: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while self._sending:
            piece = await self._piece()
            size += len(piece)
            if size > limit:
                raise too_large(limit)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _piece(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        self._sending = message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece

    def watching(self) -> _Watch:
        """Cancel what runs inside a block when the client leaves, and raise ClientGone in its place."""
        return _Watch(self)

    def watch(self, task: asyncio.Task[Any]) -> None:
        """Have the task cancelled when the client leaves: by a call where the server offers it, else by a task."""

        def gone() -> None:
            self.gone = True
            task.cancel()

        self._on_gone = self.scope.get("extensions", {}).get(ON_GONE)
        if self._on_gone is not None:
            self._on_gone(gone)
        else:
            self._watcher = self._loop.create_task(self._until_gone(gone))

    async def _until_gone(self, gone: Callable[[], None]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        gone()

    def end(self) -> None:
        """Stop watching."""
        if self._on_gone is not None:
            self._on_gone(None)
            self._on_gone = None
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status line and the headers."""
        self.started = True
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def write(self, data: bytes) -> None:
        """Send a piece of the body; waits while the client is slow to read."""
        self.writing = True
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
        self.writing = False
        self.last_write = self._loop.time()

    async def finish(self, data: bytes = b"") -> None:
        """End the body, with a last piece of it."""
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole answer."""
        await self.start(status, {**headers, "content-length": str(len(body))})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def fail(self, reply: ErrorReply, *, listen: bool = True) -> None:
        """Send an error, if nothing was sent before it.

        A client that is still sending is listened to until it has done so, if `listen`: closing at once would reset the
        connection under its hands, and it would never read the error. Our own server does that by itself.
        """
        if self.started or self.gone:
            return
        await self.start(reply.status, {**reply.headers, "content-length": str(len(reply.body))})
        await self.write(reply.body)
        with suppress(TimeoutError, ClientGone):
            async with asyncio.timeout(LINGER_LONGEST):
                while self._sending and listen and ON_GONE not in self.scope.get("extensions", {}):
                    await asyncio.wait_for(self._piece(), LINGER)
        await self.finish()


class _Watch:
    """The block of `Exchange.watching`; a generator would cost more, and stay as long as a stream."""

    __slots__ = ("_exchange", "_task")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # an ASGI app runs in a task
        self._task = task
        self._exchange.watch(task)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._exchange.end()
        if self._exchange.gone and kind is not None and issubclass(kind, asyncio.CancelledError):
            self._task.uncancel()
            raise ClientGone from None


def too_large(limit: int) -> ClientError:
    """Return the 413 of a body with more bytes than allowed."""
    return ClientError(Kind.TOO_LARGE, f"the request's body is larger than {limit} bytes (limits.max-body-bytes)")


def too_slow(seconds: float) -> ClientError:
    """Return the 408 of a body that takes more time than allowed."""
    message = f"the request's body did not arrive within {seconds:g} s (limits.body-timeout)"
    return ClientError(Kind.REQUEST_TIMEOUT, message, Detail(headers={"connection": "close"}))
