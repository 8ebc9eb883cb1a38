"""One HTTP/1.1 connection to an upstream, on asyncio's protocol interface and httptools' parser.

It carries one request at a time. What arrives between two reads is handed over as one piece, so a busy stream costs one
wake-up for many chunks; a reader that falls behind stops the socket (back-pressure) instead of filling memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import httptools
import httpx

HIGH_WATER = 256 * 1024
"""Unread bytes at which the socket is paused."""

HEAD_LIMIT = 256 * 1024
"""Bytes that may come before an answer's body."""

DRAIN = 1.0
"""Seconds that an answer whose last event was read may take to end, so that its connection can be kept."""


class Connection(asyncio.Protocol):
    """A connection that sends a request's bytes and reads its answer.

    `head()` and `read()` raise httpx's exceptions, as every httpx transport does.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_lost: Callable[[Connection], None]) -> None:
        self._loop = loop
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self.closed = False
        self.used = False
        self._reset()

    def _reset(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_done = False
        self._head_size = 0
        self._complete = False
        self._until_close = False
        self._keep_alive = False
        self._chunks: list[bytes] = []
        self._size = 0
        self._error: httpx.TransportError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._drained: Callable[[], None] | None = None
        self._silence = 0.0
        self._last = 0.0
        self.received = False

    # -- the request ---------------------------------------------------------------------------------------------

    def send(self, data: bytes, first_byte_timeout: float, idle_timeout: float) -> None:
        """Write a whole request. The time-outs are seconds of silence, before the first byte and after it; 0: none."""
        if self.used:
            self._reset()
        self.used = True
        self._idle_timeout = idle_timeout
        self._silence = first_byte_timeout
        self._last = self._loop.time()
        self._watch()
        assert self._transport is not None  # noqa: S101  # a pool hands out connected connections only
        self._transport.write(data)

    async def head(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Wait for the status line and the headers."""
        while not self._head_done:
            self._raise()
            await self._wait()
        return self._status, self._headers

    async def read(self) -> bytes:
        """Return what has arrived of the body since the last read, waiting if that is nothing; b"" at its end."""
        while not self._chunks:
            if self._complete:
                return b""
            self._raise()
            await self._wait()
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks = []
        self._size = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    @property
    def reusable(self) -> bool:
        """True when the answer is over and the upstream keeps the connection open."""
        return self._complete and self._keep_alive and not self.closed

    def drain(self, drained: Callable[[], None]) -> None:
        """Throw away the rest of the answer and call `drained` at its end; close if that does not come soon."""
        if self._complete or self.closed:
            drained()
            return
        self._unwatch()
        self._chunks = []
        self._drained = drained
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        self._timer = self._loop.call_later(DRAIN, self.abort)

    def rest(self, seconds: float) -> None:
        """Wait for another request, at most so long."""
        self._unwatch()
        self._timer = self._loop.call_later(seconds, self.abort)

    def abort(self) -> None:
        """Close at once, throwing away what is not sent yet."""
        self._unwatch()
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error
        if self.closed:
            raise httpx.ReadError("the connection is closed")

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: httpx.TransportError) -> None:
        if self._error is None and not self._complete:
            self._error = error
        self._wake()

    # -- silence -------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Look again when the current limit of silence could be over: one timer a stream, not one a chunk."""
        self._unwatch()
        if self._silence > 0:
            self._timer = self._loop.call_later(self._silence, self._check_silence)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check_silence(self) -> None:
        left = self._last + self._silence - self._loop.time()
        if left > 0 or self._waiter is None:  # not waited for: the reader is slow, not the upstream
            self._timer = self._loop.call_later(max(left, 1.0), self._check_silence)
            return
        stage = "within" if self.received else "before the first byte within"
        self._fail(httpx.ReadTimeout(f"the upstream sent nothing {stage} {self._silence:g} s"))
        self.abort()

    # -- asyncio.Protocol ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (called by asyncio)."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance, only by its methods

    def data_received(self, data: bytes) -> None:
        """Parse what arrived (called by asyncio)."""
        self._last = self._loop.time()
        if not self.received:
            self.received = True
            self._silence = self._idle_timeout if self.used else 0.0
        if not self.used or self._complete:
            self.abort()  # bytes that nobody asked for: this connection cannot be trusted any more
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(httpx.RemoteProtocolError(f"not an HTTP answer: {error}"))
            self.abort()
        if not self._head_done:
            self._measure_head(len(data))
        self._wake()

    def _measure_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > HEAD_LIMIT:
            self._fail(httpx.RemoteProtocolError(f"not an HTTP answer: more than {HEAD_LIMIT} bytes of headers"))
            self.abort()

    def eof_received(self) -> None:
        """Take the end of the connection for the end of a body that has no length of its own (called by asyncio)."""
        if self._until_close and self._head_done:
            self._complete = True
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail whoever waits (called by asyncio)."""
        self._unwatch()
        self.closed = True
        self._fail(httpx.ReadError(f"the upstream closed the connection{f': {exc}' if exc else ''}"))
        self._on_lost(self)

    # -- httptools -----------------------------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header (called by the parser)."""
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Take the status (called by the parser). An interim answer (1xx) is passed over."""
        status = self._parser.get_status_code()
        if status < 200:
            self._headers = []
            return
        self._status = status
        self._head_done = True
        names = dict(self._headers)
        self._until_close = b"content-length" not in names and b"chunked" not in names.get(b"transfer-encoding", b"")
        self._silence = self._idle_timeout
        self._watch()

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body (called by the parser)."""
        if self._drained is not None:
            return
        self._chunks.append(body)
        self._size += len(body)
        if self._size > HIGH_WATER and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """Note the end of the answer (called by the parser)."""
        if self._head_done:
            self._complete = True
            self._keep_alive = self._parser.should_keep_alive()
            self._unwatch()
            if self._drained is not None:
                self._drained()
