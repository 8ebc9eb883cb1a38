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

from . import sockets
from .outgoing import PIECE, Outgoing

HIGH_WATER = 256 * 1024
"""Unread bytes at which the socket is paused."""

HEAD_LIMIT = 256 * 1024
"""Bytes that may come before an answer's body."""

STALE = 0.02
"""Seconds after a request was written within which an end of its kept connection says that it had ended before."""

LARGE = 16 * 1024
"""Bytes of a request from which on it may not have left yet when its answer is over; the kernel holds less at once."""

DRAIN = 1.0
"""Seconds that an answer whose last event was read may take to end, so that its connection can be kept."""


class Connection(asyncio.Protocol):
    """A connection that sends a request's bytes and reads its answer.

    `head()` and `read()` raise httpx's exceptions, as every httpx transport does.
    """

    __slots__ = (
        "_alarm",
        "_alarm_at",
        "_chunks",
        "_complete",
        "_descriptor",
        "_drained",
        "_error",
        "_head_done",
        "_head_size",
        "_headers",
        "_idle_timeout",
        "_keep_alive",
        "_last",
        "_loop",
        "_lost_at",
        "_more",
        "_on_lost",
        "_outgoing",
        "_parser",
        "_paused",
        "_rests_until",
        "_sent",
        "_sent_at",
        "_silence",
        "_size",
        "_status",
        "_timer",
        "_timer_at",
        "_transport",
        "_until_close",
        "_waiter",
        "closed",
        "received",
        "unread",
        "used",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, on_lost: Callable[[Connection], None]) -> None:
        self._loop = loop
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._outgoing = Outgoing(loop)
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._alarm: Callable[[], None] | None = None
        self._alarm_at = 0.0
        self._descriptor = -1
        self._rests_until = 0.0
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
        self._more = False
        self._sent = 0
        self._sent_at = 0.0
        self._lost_at = 0.0
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
        self.unread = b""

    # -- the request ---------------------------------------------------------------------------------------------

    def send(self, data: bytes, first_byte_timeout: float, idle_timeout: float, *, may_be_stale: bool = False) -> None:
        """Write a whole request. The time-outs are seconds of silence, before the first byte and after it; 0: none.

        `may_be_stale`: it is kept, as `unread`, as long as the connection may turn out to have ended before.
        """
        if self.used:
            self._reset()
        self.used = True
        self._idle_timeout = idle_timeout
        self._silence = first_byte_timeout
        self._last = self._sent_at = self._loop.time()
        self._sent = len(data)
        self._watch()
        assert self._transport is not None  # noqa: S101  # a pool hands out connected connections only
        if self._sent > PIECE:
            self._outgoing.begin(self._transport, data)
        else:
            self._transport.write(data)
        if may_be_stale:
            self.unread = data
            if self._sent > LARGE:  # a small one may stay until the answer begins: a timer costs more
                self._loop.call_later(2 * STALE, self._forget, data)

    def _forget(self, data: bytes) -> None:
        """Keep a request no longer: an end of the connection would not be held to have come before it."""
        if self.unread is data and not self._lost_at:
            self.unread = b""

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
        """True when request and answer are over, nothing came behind it, and the upstream keeps the connection open."""
        return self._complete and self._keep_alive and not (self.closed or self._more) and self._is_sent()

    @property
    def was_stale(self) -> bool:
        """True when the connection ended as the request was written: the upstream cannot have worked on it."""
        return not self.received and 0 < self._lost_at <= self._sent_at + STALE

    @property
    def fit(self) -> bool:
        """True when a resting connection can take a request: not too old, also if the machine slept, and silent."""
        if self.closed or sockets.awake() > self._rests_until:
            return False
        return self._descriptor < 0 or not sockets.is_readable(self._descriptor)

    def _is_sent(self) -> bool:
        """Return True when the whole request has left: an early answer may come while the rest still waits."""
        if self._sent <= LARGE or self._transport is None:
            return True
        if self._outgoing:
            return False
        waiting = self._transport.get_write_buffer_size()
        return not waiting and (self._descriptor < 0 or not sockets.unsent(self._descriptor))

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
        self._set_alarm(DRAIN, self.abort)

    def rest(self, seconds: float) -> None:
        """Wait for another request, at most so long."""
        self._rests_until = sockets.awake() + seconds
        self._set_alarm(seconds, self.abort)

    def abort(self) -> None:
        """Close at once, throwing away what is not sent yet."""
        self._outgoing.drop()
        self._stop_timer()
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
        if self._silence > 0:
            self._set_alarm(self._silence, self._check_silence)
        else:
            self._unwatch()

    def _unwatch(self) -> None:
        """Wait for nothing. The timer stays: the next wait may use it."""
        self._alarm = None

    def _set_alarm(self, seconds: float, alarm: Callable[[], None]) -> None:
        """Have this called after so many seconds, and nothing else; a new timer is made only where it must be earlier.

        So a kept connection needs none for each request and each rest.
        """
        self._alarm, self._alarm_at = alarm, self._loop.time() + seconds
        if self._timer is None or self._alarm_at < self._timer_at:
            self._stop_timer()
            self._alarm, self._timer_at = alarm, self._alarm_at
            self._timer = self._loop.call_at(self._alarm_at, self._ring)

    def _stop_timer(self) -> None:
        self._alarm = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer, alarm = None, self._alarm
        if alarm is None:
            return
        if self._loop.time() < self._alarm_at:
            self._set_alarm(self._alarm_at - self._loop.time(), alarm)
        else:
            alarm()

    def _check_silence(self) -> None:
        left = self._last + self._silence - self._loop.time()
        if left > 0 or self._waiter is None:  # not waited for: the reader is slow, not the upstream
            self._set_alarm(max(left, 1.0), self._check_silence)
            return
        stage = "within" if self.received else "before the first byte within"
        self._fail(httpx.ReadTimeout(f"the upstream sent nothing {stage} {self._silence:g} s"))
        self.abort()

    # -- asyncio.Protocol ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (called by asyncio)."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance, only by its methods
        sock = transport.get_extra_info("socket")
        self._descriptor = sock.fileno() if sock is not None else -1

    def data_received(self, data: bytes) -> None:
        """Parse what arrived (called by asyncio)."""
        self._last = self._loop.time()
        if not self.received:
            self.received = True
            self.unread = b""
            self._silence = self._idle_timeout if self.used else 0.0
        if not self.used or self._complete:
            self.abort()  # bytes that nobody asked for: this connection cannot be trusted any more
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(httpx.RemoteProtocolError(f"not an HTTP answer: {error}"))
            self.abort()
        if self._more:
            self.abort()  # behind an answer's end nothing may come: whose it is cannot be told (RFC 9112 9.2)
        if not self._head_done:
            self._measure_head(len(data))
        self._wake()

    def _measure_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > HEAD_LIMIT:
            self._fail(httpx.RemoteProtocolError(f"not an HTTP answer: more than {HEAD_LIMIT} bytes of headers"))
            self.abort()

    def pause_writing(self) -> None:
        """Hold a large request back (called by asyncio)."""
        self._outgoing.hold()

    def resume_writing(self) -> None:
        """Write more of a large request (called by asyncio)."""
        self._outgoing.go_on()

    def eof_received(self) -> None:
        """Take the end of the connection for the end of a body that has no length of its own (called by asyncio)."""
        self._lost_at = self._lost_at or self._loop.time()
        if self._until_close and self._head_done:
            self._complete = True
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail whoever waits (called by asyncio)."""
        del self._parser  # it has methods of this: a cycle, which only the collector would find
        self._stop_timer()
        self._outgoing.drop()
        self.closed = True
        self._lost_at = self._lost_at or self._loop.time()
        self._fail(httpx.ReadError(f"the upstream closed the connection{f': {exc}' if exc else ''}"))
        self._on_lost(self)

    # -- httptools -----------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Note what begins behind the end of the answer (called by the parser). Nothing of it is the answer's."""
        self._more = self._complete

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header (called by the parser). Those behind a body say nothing here, and may be endless."""
        if not self._head_done and not self._more:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Take the status (called by the parser). An interim answer (1xx) is passed over."""
        if self._more:
            return
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
        if self._drained is not None or self._more:
            return
        self._chunks.append(body)
        self._size += len(body)
        if self._size > HIGH_WATER and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """Note the end of the answer (called by the parser)."""
        if self._head_done and not self._more:
            self._complete = True
            self._keep_alive = self._parser.should_keep_alive()
            self._unwatch()
            if self._drained is not None:
                self._drained()
