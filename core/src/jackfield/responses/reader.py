"""Reads one upstream stream: Responses events in, steps out. What relays get wrong is put right here, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from .item_index import ItemIndex, Keys, match
from .items import Item, ItemState, TextItem, ThinkingItem, ToolItem
from .sse import Event
from .steps import Failed, Finished, ItemKind, Step
from .usage import read_usage
from .values import arguments_of, count_of, index_of, object_of, text_of
from .verdicts.failures import from_response

_TEXT_DELTA = "response.output_text.delta"
_DELTA_MARK = b',"delta":"'

_KINDS: Mapping[str, ItemKind] = {
    "message": ItemKind.TEXT,
    "reasoning": ItemKind.THINKING,
    "function_call": ItemKind.TOOL,
    "custom_tool_call": ItemKind.TOOL,
    "web_search_call": ItemKind.SEARCH,
}

_ItemType = TypeVar("_ItemType", bound=Item)


@dataclass(frozen=True, slots=True)
class Header:
    """What the upstream says of the answer as a whole: "" or 0 where it has not. `created` is in seconds since 1970."""

    id: str = ""
    model: str = ""
    created: int = 0


class ReaderState(Enum):
    """READING: more may come. ENDED: the terminal event was read; whatever follows is ignored."""

    READING = "reading"
    ENDED = "ended"


class Reader:
    """Turns the events of one stream into steps.

    `header` is filled as soon as the upstream tells. No event raises, whatever its JSON holds: what makes no sense is
    skipped.
    """

    def __init__(self) -> None:
        self.header = Header()
        self.state = ReaderState.READING
        self._shelf = ItemIndex()
        # The last text delta's keys, byte for byte, and what they led to: the next delta mostly has the same.
        self._where = b""
        self._where_item: TextItem | None = None
        self._where_part = 0

    def read(self, event: Event) -> Sequence[Step]:
        """Return the steps that `event` adds; mostly one, often none."""
        if self.state is ReaderState.ENDED:
            return ()
        if event.type == _TEXT_DELTA:
            return self._quick_text(event.data) or self._text_delta(event.json(), event.data)
        handler = _HANDLERS.get(event.type)
        return handler(self, event.json()) if handler is not None else ()

    # -- text

    def _quick_text(self, data: bytes) -> list[Step] | None:
        """Cut the delta out of the bytes where that is safe: same keys as before, no escapes. None: parse it."""
        mark = data.find(_DELTA_MARK)
        item = self._where_item
        if (
            mark < 0
            or item is None
            or item.state is ItemState.DONE
            or data[data.find(b'"item_id"') : mark] != self._where
        ):
            return None
        start = mark + len(_DELTA_MARK)
        end = data.find(b'"', start)
        piece = data[start:end]
        if end <= start or b"\\" in piece:
            return None
        return item.text(self._where_part, str(piece, "utf-8", "replace"))

    def _text_delta(self, body: dict[str, Any], data: bytes) -> list[Step]:
        item, steps = self._item(TextItem, ItemKind.TEXT, body)
        if item is None:
            return steps
        part = index_of(body.get("content_index")) or 0
        where = data[data.find(b'"item_id"') : max(0, data.find(_DELTA_MARK))]
        if b'"output_index"' in where and b'"content_index"' in where and b"{" not in where:
            self._where, self._where_item, self._where_part = where, item, part
        return steps + item.text(part, text_of(body.get("delta")))

    def _text_done(self, body: dict[str, Any]) -> list[Step]:
        item, steps = self._item(TextItem, ItemKind.TEXT, body)
        return steps + item.fill_text(_part(body), text_of(body.get("text"))) if item else steps

    def _refusal_delta(self, body: dict[str, Any]) -> list[Step]:
        item, steps = self._item(TextItem, ItemKind.TEXT, body)
        return steps + item.refusal(_part(body), text_of(body.get("delta"))) if item else steps

    def _refusal_done(self, body: dict[str, Any]) -> list[Step]:
        item, steps = self._item(TextItem, ItemKind.TEXT, body)
        return steps + item.fill_refusal(_part(body), text_of(body.get("refusal"))) if item else steps

    def _part_done(self, body: dict[str, Any]) -> list[Step]:
        part = object_of(body.get("part"))
        handler = _PART_HANDLERS.get(text_of(part.get("type")))
        return handler(self, {**body, **part}) if handler is not None else []

    def _annotation(self, body: dict[str, Any]) -> list[Step]:
        item, steps = self._item(TextItem, ItemKind.TEXT, body)
        return steps + item.annotate(object_of(body.get("annotation"))) if item else steps

    # -- thinking

    def _summary_part(self, body: dict[str, Any]) -> list[Step]:
        item, steps = self._item(ThinkingItem, ItemKind.THINKING, body)
        return steps + item.begin_part() if item else steps

    def _summary_delta(self, body: dict[str, Any]) -> list[Step]:
        item, steps = self._item(ThinkingItem, ItemKind.THINKING, body)
        return steps + item.summary(index_of(body.get("summary_index")), text_of(body.get("delta"))) if item else steps

    def _summary_done(self, body: dict[str, Any]) -> list[Step]:
        item, steps = self._item(ThinkingItem, ItemKind.THINKING, body)
        text = text_of(body.get("text")) or text_of(object_of(body.get("part")).get("text"))
        return steps + item.fill_summary(index_of(body.get("summary_index")), text) if item else steps

    def _raw_delta(self, body: dict[str, Any]) -> list[Step]:
        item, steps = self._item(ThinkingItem, ItemKind.THINKING, body)
        return steps + item.raw(_part(body), text_of(body.get("delta"))) if item else steps

    def _raw_done(self, body: dict[str, Any]) -> list[Step]:
        item, steps = self._item(ThinkingItem, ItemKind.THINKING, body)
        return steps + item.fill_raw(_part(body), text_of(body.get("text"))) if item else steps

    # -- calls

    def _arguments_delta(self, body: dict[str, Any]) -> list[Step]:
        item, steps = self._item(ToolItem, ItemKind.TOOL, body)
        return steps + item.arguments(text_of(body.get("delta"))) if item else steps

    def _arguments_done(self, body: dict[str, Any]) -> list[Step]:
        item, steps = self._item(ToolItem, ItemKind.TOOL, body)
        return steps + item.fill(arguments_of(body.get("arguments"))) if item else steps

    def _input_delta(self, body: dict[str, Any]) -> list[Step]:
        return self._arguments_delta({**body, "type": "custom_tool_call"})

    def _input_done(self, body: dict[str, Any]) -> list[Step]:
        return self._arguments_done({**body, "type": "custom_tool_call", "arguments": body.get("input")})

    # -- items

    def _item_added(self, body: dict[str, Any]) -> list[Step]:
        entry = object_of(body.get("item"))
        kind = _KINDS.get(text_of(entry.get("type")))
        return self._find_or_add(kind, Keys.of(body), entry)[1] if kind is not None else []

    def _item_done(self, body: dict[str, Any]) -> list[Step]:
        entry, keys = object_of(body.get("item")), Keys.of(body)
        kind = _KINDS.get(text_of(entry.get("type")))
        if kind is not None:
            item, steps = self._find_or_add(kind, keys, entry)
            return steps + _finish(item, entry)
        known = None if entry.get("type") else self._shelf.find_any(keys)
        return _finish(known, entry) if known is not None else []

    def _item(
        self, wanted: type[_ItemType], kind: ItemKind, body: dict[str, Any]
    ) -> tuple[_ItemType | None, list[Step]]:
        """Return the item that an event belongs to (None when it is done), and the steps that its appearance adds."""
        item, steps = self._find_or_add(kind, Keys.of(body), body)
        return (item if isinstance(item, wanted) and item.state is not ItemState.DONE else None), steps

    def _find_or_add(self, kind: ItemKind, keys: Keys, entry: Mapping[str, Any]) -> tuple[Item, list[Step]]:
        item = self._shelf.find(kind, keys)
        if item is not None:
            return item, item.start(entry)
        return self._add(kind, keys, entry)

    def _add(
        self, kind: ItemKind, keys: Keys, entry: Mapping[str, Any], position: int | None = None
    ) -> tuple[Item, list[Step]]:
        steps = [step for item in self._shelf.of_kind(ThinkingItem) for step in item.release()]
        item = self._shelf.add(kind, keys, self.header.id, position)
        return item, steps + item.start(entry)

    # -- the answer as a whole

    def _progress(self, body: dict[str, Any]) -> list[Step]:
        self._read_header(object_of(body.get("response")))
        return []

    def _read_header(self, response: dict[str, Any]) -> None:
        known = self.header
        self.header = Header(
            known.id or text_of(response.get("id")),
            known.model or text_of(response.get("model")),
            known.created or count_of(response.get("created_at")),
        )

    def _ended(self, body: dict[str, Any]) -> list[Step]:
        response = object_of(body.get("response"))
        status = response.get("status")
        if status in ("failed", "cancelled"):
            return self._failed(body)
        self._read_header(response)
        steps = self._backfill(response.get("output"))
        self.state = ReaderState.ENDED
        cut = body.get("type") == "response.incomplete" or status == "incomplete"
        reason = text_of(object_of(response.get("incomplete_details")).get("reason"))
        usage, tier = read_usage(response.get("usage")), text_of(response.get("service_tier"))
        return [*steps, Finished("incomplete" if cut else "completed", reason if cut else "", usage, tier)]

    def _backfill(self, output: object) -> list[Step]:
        """Add what only the final `output` has, and close all items."""
        entries = list(_entries(output))
        known = match(self._shelf.items, entries)
        steps: list[Step] = []
        for place, kind, entry in entries:
            item, keys = known.get(place), Keys.of({"item": entry})
            if item is None:
                item, begun = self._add(kind, keys, entry, place)
                steps += begun
            self._shelf.learn(item, keys)
            steps += _finish(item, entry)
        return steps + [step for item in self._shelf.items for step in _finish(item, {})]

    def _failed(self, body: dict[str, Any]) -> list[Step]:
        self.state = ReaderState.ENDED
        return [Failed(from_response(body))]


def _finish(item: Item, entry: Mapping[str, Any]) -> list[Step]:
    return [] if item.state is ItemState.DONE else item.finish(entry)


def _entries(output: object) -> Iterator[tuple[int, ItemKind, dict[str, Any]]]:
    """Yield the items of a final `output` that mean something here, with their places."""
    for place, entry in enumerate(output if isinstance(output, list) else ()):
        kind = _KINDS.get(text_of(object_of(entry).get("type")))
        if kind is not None:
            yield place, kind, entry


def _part(body: Mapping[str, Any]) -> int:
    return index_of(body.get("content_index")) or 0


_Handler = Callable[[Reader, dict[str, Any]], list[Step]]

_PART_HANDLERS: Mapping[str, _Handler] = {
    "output_text": Reader._text_done,
    "refusal": Reader._refusal_done,
    "reasoning_text": Reader._raw_done,
}

_HANDLERS: Mapping[str, _Handler] = {
    "response.created": Reader._progress,
    "response.queued": Reader._progress,
    "response.in_progress": Reader._progress,
    "response.output_item.added": Reader._item_added,
    "response.output_item.done": Reader._item_done,
    "response.content_part.done": Reader._part_done,
    "response.output_text.done": Reader._text_done,
    "response.output_text.annotation.added": Reader._annotation,
    "response.refusal.delta": Reader._refusal_delta,
    "response.refusal.done": Reader._refusal_done,
    "response.reasoning_summary_part.added": Reader._summary_part,
    "response.reasoning_summary_part.done": Reader._summary_done,
    "response.reasoning_summary_text.delta": Reader._summary_delta,
    "response.reasoning_summary_text.done": Reader._summary_done,
    "response.reasoning_text.delta": Reader._raw_delta,
    "response.reasoning_text.done": Reader._raw_done,
    "response.function_call_arguments.delta": Reader._arguments_delta,
    "response.function_call_arguments.done": Reader._arguments_done,
    "response.custom_tool_call_input.delta": Reader._input_delta,
    "response.custom_tool_call_input.done": Reader._input_done,
    "response.completed": Reader._ended,
    "response.incomplete": Reader._ended,
    "response.failed": Reader._failed,
    "response.cancelled": Reader._failed,
    "error": Reader._failed,
}

READ = frozenset({_TEXT_DELTA, *_HANDLERS})
"""Types of the events that are read here; others tell nothing of an answer."""
