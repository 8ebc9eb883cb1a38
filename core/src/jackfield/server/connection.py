"""One connection of a client: HTTP/1.1 on asyncio's protocol interface and httptools' parser.

A request's application starts when its head is complete. Requests that come before the one in front of them was
answered wait their turn, unread as far as the socket allows.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import httptools

from ..dialects import openai_errors
from ..errors import ClientError, Kind, RequestFailed
from ..routes.exchange import ON_GONE
from ..routes.wire import ASGIApp
from .cycle import Cycle
from .head import head
from .patience import Patience
from .request import Address, RequestHead, bad, too_large

logger = logging.getLogger("jackfield.server")


@dataclass(frozen=True, slots=True)
class Manners:
    """What a server puts up with: bytes of a head, and seconds (0: for ever) of waiting for what is named."""

    header_bytes: int = 64 * 1024
    header_timeout: float = 30.0
    idle_timeout: float = 75.0
    write_timeout: float = 60.0


class Connection(asyncio.Protocol):
    """Serves an ASGI application to one client. `state` is what the application's lifespan left."""

    def __init__(self, app: ASGIApp, manners: Manners, state: Mapping[str, Any]) -> None:
        self._app = app
        self._manners = manners
        self._state = state
        self._loop = asyncio.get_running_loop()
        self._served: asyncio.Future[bytes] = self._loop.create_future()
        self._parser = httptools.HttpRequestParser(self)
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: deque[Cycle] = deque()
        self._active: Cycle | None = None
        self._reading: Cycle | None = None
        self._in_head = False
        self._unread = 0
        self._raw = b""
        self._deaf = False
        self._stopping = False
        self._closing = False
        self._unsent = 0
        self._writable: asyncio.Future[None] | None = None
        self._patience = Patience(self._loop, self._impatient)

    # For the server.

    async def served(self) -> bytes:
        """Return when the connection is closed and every request's application has ended.

        What is returned was received of a request that is not for us; the connection is then still open. Cancelled, it
        cancels the requests that are still open, waits for their last words and closes.
        """
        try:
            foreign = await asyncio.shield(self._served)
            if self._tasks:
                await asyncio.wait(self._tasks)
        except asyncio.CancelledError:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._close()
            raise
        return foreign

    def stop(self) -> None:
        """Close, now when nothing is asked, else after the answer that is under way."""
        self._stopping = True
        if self._active is None:
            self._close()
        else:
            self._active.terms.stays = False

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance, only by its methods
        self._client = _address(transport.get_extra_info("peername"))
        self._server = _address(transport.get_extra_info("sockname"))
        self._patience.wait(self._manners.idle_timeout)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived."""
        if self._closing:
            return
        self._raw = self._raw + data if self._in_head else data
        self._unread += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._upgrade()
        except httptools.HttpParserError as error:
            self._refuse(bad(f"this is no HTTP/1.1 request: {error}"))
        else:
            self._look_at_rest()

    def _look_at_rest(self) -> None:
        """Judge what is not complete yet: how much it is, and since when."""
        if self._in_head or self._reading is not None:
            if self._unread > self._manners.header_bytes:
                self._refuse(too_large(self._manners.header_bytes))
            elif self._in_head and self._active is None and self._patience.seconds != self._manners.header_timeout:
                self._patience.wait(self._manners.header_timeout)

    def pause_writing(self) -> None:
        """Let the application wait."""
        self._writable = self._loop.create_future()
        self._expect_reading()

    def resume_writing(self) -> None:
        """Let it go on."""
        if self._closing:
            self._expect_reading()
        elif self._active is None:
            self._patience.wait(self._manners.idle_timeout)
        else:
            self._patience.rest()
        self._release()

    def _release(self) -> None:
        if self._writable is not None:
            self._writable.set_result(None)
            self._writable = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request that its client is gone."""
        self._closing = True
        self._patience.stop()
        self._release()
        for cycle in (self._active, *self._waiting):
            if cycle is not None:
                cycle.leave()
        self._waiting.clear()
        self._end(b"")

    def _end(self, foreign: bytes) -> None:
        if not self._served.done():
            self._served.set_result(foreign)

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
        self._unread = 0
        if self._closing or self._parser.should_upgrade():
            return
        fault = self._head.fault(self._parser, self._manners.header_bytes)
        if fault is not None:
            self._refuse(fault)
            return
        scope = self._head.scope(self._parser, self._client, self._server, self._state)
        cycle = Cycle(self, self._loop, scope, self._head.terms(self._parser))
        self._reading = cycle
        if self._active is None:
            self._serve(cycle)
        else:
            self._waiting.append(cycle)
            self._listen(False)

    def on_chunk_header(self) -> None:
        """Take note that a body goes on."""
        self._unread = 0

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of the body."""
        self._unread = 0
        if self._reading is not None and not self._reading.take(body):
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
        self._patience.rest()
        if self._stopping:
            cycle.terms.stays = False
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
        if cycle.over or cycle.gone:
            return
        if cycle.started:
            self.cut()
        else:
            self._answer(RequestFailed(Kind.INTERNAL, "the proxy failed; its log tells why"))

    def finished(self, cycle: Cycle) -> None:
        """Go on to the next request, or close."""
        self._active = None
        if not (cycle.terms.stays and cycle.complete) or self._stopping:
            self._close()
        elif self._waiting:
            self._serve(self._waiting.popleft())
            self._listen(not self._waiting)
        else:
            self._patience.wait(self._manners.header_timeout if self._in_head else self._manners.idle_timeout)
            self._listen(True)

    def listen(self) -> None:
        """Read on, now that the application took what was there, unless other requests wait."""
        self._listen(not self._waiting)

    def _listen(self, wanted: bool) -> None:
        if self._deaf == wanted and not self._closing:
            self._deaf = not wanted
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

    def _upgrade(self) -> None:
        """Give a request for another protocol away; one that is not alone in what arrived is refused."""
        if self._active is not None or not self._raw.startswith(self._parser.get_method()):
            self._refuse(bad("this server does not change protocols in the middle of a connection"))
        else:
            self._give_away(self._raw)

    def _give_away(self, data: bytes) -> None:
        self._closing = True
        self._patience.stop()
        self._end(data)

    def _refuse(self, fault: ClientError) -> None:
        """Answer what is no request, unless an answer is under way, and close."""
        if self._closing:  # what came with a refused request may be refused once more
            return
        self._in_head = False
        broken, self._reading = self._reading, None
        if broken is not None:
            broken.leave()  # its body will never be whole
        if self._active is None or (broken is self._active and not broken.started):
            self._answer(fault)
        elif broken is self._active:
            self.cut()
        else:
            self._stopping = True
            self._listen(False)

    def _answer(self, failure: RequestFailed) -> None:
        """Answer in place of the application, and close."""
        reply = openai_errors.reply(failure, "")
        told = {**reply.headers, "content-length": str(len(reply.body)), "connection": "close"}
        headers = [(name.encode(), value.encode()) for name, value in told.items()]
        self._transport.write(head(reply.status, headers, date=True) + b"\r\n" + reply.body)
        self._close()

    def _close(self) -> None:
        """Close once everything is sent, or soon."""
        if not self._closing:
            self._closing = True
            self._transport.close()
            self._expect_reading()

    def cut(self) -> None:
        """Close at once: what was sent is no whole answer."""
        self._closing = True
        self._transport.abort()

    def _expect_reading(self) -> None:
        """Give the client time to read something of what waits for it."""
        self._unsent = self._transport.get_write_buffer_size()
        self._patience.wait(self._manners.write_timeout)

    def _impatient(self) -> None:
        """Close what took too long; a client that is still sending its head learns why."""
        if self._writable is not None or self._closing:
            if 0 < self._transport.get_write_buffer_size() < self._unsent:
                self._expect_reading()
            else:
                self.cut()
        elif self._in_head:
            seconds = self._patience.seconds
            message = f"the request's head did not arrive within {seconds:g} s (limits.header-timeout)"
            self._answer(ClientError(Kind.REQUEST_TIMEOUT, message))
        else:
            self._close()


def _address(name: object) -> Address | None:
    """Return host and port of a socket's name; None for one that has none."""
    return (name[0], name[1]) if isinstance(name, tuple) else None
