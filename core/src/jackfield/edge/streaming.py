"""One streamed answer on its way to the client: begun, kept alive, and always ended.

It begins with the answer's first content, or when `limits.handshake-hold` is over, whatever comes first. From then on
no failure is a status any more, and no ten seconds pass without a byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

from ..dialects.base import Dialect, Parsed
from ..model.errors import Detail, Kind, RequestFailed, Unavailable
from ..routing.answer import STOPPING, Answer
from ..routing.handshake import Handshake
from .exchange import Exchange
from .keepalive import Heartbeat

_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}

SHORTEST = 0.5
"""Seconds that a stream waits for its upstream at least, so that a refusal at once is a status in any case."""

Shown = Callable[[Answer | Handshake], Mapping[str, str]]
"""Takes what has the upstream's headers, returns those that the client may see."""


class ClientStream:
    """The stream towards one client. `parsed` need not carry the request's body."""

    def __init__(self, dialect: Dialect, parsed: Parsed, exchange: Exchange, request_id: str, shown: Shown) -> None:
        self._writer = dialect.writer(parsed)
        self._exchange = exchange
        self._request_id = request_id
        self._shown = shown
        self._early: asyncio.Task[None] | None = None
        self._heartbeat: Heartbeat | None = None

    async def carry(self, looking: Awaitable[Answer], handshake: Handshake, hold: float) -> RequestFailed | None:
        """Wait for the answer, send it, and return the failure that the client was told of in the stream.

        Raises the failure instead while it may still be told as a status.
        """
        try:
            with self._held(handshake, hold):
                answer = await looking
            try:
                await self._send(answer)
            finally:
                await answer.aclose()
        except RequestFailed as failure:
            if self._early is None:
                raise
            await self._end(failure)
            return failure
        except asyncio.CancelledError:
            if self._exchange.started and not self._exchange.gone:
                # The server stops and its time of grace is over: the client must not take that for an end.
                await self._end(Unavailable(Kind.UNAVAILABLE, STOPPING, Detail(retry_after=1)))
            raise
        except Exception:  # our own fault: the log has it, the client an end
            if self._exchange.started:
                await self._end(RequestFailed(Kind.INTERNAL, "the proxy failed; its log tells why"))
            raise
        finally:
            self._stop()
        return answer.failure

    @contextmanager
    def _held(self, handshake: Handshake, hold: float) -> Iterator[None]:
        """Begin without the answer if it takes longer than `hold` seconds. A timer, for few answers do."""

        def begin() -> None:
            self._early = loop.create_task(self._begin_early(handshake))

        loop = asyncio.get_running_loop()
        handshake.hold(hold)
        timer = loop.call_later(max(hold, SHORTEST), begin)
        try:
            yield
        finally:
            timer.cancel()
            handshake.close()

    async def _begin_early(self, handshake: Handshake) -> None:
        await self._begin(handshake)
        handshake.show()
        await self._exchange.write(self._writer.begin())

    async def _begin(self, known: Answer | Handshake) -> None:
        headers = {**self._shown(known), **_HEADERS}
        headers.setdefault("x-request-id", self._request_id)
        await self._exchange.start(200, headers)
        self._heartbeat = Heartbeat(self._exchange, self._writer.ping)

    async def _send(self, answer: Answer) -> None:
        """Send the answer as it comes: what one read of the upstream brought is one write to the client."""
        writer, exchange = self._writer, self._exchange
        writer.served_by(answer.maker, answer.limit)
        await (self._begin(answer) if self._early is None else self._early)
        try:
            silent = self._early is None
            async for events in answer:
                data = writer.feed(events)
                if silent and not data:  # an opening without content, at the end of the hold
                    data = writer.begin()
                silent = False
                if writer.done or answer.over:
                    await self._finish(data)  # with the end of the body, in one piece
                    return
                if data:
                    await exchange.write(data)
                del events, data  # the next ones may take long to come
        except asyncio.CancelledError:
            if not exchange.gone:
                await exchange.write(writer.feed([answer.stopped()]))
                await self._finish()
            raise
        await self._finish()

    async def _end(self, failure: RequestFailed) -> None:
        """Tell a failure in the stream, in the place of an answer, unless the stream has its end."""
        if self._finished:
            return
        if self._early is not None:
            await self._early
        await self._exchange.write(self._writer.abort(failure))
        await self._finish()

    _finished = False

    async def _finish(self, data: bytes = b"") -> None:
        self._finished = True
        self._stop()
        await self._exchange.finish(data)

    def _stop(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.stop()
        if self._early is not None and not self._early.done():
            self._early.cancel()
