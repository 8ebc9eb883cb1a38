"""The events of an upstream's answer, whatever a relay made of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson

from ..completion import TERMINAL
from ..depth import is_too_deep
from ..errors import Kind, UpstreamError
from ..sse import Event, EventTooLargeError, Splitter
from .client import UpstreamResponse

JSON_LIMIT = 64 * 1024 * 1024
"""Bytes of an answer that came as one JSON document instead of a stream."""


class ResponsesStream:
    """An EventStream over an HTTP answer of status 200.

    A relay that answers with one JSON document gives one `response.completed`; a page of HTML is an error.
    """

    def __init__(self, response: UpstreamResponse, max_event: int = 16 * 1024 * 1024) -> None:
        self._response = response
        self._splitter = Splitter(max_event)
        self._sniffed = False
        self._ended = False
        self._over = False
        self._failure: UpstreamError | None = None
        self.headers: Mapping[str, str] = response.headers

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
        try:
            events = self._splitter.feed(chunk) if chunk else self._splitter.close()
        except EventTooLargeError as error:
            self._failure = UpstreamError(Kind.STREAM_CUT, f"the upstream's answer is unusable: {error}")
            events = error.before
        self._over = self._over or any(event.type in TERMINAL for event in events)
        return events

    async def _document(self, start: bytes) -> list[Event]:
        """Read an answer that is no stream."""
        self._ended = True
        document = start + await self._response.body(JSON_LIMIT)
        try:
            body = orjson.loads(document)
        except orjson.JSONDecodeError:
            raise UpstreamError(
                Kind.UPSTREAM_ERROR,
                "the upstream answered with a page instead of an event stream; does its base-url end in /v1?",
            ) from None
        return _as_events(body)

    async def aclose(self) -> None:
        """Close the upstream's connection now, unless the answer is over: then it ends by itself."""
        self._ended = True
        if self._over:
            await self._response.finish()
        else:
            await self._response.aclose()


def _as_events(body: object) -> list[Event]:
    """Return a JSON answer as the stream that it should have been: the response begun, its items, its end."""
    if not isinstance(body, dict) or is_too_deep(body):
        raise UpstreamError(Kind.UPSTREAM_ERROR, "the upstream answered with JSON that is not a response")
    if "status" not in body and "output" not in body:
        return [Event.of({**body, "type": "error"})]
    status = body.get("status")
    end = status if status in ("failed", "incomplete") else "completed"
    output = body.get("output")
    items = output if isinstance(output, list) and end != "failed" else []
    begun = {**body, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
    for index, item in enumerate(items):
        events += [
            {"type": f"response.output_item.{state}", "output_index": index, "item": item}
            for state in ("added", "done")
        ]
    events.append({"type": f"response.{end}", "response": body})
    return [Event.of({**event, "sequence_number": number}) for number, event in enumerate(events)]
