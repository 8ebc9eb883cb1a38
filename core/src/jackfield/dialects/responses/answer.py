"""One response object out of a stream, for the client that did not ask for a stream."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ...responses.reader import READ
from ...responses.sse import Event
from ...responses.values import object_of
from ...responses.verdicts import failures
from .output import rebuilt_output
from .recall import Keeping
from .shortened import Shortened


class ResponseCollector:
    """A Collector (see dialects.base). The terminal event's response is the answer; an empty `output` is rebuilt."""

    def __init__(self, model: str, keeping: Keeping | None = None, maker: str = "", limit: int = 0) -> None:
        self._shortened = Shortened(limit) if limit else None
        self._model = model
        self._keeping = keeping
        self._maker = maker
        self._events: list[Event] = []

    @property
    def done(self) -> bool:
        """True when nothing more needs to be read, because the answer is as long as was asked for."""
        return self._shortened is not None and self._shortened.over

    def feed(self, events: Sequence[Event]) -> None:
        """Keep the events; they are read only if the terminal one is not enough. What nobody here reads is not kept."""
        if self._shortened is not None:
            events = self._shortened.kept(events)
        self._events.extend(event for event in events if event.type in READ)

    def result(self) -> bytes:
        """Return the response object as JSON. Raises UpstreamError when it failed."""
        terminal = self._events[-1]
        if terminal.type == "response.failed":
            raise failures.from_response(terminal.json())
        response = _response(terminal)
        if not response.get("output"):
            response = {**response, "output": rebuilt_output(self._events)}
        whole = self._filled(response, terminal.type.removeprefix("response."))
        if self._keeping is not None:
            self._keeping.answer(whole["id"], whole["output"], self._maker)
        return orjson.dumps(whole)

    def _filled(self, response: Mapping[str, Any], status: str) -> dict[str, Any]:
        """Return the response with what relays leave out: taken from its beginning, else what clients need at least."""
        begun = next((found for event in self._events if (found := _response(event))), {})
        needed = {
            "id": f"resp_{time.time_ns():x}",
            "object": "response",
            "created_at": int(time.time()),
            "model": self._model,
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        }
        known = {**needed, **_present(begun), "status": status, **_present(response)}
        return {**begun, **response, **known}


def _response(event: Event) -> dict[str, Any]:
    """Return the response object of an event; an empty one when it carries none."""
    return object_of(event.json().get("response"))


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}
