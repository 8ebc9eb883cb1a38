"""The output of an answer whose last event brings none: put together from the events before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...responses import (
    Annotated,
    ArgumentsDelta,
    Done,
    ItemKind,
    Reader,
    RefusalDelta,
    Started,
    Step,
    TextDelta,
    ThinkingBreak,
    ThinkingDelta,
)
from ...responses.sse import Event

JSON = dict[str, Any]

_FINISHED = "response.output_item.done"


@dataclass(slots=True)
class _Draft:
    """An item: as its events told it, replaced by its finished form where that came."""

    position: int
    item: JSON


def rebuilt_output(events: Iterable[Event]) -> list[JSON]:
    """Return the output items of a stream in order of `output_index`: the finished ones as they are, else from deltas.

    Items whose kind nobody here knows are taken when they are finished.
    """
    reader, drafts, unknown = Reader(), dict[int, _Draft](), dict[int, JSON]()
    for event in events:
        steps = reader.read(event)
        for step in steps:
            _take(step, drafts, event)
        item = event.json().get("item") if event.type == _FINISHED else None
        if isinstance(item, dict):
            done = next((step.item for step in steps if isinstance(step, Done)), None)
            if done is not None:
                drafts[done].item = item
            else:
                index = event.json().get("output_index")
                unknown[index if isinstance(index, int) else len(drafts) + len(unknown)] = item
    known = {draft.position: draft.item for draft in drafts.values()}
    return [item for _, item in sorted({**unknown, **known}.items())]


def _take(step: Step, drafts: dict[int, _Draft], event: Event) -> None:
    """Add to the drafts what a step tells."""
    if isinstance(step, Started):
        drafts[step.item] = _Draft(step.position, _begun(step, event.json()))
    elif isinstance(step, TextDelta):
        _part(drafts[step.item].item, "output_text", annotations=[], logprobs=[])["text"] += step.text
    elif isinstance(step, RefusalDelta):
        _part(drafts[step.item].item, "refusal", key="refusal")["refusal"] += step.text
    elif isinstance(step, Annotated):
        part = _part(drafts[step.item].item, "output_text", annotations=[], logprobs=[])
        part["annotations"] = [*part["annotations"], dict(step.annotation)]
    elif isinstance(step, ThinkingDelta):
        _summary(drafts[step.item].item)[-1]["text"] += step.text
    elif isinstance(step, ThinkingBreak):
        _summary(drafts[step.item].item).append({"type": "summary_text", "text": ""})
    elif isinstance(step, ArgumentsDelta):
        item = drafts[step.item].item
        item["input" if item["type"] == "custom_tool_call" else "arguments"] += step.text


def _begun(step: Started, body: Mapping[str, Any]) -> JSON:
    """Return an item without its content; announced or not, it has what a client needs."""
    announced = body.get("item")
    item = dict(announced) if isinstance(announced, dict) else {"id": body.get("item_id") or f"item_{step.position}"}
    if step.kind is ItemKind.TEXT:
        return {**item, "type": "message", "role": "assistant", "status": "completed", "content": []}
    if step.kind is ItemKind.THINKING:
        return {**item, "type": "reasoning", "summary": []}
    if step.kind is ItemKind.SEARCH:
        return {"action": {"type": "search", "query": ""}, **item, "type": "web_search_call", "status": "completed"}
    text = {"type": "custom_tool_call", "input": ""} if step.custom else {"type": "function_call", "arguments": ""}
    call = {**item, **text, "status": "completed", "call_id": step.call_id, "name": step.name}
    return {**call, "namespace": step.namespace} if step.namespace else call


def _part(item: JSON, kind: str, key: str = "text", **rest: object) -> JSON:
    """Return the last part of a message if it is of this kind, else a new one."""
    parts: list[JSON] = item["content"]
    if not parts or parts[-1]["type"] != kind:
        parts.append({"type": kind, key: "", **rest})
    return parts[-1]


def _summary(item: JSON) -> list[JSON]:
    parts: list[JSON] = item["summary"]
    if not parts:
        parts.append({"type": "summary_text", "text": ""})
    return parts
