"""Composes a Messages answer out of the upstream's events: which blocks there are, in which order, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from ...responses import (
    NO_USAGE,
    Annotated,
    ArgumentsDelta,
    Done,
    Failed,
    Finished,
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
from ..length import TokenLimit
from ..stops import StopScanner
from .answer_parts import DIRECT, Broken, Close, End, Grow, Growth, Open, Part
from .context import MessagesContext
from .ids import tool_id
from .outcome import ending, usage_of
from .searching import citation, search_blocks
from .serialize import BlockSerializer
from .signature import seal
from .tool_input import ToolInput

_PART_SEPARATOR = "\n\n"
_NO_ITEM = Started(-1, ItemKind.TEXT, 0)


class State(Enum):
    """Which block is open. BETWEEN: none; the item at hand may still open one. ENDED: the rest is ignored."""

    BETWEEN = "between"
    TEXT = "text"
    THINKING = "thinking"
    TOOL = "tool"
    ENDED = "ended"


class Composer:
    """Turns upstream events into parts. `maker` names the upstream that serves, for the signatures of its reasoning.

    `limit` holds the text and the input of calls to the length that the client asked for; None where nothing has to.
    """

    def __init__(self, context: MessagesContext) -> None:
        self.state = State.BETWEEN
        self.maker = ""
        self.limit: TokenLimit | None = None
        self._context = context
        self._reader = Reader()
        self._serializer = BlockSerializer()
        self._stops = StopScanner(context.stop_sequences) if context.stop_sequences else None
        self._current = _NO_ITEM
        self._input = ToolInput(_NO_ITEM)
        self._called = False
        self._searches = 0
        self._ids: set[str] = set()

    def feed(self, events: Sequence[Event]) -> list[Part]:
        """Return the parts that these events add."""
        parts: list[Part] = []
        for event in events:
            for step in self._reader.read(event):
                for turn in self._serializer.order(step):
                    self._compose(turn, parts)
        return parts

    def _compose(self, step: Step, parts: list[Part]) -> None:
        """Add what one step means; the match is in order of frequency."""
        if self.state is State.ENDED:
            return
        match step:
            case TextDelta(text=text) | RefusalDelta(text=text):
                self._text(text, parts)
            case ArgumentsDelta(text=text):
                self._argue(text, parts)
            case ThinkingDelta(text=text):
                self._thinking(text, parts)
            case ThinkingBreak():
                self._thinking(_PART_SEPARATOR, parts)
            case Started():
                self._begin(step, parts)
            case Done():
                self._finish(step, parts)
            case Annotated():
                self._cite(step, parts)
            case Finished():
                self._end(ending(step, called=self._called, searches=self._searches), parts)
            case Failed(error=error):
                self.state = State.ENDED
                parts.append(Broken(error))

    def _begin(self, started: Started, parts: list[Part]) -> None:
        self._current = started
        if started.kind is not ItemKind.TOOL:
            return
        self._input = ToolInput(started)
        name = self._context.restore(started.name)
        call = {"type": "tool_use", "id": self._tool_id(started.call_id), "name": name, "input": {}, "caller": DIRECT}
        self._open(State.TOOL, call, parts)

    def _tool_id(self, call_id: str) -> str:
        """Return the id with characters that Messages allows, different from all others of this conversation.

        The number is set off by a hyphen: Claude Code holds `call_0_2` for a copy of `call_0`, and drops its result.
        """
        plain = unique = tool_id(call_id)
        count = 1
        while unique in self._ids or unique in self._context.taken:
            count += 1
            unique = f"{plain}-{count}"
        self._ids.add(unique)
        return unique

    def _text(self, text: str, parts: list[Part]) -> None:
        stop = None
        if self._stops is not None:
            text, stop = self._stops.feed(text)
        self._say(text, parts)
        if stop is not None and self.state is not State.ENDED:
            self._stop(stop, parts)

    def _say(self, text: str, parts: list[Part]) -> None:
        if self.limit is not None:
            text = self.limit.take(text)
        if text and self.state is State.BETWEEN:
            self._open(State.TEXT, {"type": "text", "text": "", "citations": None}, parts)
        self._grow(Growth.TEXT, text, parts)
        self._end_at_limit(parts)

    def _argue(self, text: str, parts: list[Part]) -> None:
        if self.limit is not None:
            text = self.limit.take(text)
        self._grow(Growth.JSON, self._input.take(text), parts)
        self._end_at_limit(parts)

    def _end_at_limit(self, parts: list[Part]) -> None:
        """End where the answer is as long as the client asked for, as at a stop sequence."""
        if self.limit is None or not self.limit.over:
            return
        if self.state is State.TOOL:
            self._grow(Growth.JSON, self._input.close(), parts)
        self._close(parts)
        self._end(End("max_tokens", usage_of(NO_USAGE, self._searches)), parts)

    def _stop(self, sequence: str, parts: list[Part]) -> None:
        """End at a stop sequence. What the upstream counted is not known: it is not heard to its end."""
        self._close(parts)
        self._end(End("stop_sequence", usage_of(NO_USAGE, self._searches), stop_sequence=sequence), parts)

    def _thinking(self, text: str, parts: list[Part]) -> None:
        self._open_thinking(parts)
        if self._context.show_thinking:
            self._grow(Growth.THINKING, text, parts)

    def _open_thinking(self, parts: list[Part]) -> None:
        if self.state is State.BETWEEN:
            self._open(State.THINKING, {"type": "thinking", "thinking": "", "signature": ""}, parts)

    def _cite(self, note: Annotated, parts: list[Part]) -> None:
        found = citation(note.annotation)
        if found is not None and self.state is State.TEXT:
            parts.append(Grow(Growth.CITATION, found))

    def _finish(self, done: Done, parts: list[Part]) -> None:
        """Complete the item at hand and close its block."""
        kind = self._current.kind
        if kind is ItemKind.TEXT:
            self._say(self._stops.flush() if self._stops is not None else "", parts)
        elif kind is ItemKind.TOOL:
            self._called = True
            self._grow(Growth.JSON, self._input.close(), parts)
        elif kind is ItemKind.THINKING and done.encrypted:
            self._open_thinking(parts)
            self._grow(Growth.SIGNATURE, seal(self.maker, done.encrypted), parts)
        elif done.search is not None and done.search.action == "search":
            self._searches += 1
            parts.extend(search_blocks(done.search, done.item, self._current.position))
        if self.state is not State.ENDED:  # what was held back for a stop sequence may have been too long
            self._close(parts)

    def _open(self, state: State, block: Mapping[str, object], parts: list[Part]) -> None:
        self.state = state
        parts.append(Open(block, self._current.position))

    def _grow(self, by: Growth, text: str, parts: list[Part]) -> None:
        if text:
            parts.append(Grow(by, text))

    def _close(self, parts: list[Part]) -> None:
        if self.state is not State.BETWEEN:
            self.state = State.BETWEEN
            parts.append(Close())

    def _end(self, end: End, parts: list[Part]) -> None:
        self.state = State.ENDED
        parts.append(end)
