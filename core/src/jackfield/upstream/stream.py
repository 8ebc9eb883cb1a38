"""The events of an upstream's answer, whatever a relay made of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from ..model.background import aside
from ..model.errors import Kind, UpstreamError
from ..model.types import EMPTY
from ..responses import wellformed
from ..responses.document import document_events
from ..responses.event_names import TERMINAL
from ..responses.halves import Halves
from ..responses.json_limits import is_too_costly
from ..responses.sse import DAMAGED, Event, EventTooLargeError, Splitter
from .client import UpstreamResponse

JSON_LIMIT = 32 * 1024 * 1024
"""Bytes of an answer that came as one JSON document instead of a stream."""

_NOTABLE = TERMINAL | {DAMAGED, "error", ""}
"""Types of events that need a second look."""


class ResponsesStream:
    """An EventStream over an HTTP answer of status 200.

    A relay that answers with one JSON document gives one `response.completed`; a page of HTML is an error. `native`
    are the headers that a client of the Responses API is shown beside the usual ones. `limits_output`: the upstream was
    told of `max_output_tokens`.
    """

    def __init__(
        self,
        response: UpstreamResponse,
        max_event: int = 16 * 1024 * 1024,
        native: Mapping[str, str] = EMPTY,
        *,
        limits_output: bool = False,
    ) -> None:
        self._response = response
        self._splitter = Splitter(max_event)
        self._sniffed = False
        self._ended = False
        self._over = False
        self._halves: Halves | None = None
        self._failure: UpstreamError | None = None
        self.headers: Mapping[str, str] = response.headers
        self.native_headers = native
        self.limits_output = limits_output

    def __aiter__(self) -> AsyncIterator[list[Event]]:
        return self

    async def __anext__(self) -> list[Event]:
        while not self._ended:
            if self._failure is not None:
                raise self._failure
            chunk = await self._response.read()
            if not self._sniffed and (start := chunk.lstrip()):
                self._sniffed = True
                if start[:1] in b"{<":
                    return await self._document(chunk)
            if events := self._split(chunk):
                return events
        raise StopAsyncIteration

    def _split(self, chunk: bytes) -> list[Event]:
        self._ended = not chunk
        if self._halves is None and b"\\" in chunk and _may_be_torn(chunk):  # once a chunk: events cost nothing more
            self._halves = Halves()
        try:
            events = self._splitter.feed(chunk) if chunk else self._splitter.close()
        except EventTooLargeError as error:
            self._failure = UpstreamError(Kind.STREAM_CUT, f"the upstream's answer is unusable: {error}")
            events = error.before
        if self._halves is not None:
            events = self._halves.mended(events)
        for event in events:  # a plain loop: a generator costs more than what it looks at
            if event.type in _NOTABLE:
                return self._sifted(events)
        return events

    def _sifted(self, events: list[Event]) -> list[Event]:
        """Return what clients can read. A damaged event is the end of the answer, unless that is over already."""
        readable: list[Event] = []
        for event in events:
            if event.type not in _NOTABLE:
                readable.append(event)
                continue
            if event.type == DAMAGED and not self._over:
                message = "the upstream's stream holds an event that is not JSON; something of the answer is lost"
                self._failure = UpstreamError(Kind.UPSTREAM_ERROR, message)
                break
            self._over = self._over or event.type in TERMINAL
            if event.type or _is_comment(event):
                readable.append(_honest(event))
        return readable

    async def _document(self, start: bytes) -> list[Event]:
        """Read an answer that is no stream."""
        self._ended = True
        page = UpstreamError(
            Kind.UPSTREAM_ERROR,
            "the upstream answered with a page instead of an event stream; does its base-url end in /v1?",
        )
        if start.lstrip()[:1] == b"<":  # how it goes on, and whether it ever ends, does not matter
            raise page
        document = start + await self._response.body(JSON_LIMIT + 1)
        if len(document) > JSON_LIMIT:
            raise _too_large()

        def work() -> list[Event]:
            if is_too_costly(document):
                raise _too_large()
            return document_events(wellformed.loads(document))

        try:
            return await aside(len(document), work)
        except ValueError:
            raise page from None

    async def aclose(self) -> None:
        """Close the upstream's connection now, unless the answer is over: then it ends by itself."""
        self._ended = True
        if self._over:
            await self._response.finish()
        else:
            await self._response.aclose()


def _too_large() -> UpstreamError:
    return UpstreamError(Kind.UPSTREAM_ERROR, "the upstream answered with one JSON document that is too large")


def _may_be_torn(chunk: bytes) -> bool:
    """Return True for bytes that hold, or are cut inside, the escape of half a character."""
    return b"\\ud" in chunk or b"\\uD" in chunk or chunk.endswith((b"\\", b"\\u"))


def _is_comment(event: Event) -> bool:
    """Return True for what clients skip. Other lines of no meaning, such as `data: ping`, make SDKs fail."""
    return event.raw.startswith(b":") and not event.data and event.raw.isascii()


def _honest(event: Event) -> Event:
    """Return a `response.completed` whose response failed as the failure that it is, an error in words as an object."""
    if event.type == "response.completed":
        response = event.json().get("response")
        if isinstance(response, dict) and response.get("status") in ("failed", "cancelled"):
            return Event.of({**event.json(), "type": "response.failed"})
    if event.type == "error" and not event.json():
        return Event.of({"type": "error", "error": {"message": str(event.data, "utf-8", "replace")}})
    return event
