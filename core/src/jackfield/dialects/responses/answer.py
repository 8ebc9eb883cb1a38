"""One response object out of a stream, for the client that did not ask for a stream."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import orjson

from ...sse import Event
from .. import failures

_DELTAS = {
    "response.output_text.delta": ("message", "text"),
    "response.function_call_arguments.delta": ("function_call", "arguments"),
    "response.custom_tool_call_input.delta": ("custom_tool_call", "input"),
}


class ResponseCollector:
    """A Collector (see dialects.base). The terminal event's response is the answer; an empty `output` is rebuilt."""

    done = False

    def __init__(self, model: str) -> None:
        self._model = model
        self._events: list[Event] = []
        self._terminal: Event | None = None

    def feed(self, events: Sequence[Event]) -> None:
        """Keep the events; they are read only if the terminal one is not enough."""
        self._events.extend(events)
        self._terminal = events[-1]

    def result(self) -> bytes:
        """Return the response object as JSON. Raises UpstreamError when it failed."""
        assert self._terminal is not None  # noqa: S101  # an answer always ends with a terminal event
        if self._terminal.type == "response.failed":
            raise failures.from_response(self._terminal.json())
        found = self._terminal.json().get("response")
        response: dict[str, Any] = found if isinstance(found, dict) else {}
        if not response.get("output"):
            response = {**response, "output": rebuilt_output(self._events)}
        return orjson.dumps(self._filled(response))

    def _filled(self, response: dict[str, Any]) -> dict[str, Any]:
        """Return the response with the fields that relays leave out."""
        status = "incomplete" if self._terminal and self._terminal.type == "response.incomplete" else "completed"
        first = self._events[0].json().get("response")
        begun = first if isinstance(first, dict) else {}
        needed = {
            "id": begun.get("id") or f"resp_{time.time_ns():x}",
            "object": "response",
            "created_at": begun.get("created_at") or int(time.time()),
            "status": status,
            "model": begun.get("model") or self._model,
        }
        missing = {key: value for key, value in needed.items() if response.get(key) is None}
        return {**response, **missing}


def rebuilt_output(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Return the output items of a stream in order of `output_index`: the finished ones, else from deltas."""
    items: dict[int, dict[str, Any]] = {}
    finished: set[int] = set()
    for event in events:
        body = event.json()
        index = body.get("output_index")
        index = index if isinstance(index, int) else len(items)
        item = body.get("item")
        if event.type == "response.output_item.done" and isinstance(item, dict):
            items[index] = item
            finished.add(index)
        elif event.type == "response.output_item.added" and isinstance(item, dict):
            items.setdefault(index, dict(item))
        elif event.type in _DELTAS and index not in finished:
            _append(items, index, event.type, body)
    return [items[index] for index in sorted(items)]


def _append(items: dict[int, dict[str, Any]], index: int, kind: str, body: dict[str, Any]) -> None:
    """Add a delta to the item it belongs to, which may never have been announced."""
    family, field = _DELTAS[kind]
    item = items.setdefault(index, {"type": family, "id": body.get("item_id") or f"item_{index}"})
    item["status"] = "completed"
    delta = body.get("delta")
    delta = delta if isinstance(delta, str) else ""
    if family == "message":
        if not item.get("content"):
            item.update(role="assistant", content=[{"type": "output_text", "text": "", "annotations": []}])
        item["content"][-1]["text"] += delta
    else:
        item[field] = (item.get(field) or "") + delta
