"""The output items of an answer: text, tool calls, reasoning, searches, refusals with the events that stream them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Protocol

import orjson

JSON = dict[str, Any]
Deltas = int | Sequence[str] | None
"""How a text is streamed: in so many pieces (0: only whole, at the end), in just these pieces, or by words (None)."""


@dataclass(frozen=True, slots=True)
class Played:
    """An item as it streams: its events without `sequence_number`, and its final form."""

    events: list[JSON]
    item: JSON


class Item(Protocol):
    """Anything that can stand in an answer."""

    def play(self, index: int) -> Sequence[Played]:
        """Return what it streams when its first output index is `index`; more than one item for a group."""
        ...


def pieces(text: str, deltas: Deltas) -> list[str]:
    """Cut `text` as `deltas` says. Raises ValueError when given pieces do not add up to the text."""
    if deltas is None:
        words = text.split(" ")
        return [word + (" " if i < len(words) - 1 else "") for i, word in enumerate(words)] if text else []
    if isinstance(deltas, int):
        size = -(-len(text) // deltas) if deltas else 0
        return [text[i : i + size] for i in range(0, len(text), size)] if size else []
    if deltas and "".join(deltas) != text:
        raise ValueError(f"the deltas make {''.join(deltas)!r}, not {text!r}")
    return list(deltas)


def _frame(index: int, before: JSON, events: list[JSON], item: JSON) -> list[Played]:
    added = {"type": "response.output_item.added", "output_index": index, "item": before}
    done = {"type": "response.output_item.done", "output_index": index, "item": item}
    return [Played([added, *events, done], item)]


@dataclass(frozen=True, slots=True)
class Text:
    """A message of one text part. `citations` are (URL, title) pairs, annotated over the whole text."""

    text: str
    deltas: Deltas = None
    phase: str | None = None
    citations: Sequence[tuple[str, str]] = ()

    def play(self, index: int) -> list[Played]:
        """See `Item`."""
        notes = [self._citation(url, title) for url, title in self.citations]
        place = {"item_id": f"msg_{index}", "output_index": index, "content_index": 0}
        part = {"type": "output_text", "text": self.text, "annotations": notes, "logprobs": []}
        events: list[JSON] = [
            {"type": "response.content_part.added", **place, "part": part | {"text": "", "annotations": []}},
            *(
                {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
                for piece in pieces(self.text, self.deltas)
            ),
            *(
                {"type": "response.output_text.annotation.added", **place, "annotation_index": i, "annotation": note}
                for i, note in enumerate(notes)
            ),
            {"type": "response.output_text.done", **place, "text": self.text, "logprobs": []},
            {"type": "response.content_part.done", **place, "part": part},
        ]
        return _message(index, events, part, self.phase)

    def _citation(self, url: str, title: str) -> JSON:
        return {"type": "url_citation", "url": url, "title": title, "start_index": 0, "end_index": len(self.text)}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message whose one part is a refusal."""

    text: str
    deltas: Deltas = None

    def play(self, index: int) -> list[Played]:
        """See `Item`."""
        place = {"item_id": f"msg_{index}", "output_index": index, "content_index": 0}
        part = {"type": "refusal", "refusal": self.text}
        events: list[JSON] = [
            {"type": "response.content_part.added", **place, "part": part | {"refusal": ""}},
            *({"type": "response.refusal.delta", **place, "delta": piece} for piece in pieces(self.text, self.deltas)),
            {"type": "response.refusal.done", **place, "refusal": self.text},
            {"type": "response.content_part.done", **place, "part": part},
        ]
        return _message(index, events, part, None)


