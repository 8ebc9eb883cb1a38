"""One answer as Chat sees it: an assistant message that grows, from the steps of the upstream's answer.

The writer of streams and the collector of JSON answers both listen to a `MessageBuilder`, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from ...model.errors import UpstreamError
from ...model.types import Usage
from ...responses import (
    Annotated,
    ArgumentsDelta,
    Done,
    Failed,
    Finished,
    ItemKind,
    Reader,
    RefusalDelta,
    Started,
    TextDelta,
    ThinkingBreak,
    ThinkingDelta,
)
from ...responses.sse import Event
from ...responses.values import count_of, text_of
from ..length import TokenLimit
from .context import ChatContext
from .field import GAP, FieldSequencer

_REASONS: Mapping[str, str] = {"content_filter": "content_filter", "steered": "stop"}
"""Why an answer is incomplete; every other reason is a limit."""

_TIERS: Mapping[str, str] = {
    **{tier: tier for tier in ("auto", "default", "flex", "scale", "priority", "fast")},
    "ultrafast": "priority",
}


class Field(Enum):
    """The text fields of a message; the value is the name on the wire."""

    CONTENT = "content"
    REFUSAL = "refusal"
    REASONING = "reasoning_content"


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. `index` counts from 0 in order of appearance, `position` is its place in the upstream's answer."""

    index: int
    position: int
    id: str
    name: str
    custom: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """How the answer ended: the finish reason, the tokens, the service tier ("" when it is not told)."""

    reason: str
    usage: Usage
    service_tier: str


class Listener(Protocol):
    """What a turn tells. Exactly one of `finish` and `fail` comes last, unless the stream is cut."""

    def say(self, field: Field, text: str) -> None:
        """Take more text of a field; never empty."""
        ...

    def call(self, call: Call) -> None:
        """Take a new tool call."""
        ...

    def arguments(self, call: Call, text: str) -> None:
        """Take more of a call's arguments, or of a custom call's input; never empty."""
        ...

    def cite(self, annotations: Sequence[Mapping[str, Any]]) -> None:
        """Take the citations of the whole content."""
        ...

    def finish(self, ending: Ending) -> None:
        """Take the proper end."""
        ...

    def fail(self, error: UpstreamError) -> None:
        """Take the failure that ended the answer."""
        ...


class MessageState(Enum):
    """OPEN: more may come. ENDED: the listener has had its last word."""

    OPEN = "open"
    ENDED = "ended"


class MessageBuilder:
    """Reads the events of one answer and tells a listener what they mean in Chat.

    `limit` holds what is said and the arguments of calls to the length that the client asked for; None: nothing does.
    """

    def __init__(self, context: ChatContext, listener: Listener) -> None:
        self.reader = Reader()
        self.state = MessageState.OPEN
        self.limit: TokenLimit | None = None
        self._names = context.names
        self._listener = listener
        self._content = FieldSequencer(context.stops)
        self._refusal = FieldSequencer()
        self._reasoning = FieldSequencer()
        self._calls: dict[int, Call] = {}
        self._bare: list[Call] = []
        self._notes: list[Annotated] = []
        self._called = "function_call" if context.legacy else "tool_calls"

    def feed(self, events: Sequence[Event]) -> None:
        """Read events; those after the end are ignored."""
        for event in events:
            for step in self.reader.read(event):
                if self.state is MessageState.ENDED:
                    return
                _HANDLERS[type(step)](self, step)

    def _text(self, step: TextDelta) -> None:
        self._say(Field.CONTENT, self._content.add(step.item, step.text))
        self._end_at_stop()

    def _refused(self, step: RefusalDelta) -> None:
        self._say(Field.REFUSAL, self._refusal.add(step.item, step.text))

    def _thought(self, step: ThinkingDelta) -> None:
        self._say(Field.REASONING, self._reasoning.add(step.item, step.text))

    def _paused(self, step: ThinkingBreak) -> None:
        self._say(Field.REASONING, self._reasoning.add(step.item, GAP))

    def _say(self, field: Field, text: str) -> None:
        if self.limit is not None and field is not Field.REASONING:
            text = self._kept(text)
        if text:
            self._listener.say(field, text)
        self._end_at_limit()

    def _kept(self, text: str) -> str:
        """Return what may be said of a text, nothing once the answer has ended."""
        return self.limit.take(text) if self.limit is not None and self.state is MessageState.OPEN else ""

    def _end_at_limit(self) -> None:
        if self.limit is not None and self.limit.over and self.state is MessageState.OPEN:
            self._end("length", Finished("incomplete"))

    def _end_at_stop(self) -> None:
        if self._content.stopped and self.state is MessageState.OPEN:
            self._end("stop", Finished("completed"))

    def _started(self, step: Started) -> None:
        if step.kind is ItemKind.TOOL:
            name = self._names.restore(step.name)
            call = Call(len(self._calls), step.position, step.call_id, name, step.custom)
            self._calls[step.item] = call
            self._listener.call(call)

    def _argued(self, step: ArgumentsDelta) -> None:
        text = step.text if self.limit is None else self._kept(step.text)
        if text:
            self._listener.arguments(self._calls[step.item], text)
        self._end_at_limit()

    def _noted(self, step: Annotated) -> None:
        if step.annotation.get("type") == "url_citation":
            self._notes.append(step)

    def _done(self, step: Done) -> None:
        call = self._calls.get(step.item)
        if call is not None:
            if not step.arguments and not call.custom:
                self._bare.append(call)
            return
        self._say(Field.REASONING, self._reasoning.done(step.item))
        self._say(Field.REFUSAL, self._refusal.done(step.item))
        self._say(Field.CONTENT, self._content.done(step.item))
        self._end_at_stop()

    def _finished(self, step: Finished) -> None:
        if step.status == "incomplete":
            self._end(_REASONS.get(step.reason, "length"), step)
            return
        for call in self._bare:
            self._listener.arguments(call, "{}")  # what clients parse as JSON must not be empty
        self._end(self._called if self._calls else "stop", step)

    def _end(self, reason: str, step: Finished) -> None:
        self.state = MessageState.ENDED
        citations = [self._citation(note) for note in self._notes if note.item in self._content.starts]
        if citations:
            self._listener.cite(citations)
        self._listener.finish(Ending(reason, step.usage, _TIERS.get(step.service_tier, "")))

    def _citation(self, note: Annotated) -> dict[str, Any]:
        """Return a citation in Chat's form; its indexes count from the start of the whole content."""
        start = self._content.starts[note.item]
        told = note.annotation
        cited = {
            "url": text_of(told.get("url")),
            "title": text_of(told.get("title")),
            "start_index": start + count_of(told.get("start_index")),
            "end_index": start + count_of(told.get("end_index")),
        }
        return {"type": "url_citation", "url_citation": cited}

    def _failed(self, step: Failed) -> None:
        self.state = MessageState.ENDED
        self._listener.fail(step.error)


_HANDLERS: Mapping[type, Callable[[MessageBuilder, Any], None]] = {
    Started: MessageBuilder._started,
    TextDelta: MessageBuilder._text,
    RefusalDelta: MessageBuilder._refused,
    ThinkingDelta: MessageBuilder._thought,
    ThinkingBreak: MessageBuilder._paused,
    ArgumentsDelta: MessageBuilder._argued,
    Annotated: MessageBuilder._noted,
    Done: MessageBuilder._done,
    Finished: MessageBuilder._finished,
    Failed: MessageBuilder._failed,
}
