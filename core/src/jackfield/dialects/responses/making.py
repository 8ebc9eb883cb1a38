"""Events of an output item, made from the item itself: what a relay left out of its stream."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

JSON = dict[str, Any]
Place = tuple[str, int]
"""The type of an event and the part that it is about; -1 where it is about none."""

_TEXTS = {"output_text": ("response.output_text", "text"), "refusal": ("response.refusal", "refusal")}
"""For each kind of part: the beginning of its events' types, and the key that holds its words."""

_CALLS = {
    "function_call": ("response.function_call_arguments", "arguments"),
    "custom_tool_call": ("response.custom_tool_call_input", "input"),
}


def unfinished(item: Mapping[str, Any]) -> JSON:
    """Return an item as it is announced: named, and empty."""
    kind = item.get("type")
    first: JSON = {**item, "status": "in_progress"} if "status" in item else dict(item)
    if kind == "message":
        return {**first, "content": []}
    if kind == "reasoning":
        return {**first, "summary": []}
    return {**first, _CALLS[kind][1]: ""} if kind in _CALLS else first


def announcement(item: Mapping[str, Any], index: int) -> JSON:
    """Return the `output_item.added` of an item."""
    return {"type": "response.output_item.added", "output_index": index, "item": unfinished(item)}


def end(item: Mapping[str, Any], index: int) -> JSON:
    """Return the `output_item.done` of an item."""
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def content(item: Mapping[str, Any], index: int, came: Collection[Place] = ()) -> Iterator[JSON]:
    """Yield the events between an item's announcement and its end, without those that `came` already."""
    at = {"item_id": item.get("id"), "output_index": index}
    kind = item.get("type")
    if kind == "message":
        for place, part in enumerate(_objects(item.get("content"))):
            yield from _part(part, {**at, "content_index": place}, place, came)
    elif kind == "reasoning":
        for place, part in enumerate(_objects(item.get("summary"))):
            yield from _summary(part, {**at, "summary_index": place}, place, came)
    elif kind in _CALLS:
        events, key = _CALLS[kind]
        yield from _words(events, key, str(item.get(key) or ""), at, -1, came)


def _part(part: JSON, at: JSON, place: int, came: Collection[Place]) -> Iterator[JSON]:
    events, key = _TEXTS.get(str(part.get("type")), ("", ""))
    if not events:
        return
    more: JSON = {"logprobs": []} if key == "text" else {}
    yield from _new(came, {"type": "response.content_part.added", **at, "part": {**part, key: ""}}, place)
    yield from _words(events, key, str(part.get(key) or ""), at, place, came, **more)
    yield from _new(came, {"type": "response.content_part.done", **at, "part": part}, place)


def _summary(part: JSON, at: JSON, place: int, came: Collection[Place]) -> Iterator[JSON]:
    start = "response.reasoning_summary_part"
    yield from _new(came, {"type": f"{start}.added", **at, "part": {**part, "text": ""}}, place)
    words = str(part.get("text") or "")
    yield from _words("response.reasoning_summary_text", "text", words, at, place, came)
    yield from _new(came, {"type": f"{start}.done", **at, "part": part}, place)


def _words(
    events: str, key: str, words: str, at: JSON, place: int, came: Collection[Place], **more: object
) -> Iterator[JSON]:
    """Yield what tells of words: one delta where none came, and the whole."""
    if words:
        yield from _new(came, {"type": f"{events}.delta", **at, "delta": words, **more}, place)
    yield from _new(came, {"type": f"{events}.done", **at, key: words, **more}, place)


def _new(came: Collection[Place], event: JSON, place: int) -> Iterator[JSON]:
    if (event["type"], place) not in came:
        yield event


def _objects(value: object) -> list[JSON]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
