"""An upstream's answer, held back until it is worth showing, metered, and always brought to a proper end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from ..metering.account import AttemptAccount
from ..model.errors import Kind, UpstreamError
from ..model.types import EMPTY
from ..redaction import mask
from ..responses.event_names import OUTPUT, TERMINAL
from ..responses.opening import NO_ANSWER, Opening, without_answer
from ..responses.sse import Event
from ..responses.verdicts import failures
from .executor import EventStream

logger = logging.getLogger("jackfield.answer")

_LARGEST_NUMBER = 2**53
"""A sequence number from which on there is no next one that every client could read."""

STOPPING = "the proxy is stopping; send the request again"
"""What a client is told whose answer would outlive the proxy."""

_BEGINNINGS = frozenset({"response.created", "response.in_progress", "response.queued"})


class Answer:
    """The events of one upstream's answer, in batches, ending with exactly one terminal event.

    A stream that is cut, that falls silent or that reports an `error` ends in a `response.failed` made here, because
    that is the only failure every client understands. `failure` tells afterwards what it was. `maker` names who serves,
    without telling a client more than that; `limit` is the length in visible tokens that is kept to here, 0 where the
    upstream does or nobody asked.
    """

    def __init__(
        self,
        stream: EventStream,
        books: AttemptAccount,
        maker: str = "",
        hide: Callable[[str], str] = str,
        limit: int = 0,
    ) -> None:
        self._stream = stream
        self._batches = aiter(stream)
        self._books = books
        self._opening = Opening()
        self._pending: asyncio.Task[list[Event]] | None = None
        self._begun: Event | None = None
        self._last: Event | None = None
        self._opened = False
        self._over = False
        self._hide = hide
        self.maker = maker
        self.limit = limit
        self.failure: UpstreamError | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        """The upstream's response headers."""
        return self._stream.headers

    @property
    def native_headers(self) -> Mapping[str, str]:
        """Those that only a client of the Responses API is shown; none where the executor names none."""
        found: Mapping[str, str] = getattr(self._stream, "native_headers", EMPTY)
        return found

    @property
    def over(self) -> bool:
        """True when nothing more will come."""
        return self._over

    async def begin(self, hold: float | None) -> None:
        """Read up to the first content (`hold` None), or for `hold` seconds at most if an event has come by then.

        Raises UpstreamError when the stream fails or ends before any content; the upstream is then closed already.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (hold or 0.0)
        try:
            self._take(await self._first())
            meter = self._books.meter
            meter.served = meter.served or self._stream.headers.get("openai-model", "")
            if hold is not None:
                await self._wait(deadline)
            while hold is None and not self._opening.decided:
                self._take(await self._next())
        except BaseException:
            await self.aclose()
            raise

    async def _first(self) -> list[Event]:
        """Return the first batch that says anything. Comments do not: relays send them while they still look around."""
        while True:
            events = await self._next()
            for event in events:
                if event.type or event.data:
                    return events

    async def _next(self) -> list[Event]:
        """Return the next batch. Raises UpstreamError for any failure, and for an end: the answer's own never came."""
        try:
            events = await anext(self._batches)
        except StopAsyncIteration:
            raise UpstreamError(Kind.STREAM_CUT, "upstream stream closed before response.completed") from None
        except UpstreamError:
            raise
        except Exception as error:  # foreign code: a plugin's stream; the client must not be left in silence
            logger.exception("the executor's stream failed")
            raise UpstreamError(Kind.UPSTREAM_ERROR, "the provider's executor failed; the log tells why") from error
        self._books.meter.see(events)
        return events

    async def _wait(self, deadline: float) -> None:
        """Read on for a while. A read still under way at its end is not cancelled: that would break its stream."""
        loop = asyncio.get_running_loop()
        while not self._opening.decided and (left := deadline - loop.time()) > 0:
            self._pending = loop.create_task(self._next())
            done, _ = await asyncio.wait({self._pending}, timeout=left)
            if done:
                task, self._pending = self._pending, None
                self._take(task.result())

    def _take(self, events: list[Event]) -> None:
        """Hold a batch back; raise the failure it brings, if nothing was shown before it."""
        self._opening.take(events)

    def __aiter__(self) -> AsyncIterator[list[Event]]:
        return self

    async def __anext__(self) -> list[Event]:
        """Return the next events; after the terminal one the answer is over and the upstream closed."""
        if self._over:
            raise StopAsyncIteration
        if self._opened or not (events := self._opening.release()):
            events = await self._read()
            if not self._opening.decided:
                events = self._followed(events)
        self._opened = True
        if len(events) == 1 and events[0].type in OUTPUT:  # nearly every batch: nothing to look for
            self._last = events[0]
        elif self._ends(events):
            await self._finish()
        else:
            self._note(events)
        return events

    async def _read(self) -> list[Event]:
        """Return the next batch, or the failure that took its place."""
        try:
            if self._pending is None:
                return await self._next()
            pending, self._pending = self._pending, None
            return await pending
        except UpstreamError as error:
            return [self._failed(error)]

    def _followed(self, events: list[Event]) -> list[Event]:
        """Return a batch behind an opening that was shown without content; one that ends it empty, as a failure."""
        try:
            self._opening.follow(events)
        except UpstreamError as error:
            end = next((place for place, event in enumerate(events) if event.type in TERMINAL), len(events))
            self._note(events[:end])
            return [*events[:end], self._failed(error)]
        return events

    def _note(self, events: Sequence[Event]) -> None:
        """Remember what a failure would have to continue."""
        if self._begun is None:
            self._begun = next((event for event in events if event.type in _BEGINNINGS), None)
        for event in reversed(events):
            if event.type.startswith("response."):
                self._last = event
                return

    def _ends(self, events: list[Event]) -> bool:
        """Note how the answer ends, and drop what follows. An `error` event becomes a `response.failed`."""
        for place, event in enumerate(events):
            if event.type == "error":
                self._note(events[:place])
                events[place:] = [self._failed(failures.from_response(event.json()))]
                return True
            if event.type in TERMINAL:
                if event.type == "response.completed" and without_answer(event):
                    self._note(events[:place])
                    event = self._failed(UpstreamError(Kind.UPSTREAM_ERROR, NO_ANSWER))
                elif event.type == "response.failed" and self.failure is None:
                    event = self._shown(event)
                events[place:] = [event]
                return True
        return False

    def _shown(self, event: Event) -> Event:
        """Return an upstream's `response.failed` as it came, unless its words have to be hidden in part."""
        self.failure = _hidden(failures.from_response(event.json()), self._hide)
        response = event.json().get("response")
        told = response.get("error") if isinstance(response, dict) else None
        words = told.get("message") if isinstance(told, dict) else None
        message = self.failure.message
        if not isinstance(response, dict) or not isinstance(told, dict):
            return event
        rest = {name: self._hide(mask(value)) for name, value in told.items() if isinstance(value, str)}
        shown = {**told, **rest, **({} if words is None else {"message": message})}
        return event if shown == told else Event.of({**event.json(), "response": {**response, "error": shown}})

    def stopped(self) -> Event:
        """Return the event that tells a client that the proxy itself ends before the answer does."""
        return self._failed(UpstreamError(Kind.UNAVAILABLE, STOPPING))

    def _failed(self, error: UpstreamError) -> Event:
        """Return the `response.failed` that tells of an error, continuing the response that was begun."""
        self.failure = error = _hidden(error, self._hide)
        begun = self._begun.json().get("response") if self._begun is not None else None
        response: dict[str, Any] = {
            "object": "response",
            "output": [],
            **(begun if isinstance(begun, dict) else {}),
            "status": "failed",
            "error": {"code": error.code or "server_error", "message": error.message},
        }
        number = self._last.json().get("sequence_number") if self._last is not None else None
        following = number + 1 if isinstance(number, int) and number < _LARGEST_NUMBER else 0
        return Event.of({"type": "response.failed", "sequence_number": following, "response": response})

    async def _finish(self) -> None:
        self._over = True
        await self._stream.aclose()

    async def aclose(self) -> None:
        """Close the upstream now, wherever the answer stands."""
        self._over = True
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.cancel()
            await asyncio.gather(pending, return_exceptions=True)
        await self._stream.aclose()


def _hidden(error: UpstreamError, hide: Callable[[str], str]) -> UpstreamError:
    """Return a failure without what must not be repeated: it is remembered, and shown to the operator."""
    message = hide(error.message)
    return error if message == error.message else UpstreamError(error.kind, message, error.detail)
