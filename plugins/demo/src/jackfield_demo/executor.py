"""The demo's executor: an upstream that is not there. Its events are those of a real one, in the same order."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from jackfield.api import Endpoint, Event, UpstreamCall

from .answers import Item, items


class DemoExecutor:
    """Answers every call itself, `delay` seconds apart."""

    def __init__(self, delay: float) -> None:
        self._delay = delay

    async def open(self, call: UpstreamCall, endpoint: Endpoint) -> DemoStream:
        """Return the stream of the made-up answer."""
        return DemoStream(events(call), self._delay)


class DemoStream:
    """An EventStream that takes its time."""

    def __init__(self, source: Iterator[dict[str, Any]], delay: float) -> None:
        self.headers: Mapping[str, str] = {}
        self._source = enumerate(source)
        self._delay = delay

    def __aiter__(self) -> AsyncIterator[list[Event]]:
        return self

    async def __anext__(self) -> list[Event]:
        for number, event in self._source:
            if event["type"].endswith(".delta"):
                await asyncio.sleep(self._delay)
            return [Event.of({**event, "sequence_number": number})]
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End: there is no connection to close."""
        self._source = enumerate(())


def events(call: UpstreamCall) -> Iterator[dict[str, Any]]:
    """Yield the events of an answer to `call`, without their numbers."""
    response = _response(call)
    yield {"type": "response.created", "response": response}
    yield {"type": "response.in_progress", "response": response}
    output = []
    for index, item in enumerate(items(call.body)):
        yield {"type": "response.output_item.added", "output_index": index, "item": item.begun}
        for event in item.events:
            yield {**event, "item_id": item.begun["id"], "output_index": index}
        yield {"type": "response.output_item.done", "output_index": index, "item": item.done}
        output.append(item)
    done = {**response, "status": "completed", "output": [item.done for item in output], "usage": _usage(call, output)}
    yield {"type": "response.completed", "response": done}


def _response(call: UpstreamCall) -> dict[str, Any]:
    settings = {key: call.body[key] for key in ("instructions", "reasoning", "text") if call.body.get(key)}
    return {
        "id": f"resp_{uuid.uuid4().hex}",
        "object": "response",
        "created_at": 1_735_689_600,
        "status": "in_progress",
        "model": call.body["model"],
        "output": [],
        "tools": call.body.get("tools") or [],
        "tool_choice": call.body.get("tool_choice") or "auto",
        "parallel_tool_calls": True,
        **settings,
    }


def _usage(call: UpstreamCall, output: list[Item]) -> dict[str, Any]:
    """Return plausible token counts: four characters of input to a token, one token a piece of output."""
    tokens = len(str(call.body.get("input"))) // 4
    pieces = sum(item.pieces for item in output)
    thoughts = sum(item.pieces for item in output if item.done["type"] == "reasoning")
    return {
        "input_tokens": tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": pieces,
        "output_tokens_details": {"reasoning_tokens": thoughts},
        "total_tokens": tokens + pieces,
    }
