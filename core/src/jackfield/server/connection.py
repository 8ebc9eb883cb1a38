"""One connection of a client: HTTP/1.1 on asyncio's protocol interface and httptools' parser.

A request's application starts when its head is complete. Requests that come before the one in front of them was
answered wait their turn, unread as far as the socket allows. Offers of other protocols are passed over: every request
is served here, by the same rules.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from typing import Any, cast

import httptools

from ..model.errors import ClientError, Kind, RequestFailed
from .asgi_types import ON_GONE, ASGIApp
from .cycle import Cycle
from .farewell import Farewell
from .head import head
from .leaving import Leaving
from .limits import ConnectionLimits
from .refusal import Refuse, plainly
from .request import RequestHead, address, bad, too_large
from .timer import Timer

logger = logging.getLogger("jackfield.server")

FRAME = 16
"""Bytes around a chunk that are no notes: its length, its line breaks. As many again as its bytes are let pass too."""


class Connection(asyncio.Protocol):
    """Serves an ASGI application to one client.

    `state` is what the application's lifespan left; `refuse` says what a client is told whose request is none.
    """

    def __init__(
        self, app: ASGIApp, limits: ConnectionLimits, state: Mapping[str, Any], refuse: Refuse = plainly
    ) -> None:
        self._app = app
        self._limits = limits
        self._state = state
        self._refusal = refuse
        self._loop = asyncio.get_running_loop()
        self._served: asyncio.Future[None] = self._loop.create_future()
        self._parser = httptools.HttpRequestParser(self)
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: deque[Cycle] = deque()
        self._active: Cycle | None = None
        self._reading: Cycle | None = None
        self._in_head = False
        self._offers: list[tuple[bytes, bytes]] = []
        self._unread = 0
        self._notes = 0
        self._reading_paused = False
        self._stopping = False
        self._ended = False
        self._leaving: Leaving | None = None
        self._writable: asyncio.Future[None] | None = None
        self._idle = Timer(self._loop, self._timed_out)

    # For the server.

    async def served(self) -> None:
        """Return when the connection is closed and every request's application has ended.

        Cancelled, it cancels the requests that are still open, waits for their last words and closes.
        """
        try:
            await asyncio.shield(self._served)
            if self._tasks:
                await asyncio.wait(self._tasks)
        except asyncio.CancelledError:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._farewell.close()
            raise

    def stop(self) -> None:
        """Close, now when nothing is asked, else after the answer that is under way."""
        self._stopping = True
        if self._active is None:
            self._close()
        else:
            self._active.options.keep_alive = False

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance, only by its methods
        self._client = address(transport.get_extra_info("peername"))
        self._server = address(transport.get_extra_info("sockname"))
        self._farewell = Farewell(self._transport, self._limits, self._idle, self._loop)
        self._idle.wait(self._limits.idle_timeout)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived."""
        if self._farewell.said or self._ended:
            self._farewell.heard()
            return
        self._unread += len(data)
        if self._reading is not None:
            self._notes += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            self._refuse(bad(f"this is no HTTP/1.1 request: {error}"))
        else:
            self._look_at_rest()

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            rest: memoryview | None = memoryview(data)[offer.args[0] :]
            while rest is not None:
                rest = self._pass_over_offer(rest)

    def _pass_over_offer(self, rest: memoryview) -> memoryview | None:
        """Read a request anew without its offer of another protocol, at which the parser stopped, and then the rest.

        Returns what is left behind the head of another such request.
        """
        if self._parser.get_method() == b"CONNECT":
            self._refuse(bad("this server opens no tunnels; it answers requests itself"))
            return None
        bare, self._offers = self._head.without_offer(self._parser)
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(bare)
        try:
            self._parser.feed_data(rest)
        except httptools.HttpParserUpgrade as offer:
            return rest[offer.args[0] :]
        return None

    def _look_at_rest(self) -> None:
        """Judge what is not complete yet: how much it is, and since when."""
        if self._in_head or self._reading is not None:
            limit = self._limits.header_bytes
            if self._unread > limit:
                self._refuse(too_large(limit))
            elif self._notes > limit and self._reading is not None:
                self._refuse(bad(f"the notes between the body's chunks have more than {limit} bytes"))
            elif self._in_head and self._active is None and self._idle.seconds != self._limits.header_timeout:
                self._idle.wait(self._limits.header_timeout)

    def pause_writing(self) -> None:
        """Let the application wait."""
        self._writable = self._loop.create_future()
        self._farewell.expect_reading()

    def resume_writing(self) -> None:
        """Let it go on."""
        if self._farewell.said:
            self._farewell.expect_reading()
        elif self._active is None:
            self._idle.wait(self._limits.idle_timeout)
        else:
            self._idle.rest()
        self._release()

    def _release(self) -> None:
        if self._writable is not None:
            self._writable.set_result(None)
            self._writable = None

    def eof_received(self) -> bool:
        """Take note that the client sends no more. It may still read: what it asked for is answered."""
        if self._farewell.said:
            return False
        if not self._ended:
            self._give_up_reading()
            if self._active is None or self._active.disconnected:
                return False
            self._end_after_these()
        if self._leaving is None:
            descriptor = self._transport.get_extra_info("socket").fileno()
            self._leaving = Leaving(self._loop, descriptor, self._probe, self._transport.abort)
        return True

    def _probe(self) -> None:
        """Send a byte that shows whether the client is there, unless others are on their way that will."""
        busy = self._active is None or self._transport.get_write_buffer_size()
        if not busy and self._active is not None and (byte := self._active.probe()):
            self._transport.write(byte)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request that its client is gone."""
        self._farewell.said = True
        self._idle.stop()
        if self._leaving is not None:
            self._leaving.stop()
        self._release()
        for cycle in (self._active, *self._waiting):
            if cycle is not None:
                cycle.leave()
        self._waiting.clear()
        if not self._served.done():
            self._served.set_result(None)

    # Called by the parser.

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._in_head = True
        self._head = RequestHead()

    def on_url(self, url: bytes) -> None:
        """Keep a piece of the target."""
        self._head.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; those after a body say nothing that we need."""
        if self._in_head:
            self._head.headers.append((name.lower(), value.strip()))

    def on_headers_complete(self) -> None:
        """Start the application, or let the request wait its turn."""
        self._in_head = False
        self._unread = self._notes = 0
        if self._farewell.said or self._ended or self._parser.should_upgrade():
            return
        self._head.headers += self._offers
        self._offers = []
        fault = self._head.fault(self._parser, self._limits.header_bytes)
        if fault is not None:
            self._refuse(fault)
            return
        scope = self._head.scope(self._parser, self._client, self._server, self._state)
        cycle = Cycle(self, self._loop, scope, self._head.options(self._parser))
        self._reading = cycle
        if self._active is None:
            self._serve(cycle)
        else:
            self._waiting.append(cycle)
            self._listen(False)

    def on_chunk_header(self) -> None:
        """Take note that a body goes on."""
        self._unread = 0
        self._notes = max(self._notes - FRAME, 0)

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of the body."""
        self._unread = 0
        cycle = self._reading
        if cycle is None:
            return
        self._notes = max(self._notes - 2 * len(body), 0)
        if not cycle.take(body):
            if cycle.response_complete:
                self._linger()
            else:
                self._listen(False)

    def on_message_complete(self) -> None:
        """End the body."""
        self._unread = 0
        if self._reading is not None:
            self._reading.end()
            self._reading = None

    # Requests.

    def _serve(self, cycle: Cycle) -> None:
        self._active = cycle
        self._idle.rest()
        if self._stopping:
            cycle.options.keep_alive = False
        cycle.scope["extensions"][ON_GONE] = cycle.on_gone
        task = self._loop.create_task(self._run(cycle))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, cycle: Cycle) -> None:
        try:
            await self._app(cycle.scope, cycle.receive, cycle.send)
        except Exception:  # the application's fault: the client gets an error, the log the traceback
            logger.exception("the application failed at %s", cycle.scope["path"])
        finally:
            self._conclude(cycle)

    def _conclude(self, cycle: Cycle) -> None:
        """Answer in place of an application that did not; one that stopped in its answer must not look complete."""
        if cycle.response_complete or cycle.disconnected:
            return
        if cycle.response_started:
            self.cut()
        else:
            self._answer(RequestFailed(Kind.INTERNAL, "the proxy failed; its log tells why"))

    def finished(self, cycle: Cycle) -> None:
        """Go on to the next request, or close. What is missing of this one's body is thrown away meanwhile."""
        self._active = None
        if not cycle.options.keep_alive or self._stopping:
            self._close()
        elif self._waiting:
            self._serve(self._waiting.popleft())
            self._listen(not self._waiting)
        else:
            unread = self._in_head or not cycle.request_complete
            self._idle.wait(self._limits.header_timeout if unread else self._limits.idle_timeout)
            self._listen(True)

    def listen(self) -> None:
        """Read on, now that the application took what was there, unless other requests wait."""
        self._listen(not self._waiting)

    def _listen(self, wanted: bool) -> None:
        if self._reading_paused == wanted and not self._farewell.said:
            self._reading_paused = not wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def write(self, data: bytes) -> None:
        """Send bytes to the client."""
        self._transport.write(data)

    async def writable(self) -> None:
        """Return when the client has read enough of what was sent before, or is gone."""
        if self._writable is not None:
            await asyncio.shield(self._writable)

    # The end.

    def _give_up_reading(self) -> Cycle | None:
        """Read on at nothing; return the request whose body will never be whole."""
        self._in_head = False
        broken, self._reading = self._reading, None
        if broken is not None:
            broken.leave()
            if broken in self._waiting:
                self._waiting.remove(broken)
        return broken

    def _end_after_these(self) -> None:
        """Answer what was asked so far, and close."""
        self._ended = True
        last = self._waiting[-1] if self._waiting else self._active
        if last is not None:
            last.options.keep_alive = False

    def _refuse(self, fault: ClientError) -> None:
        """Answer what is no request, unless an answer is under way, and close."""
        if self._farewell.said or self._ended:  # what came with a refused request may be refused once more
            return
        broken = self._give_up_reading()
        if broken is not None and broken.response_complete:
            self._linger()  # it was answered already
        elif self._active is None or (broken is self._active and not broken.response_started):
            self._answer(fault)
        elif broken is self._active:
            self.cut()
        else:
            self._end_after_these()

    def _answer(self, failure: RequestFailed) -> None:
        """Answer in place of the application, and close."""
        reply = self._refusal(failure)
        told = {**reply.headers, "content-length": str(len(reply.body)), "connection": "close"}
        headers = [(name.encode(), value.encode()) for name, value in told.items()]
        data = head(reply.status, headers, date=True) + b"\r\n" + reply.body
        self._transport.write(data[self._active.early :] if self._active is not None else data)
        self._linger()

    def _close(self) -> None:
        """Close once everything is sent; lingering when the client has not sent all that it began."""
        if self._reading is not None or self._in_head or self._waiting:
            self._linger()
        else:
            self._farewell.close()

    def _linger(self) -> None:
        """Say the end, and listen to what the client still sends."""
        self._listen(True)
        self._farewell.linger()

    def cut(self) -> None:
        """Close at once: what was sent is no whole answer."""
        self._farewell.cut()

    def _timed_out(self) -> None:
        """Close what took too long; a client that is still sending its head learns why."""
        if self._writable is not None or self._farewell.said:
            self._farewell.timed_out()
        elif self._in_head:
            seconds = self._idle.seconds
            message = f"the request's head did not arrive within {seconds:g} s (limits.header-timeout)"
            self._answer(ClientError(Kind.REQUEST_TIMEOUT, message))
        else:
            self._farewell.close()