def _message(index: int, events: list[JSON], part: JSON, phase: str | None) -> list[Played]:
    extra = {"phase": phase} if phase else {}
    item = {"id": f"msg_{index}", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    return _frame(index, item | {"status": "in_progress", "content": []} | extra, events, item | extra)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function call. `arguments` is an object or the JSON text itself; `call_id` is `call_<index>` unless given."""

    name: str
    arguments: Mapping[str, Any] | str
    call_id: str = ""
    deltas: Deltas = 3
    namespace: str | None = None

    def play(self, index: int) -> list[Played]:
        """See `Item`."""
        given = self.arguments
        text = given if isinstance(given, str) else orjson.dumps(given).decode()
        place = {"item_id": f"fc_{index}", "output_index": index}
        events: list[JSON] = [
            *(
                {"type": "response.function_call_arguments.delta", **place, "delta": piece}
                for piece in pieces(text, self.deltas)
            ),
            {"type": "response.function_call_arguments.done", **place, "name": self.name, "arguments": text},
        ]
        item: JSON = {"id": f"fc_{index}", "type": "function_call", "status": "completed", "arguments": text}
        item |= {"call_id": self.call_id or f"call_{index}", "name": self.name}
        item |= {"namespace": self.namespace} if self.namespace else {}
        return _frame(index, item | {"status": "in_progress", "arguments": ""}, events, item)


@dataclass(frozen=True, slots=True)
class CustomToolCall:
    """A call of a `custom` tool, whose input is plain text."""

    name: str
    input: str
    call_id: str = ""
    deltas: Deltas = 3

    def play(self, index: int) -> list[Played]:
        """See `Item`."""
        place = {"item_id": f"ctc_{index}", "output_index": index}
        events: list[JSON] = [
            *(
                {"type": "response.custom_tool_call_input.delta", **place, "delta": piece}
                for piece in pieces(self.input, self.deltas)
            ),
            {"type": "response.custom_tool_call_input.done", **place, "input": self.input},
        ]
        item: JSON = {"id": f"ctc_{index}", "type": "custom_tool_call", "status": "completed", "input": self.input}
        item |= {"call_id": self.call_id or f"call_{index}", "name": self.name}
        return _frame(index, item | {"status": "in_progress", "input": ""}, events, item)


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A reasoning item: summary parts, an encrypted blob, raw reasoning text; each may be missing.

    As with the real service, the blob in `output_item.added` is an early one: only that of `output_item.done` counts.
    """

    summary: Sequence[str] = ()
    encrypted_content: str | None = None
    text: str = ""
    deltas: Deltas = None

    def play(self, index: int) -> list[Played]:
        """See `Item`."""
        item: JSON = {"id": f"rs_{index}", "type": "reasoning"}
        item["summary"] = [{"type": "summary_text", "text": part} for part in self.summary]
        early: JSON = {"summary": []}
        if self.text:
            item["content"] = [{"type": "reasoning_text", "text": self.text}]
            early["content"] = []
        if self.encrypted_content is not None:
            item["encrypted_content"] = self.encrypted_content
            early["encrypted_content"] = "early-" + self.encrypted_content[:4]
        events = [event for i, part in enumerate(self.summary) for event in self._part(index, i, part)]
        return _frame(index, item | early, events + self._raw(index), item)

    def _part(self, index: int, number: int, text: str) -> Iterator[JSON]:
        place = {"item_id": f"rs_{index}", "output_index": index, "summary_index": number}
        part = {"type": "summary_text", "text": text}
        yield {"type": "response.reasoning_summary_part.added", **place, "part": part | {"text": ""}}
        for piece in pieces(text, self.deltas):
            yield {"type": "response.reasoning_summary_text.delta", **place, "delta": piece}
        yield {"type": "response.reasoning_summary_text.done", **place, "text": text}
        yield {"type": "response.reasoning_summary_part.done", **place, "part": part}

    def _raw(self, index: int) -> list[JSON]:
        if not self.text:
            return []
        place = {"item_id": f"rs_{index}", "output_index": index, "content_index": 0}
        part = {"type": "reasoning_text", "text": self.text}
        return [
            {"type": "response.content_part.added", **place, "part": part | {"text": ""}},
            *(
                {"type": "response.reasoning_text.delta", **place, "delta": piece}
                for piece in pieces(self.text, self.deltas)
            ),
            {"type": "response.reasoning_text.done", **place, "text": self.text},
            {"type": "response.content_part.done", **place, "part": part},
        ]


@dataclass(frozen=True, slots=True)
class WebSearch:
    """A web search that the upstream did itself. `sources` are URLs."""

    query: str
    sources: Sequence[str] = ()

    def play(self, index: int) -> list[Played]:
        """See `Item`."""
        place = {"item_id": f"ws_{index}", "output_index": index}
        events: list[JSON] = [
            {"type": f"response.web_search_call.{state}", **place}
            for state in ("in_progress", "searching", "completed")
        ]
        action: JSON = {"type": "search", "query": self.query}
        item: JSON = {"id": f"ws_{index}", "type": "web_search_call", "status": "completed"}
        item["action"] = action | {"sources": [{"type": "url", "url": url} for url in self.sources]}
        return _frame(index, item | {"status": "in_progress", "action": action}, events, item)


@dataclass(frozen=True, slots=True)
class Interleaved:
    """Several items that stream at the same time: their events take turns."""

    items: Sequence[Item]

    def play(self, index: int) -> list[Played]:
        """See `Item`. The first of the group carries all events."""
        played: list[Played] = []
        for item in self.items:
            played += item.play(index + len(played))
        turns = zip_longest(*(one.events for one in played))
        events = [event for turn in turns for event in turn if event is not None]
        return [Played(events if i == 0 else [], one.item) for i, one in enumerate(played)]
