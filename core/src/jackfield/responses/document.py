"""One JSON document in the place of a stream, as misbehaving relays send it: read as the stream it should have been."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..model.errors import Kind, UpstreamError
from .json_depth import is_too_deep
from .sse import Event

_UNFINISHED = frozenset({"queued", "in_progress", "cancelled"})
_ENDED = frozenset({"completed", "incomplete", "failed"})

JSON = dict[str, Any]


def document_events(body: object) -> list[Event]:
    """Return a response, parsed from JSON, as events: its beginning, its items, its end; an error as an `error` event.

    Raises UpstreamError for what is neither, and for a response that has not ended.
    """
    if not isinstance(body, dict) or is_too_deep(body):
        raise UpstreamError(Kind.UPSTREAM_ERROR, "the upstream answered with JSON that is not a response")
    status = body["status"] if isinstance(body.get("status"), str) else ""
    if not _is_response(body, status):
        told = body if body.get("error") or body.get("detail") else {"error": body}
        return [Event.of({**told, "type": "error"})]
    if status in _UNFINISHED:
        raise UpstreamError(Kind.UPSTREAM_ERROR, f"the upstream answered with a response that is {status}: no answer")
    events = _events(body, status if status in _ENDED else "completed")
    return [Event.of({**event, "sequence_number": number}) for number, event in enumerate(events)]


def _is_response(body: JSON, status: str) -> bool:
    """Return False for an error, also for one that has an HTTP status of its own in it."""
    if body.get("error"):
        return status == "failed"
    return isinstance(body.get("output"), list) or status in _ENDED or status in _UNFINISHED


def _events(body: JSON, end: str) -> Iterator[JSON]:
    begun = {**body, "status": "in_progress", "output": [], "usage": None}
    yield {"type": "response.created", "response": begun}
    output = body.get("output")
    if isinstance(output, list) and end != "failed":
        for index, item in enumerate(output):
            yield from _item(item, index)
    yield {"type": f"response.{end}", "response": body}


def _item(item: Any, index: int) -> Iterator[JSON]:
    """Yield the events of an item; a message's text has deltas, because that is what clients show while it comes."""
    parts = _text_parts(item)
    first = {**item, "status": "in_progress", "content": []} if parts else item
    yield {"type": "response.output_item.added", "output_index": index, "item": first}
    for place, part in enumerate(parts):
        at = {"item_id": item["id"], "output_index": index, "content_index": place}
        yield {"type": "response.content_part.added", **at, "part": {**part, "text": ""}}
        yield {"type": "response.output_text.delta", **at, "delta": part["text"], "logprobs": []}
        yield {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []}
        yield {"type": "response.content_part.done", **at, "part": part}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _text_parts(item: Any) -> list[JSON]:
    """Return a message's parts if all are text, and it has a name for deltas to refer to."""
    if not isinstance(item, Mapping) or item.get("type") != "message" or not isinstance(item.get("id"), str):
        return []
    parts = item.get("content")
    if not isinstance(parts, list) or not all(map(_is_text, parts)):
        return []
    return parts


def _is_text(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "output_text" and isinstance(part.get("text"), str)
