"""What relays leave out of a stream, put in: events of items, and the `output` of the last event.

Clients take an answer from `output_item.done` or from the last event's `output`, and show nothing where that is missing
though every word of it came. Whether something lacks is told by the types of the events alone, counted; only where it
does is anything parsed, and only then are bytes other than the upstream's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...responses.sse import Event
from . import making
from .merging import merged
from .output import rebuilt_output

JSON = dict[str, Any]

_ADDED, _DONE = "response.output_item.added", "response.output_item.done"
ENDS = frozenset({"response.completed", "response.incomplete"})
"""The last events of an answer that is one."""
_STARTS = {
    "response.output_text.delta": "message",
    "response.refusal.delta": "message",
    "response.content_part.added": "message",
    "response.reasoning_summary_text.delta": "reasoning",
    "response.reasoning_summary_part.added": "reasoning",
}
"""Events by which an item shows itself though nobody announced it, and its kind."""
_REST = frozenset(
    {
        "response.output_text.done",
        "response.output_text.annotation.added",
        "response.refusal.done",
        "response.content_part.done",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.reasoning_text.delta",
        "response.reasoning_text.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.custom_tool_call_input.delta",
        "response.custom_tool_call_input.done",
    }
)
_EDGES = frozenset({_ADDED, _DONE})
_CONTENT = frozenset(_STARTS) | _REST | _EDGES
INNER = _CONTENT - _EDGES
"""Events of an item's content; all are objects, and readable as they are."""
MANY = 1024
"""Events of open items that are kept as they came; when they are more, deltas of the same part become one."""
_NOTHING: Sequence[JSON] = ()
_FIRST = {
    "response.output_text.delta": {"type": "output_text", "text": "", "annotations": [], "logprobs": []},
    "response.refusal.delta": {"type": "refusal", "refusal": ""},
}


class Gaps:
    """Watches one stream, and completes it."""

    def __init__(self) -> None:
        self._added = self._done = 0
        self._shift = 0
        self._stray = False
        self._many = MANY
        self._ours: set[object] = set()
        """Ids or indices of the items that were announced here: more of them may show themselves unannounced."""
        self._finished: list[Event] = []
        self._open: list[Event] = []
        """Events of the items that are not done: what would have to be told of them if their end never came."""

    def passes(self, event: Event) -> bool:
        """Take note of an event by itself, and return True, if nothing can lack before it: so nearly all are."""
        if self._added == self._done or self._ours or self._shift or event.type not in INNER:
            return False
        self._open.append(event)
        if len(self._open) >= self._many:
            self._merge()
        return True

    def _merge(self) -> None:
        """Put deltas together: a long item is not kept in as many pieces as it came in."""
        self._open = merged(self._open)
        self._many = len(self._open) + MANY

    def filled(self, events: Sequence[Event]) -> Sequence[Event]:
        """Return the events with what lacks before each; the very same where nothing does."""
        found: list[Event] | None = None
        for place, event in enumerate(events):
            kind, before, last = event.type, _NOTHING, event
            if kind in _CONTENT:
                # nearly every event is of an item that is open, and that the upstream announced itself
                before = _NOTHING if not self._shift and self.passes(event) else self._before(event)
            elif kind in ENDS:
                before, last = self._end(event)
            if before or self._shift or last is not event:
                found = list(events[:place]) if found is None else found
                found += self._numbered([*before, last])
            elif found is not None:
                found.append(event)
        return events if found is None else found

    def output(self, response: JSON) -> list[Any]:
        """Return the items of an answer that is over: those of its last event's `response`, else those that came."""
        told = response.get("output")
        if isinstance(told, list) and told:
            return told
        return [item for event in self._finished if (item := event.json().get("item")) is not None]

    def _before(self, event: Event) -> Sequence[JSON]:
        """Take note of an event of an item; return the announcement that it lacks."""
        kind, unannounced = event.type, self._added == self._done or self._is_new(event)
        if len(self._open) >= self._many:
            self._merge()
        self._open.append(event)
        if kind == _ADDED:
            self._added += 1
            return ()
        if kind == _DONE:
            return self._closed(event, unannounced=unannounced)
        if not unannounced:
            return ()
        if kind not in _STARTS:
            self._stray = True  # a call whose name is not known yet: its end will tell
            return ()
        self._added += 1
        made = _announced(event)
        self._open[-1:-1] = map(Event.of, made)
        self._ours.add(_name_of(event))
        return made

    def _is_new(self, event: Event) -> bool:
        """Return True for an event of an item that is not the one that was announced here."""
        return bool(self._ours) and event.type in _STARTS and _name_of(event) not in self._ours

    def _closed(self, event: Event, *, unannounced: bool) -> Sequence[JSON]:
        self._done += 1
        made: Sequence[JSON] = ()
        if unannounced:
            self._added += 1
            body = event.json()
            item, index = body.get("item"), body.get("output_index")
            place = index if isinstance(index, int) else self._done - 1
            made = (making.announcement(item, place),) if isinstance(item, dict) else ()
            self._stray = False
        if self._added == self._done:
            self._finished += [each for each in self._open if each.type == _DONE]
            self._open.clear()
            self._ours.clear()
        return made

    def _end(self, event: Event) -> tuple[Sequence[JSON], Event]:
        """Return what has to come before the last event, and that event with its output."""
        body = event.json()
        response = body.get("response")
        output = response.get("output") if isinstance(response, dict) else None
        told = output if isinstance(output, list) else []
        whole = self._added == self._done and not self._stray and len(told) <= self._done
        if not isinstance(response, dict) or (whole and (output != [] or not self._done)):
            return (), event
        items = told or rebuilt_output([*self._finished, *self._open])
        made = [] if whole else self._made(items)
        if output == [] and items:
            event = Event.of({**body, "response": {**response, "output": items}})
        return made, event

    def _made(self, items: Sequence[Any]) -> list[JSON]:
        """Return the events that lack of these items."""
        done = _places(self._finished + [each for each in self._open if each.type == _DONE])
        announced = _places([each for each in self._open if each.type == _ADDED])
        made: list[JSON] = []
        for index, item in enumerate(items):
            if not isinstance(item, dict) or _is_among(item, index, done):
                continue
            known = _is_among(item, index, announced)
            made += [] if known else [making.announcement(item, index)]
            made += [*making.content(item, index, self._came(item, index)), making.end(item, index)]
        return made

    def _came(self, item: JSON, index: int) -> set[making.Place]:
        came: set[making.Place] = set()
        for event in self._open:
            body = event.json()
            if body.get("item_id") == item.get("id") or ("item_id" not in body and body.get("output_index") == index):
                part = body.get("content_index", body.get("summary_index", -1))
                came.add((event.type, part if isinstance(part, int) else -1))
        return came

    def _numbered(self, events: Sequence[JSON | Event]) -> list[Event]:
        """Return events, made ones among them, with numbers that rise, where the upstream numbers its own."""
        last = events[-1]
        own = last.json().get("sequence_number") if isinstance(last, Event) else None
        self._shift += len(events) - 1
        if not isinstance(own, int):
            return [each if isinstance(each, Event) else Event.of(each) for each in events]
        first = own + self._shift - len(events) + 1
        bodies = [each.json() if isinstance(each, Event) else each for each in events]
        return [Event.of({**body, "sequence_number": first + place}) for place, body in enumerate(bodies)]


def _name_of(event: Event) -> object:
    """Return what tells the items of a stream apart: the id, else the index."""
    return _name(event.json().get("item_id")) or _name(event.json().get("output_index"))


def _name(value: object) -> object:
    """Return an id or an index; None for anything else that a peer may write there."""
    return value if isinstance(value, str | int) else None


def _announced(event: Event) -> list[JSON]:
    """Return what opens an item, and its first part, that shows itself by an event of its content."""
    body, kind = event.json(), _STARTS[event.type]
    index = body.get("output_index")
    place = index if isinstance(index, int) else 0
    at: JSON = {"item_id": body.get("item_id"), "output_index": place}
    item: JSON = {"id": at["item_id"] or f"item_{place}", "type": kind}
    item |= {"role": "assistant", "status": "in_progress", "content": []} if kind == "message" else {"summary": []}
    made = [making.announcement(item, place)]
    if event.type in _FIRST:
        at["content_index"] = body.get("content_index", 0)
        made.append({"type": "response.content_part.added", **at, "part": _FIRST[event.type]})
    if event.type == "response.reasoning_summary_text.delta":
        at["summary_index"] = body.get("summary_index", 0)
        part = {"type": "summary_text", "text": ""}
        made.append({"type": "response.reasoning_summary_part.added", **at, "part": part})
    return made


def _places(events: Sequence[Event]) -> set[object]:
    """Return ids and indices of the items that events are about."""
    found: set[object] = set()
    for event in events:
        item = event.json().get("item")
        named = _name(item.get("id")) if isinstance(item, dict) else None
        found.add(named or _name(event.json().get("output_index")))
    return found


def _is_among(item: JSON, index: int, places: set[object]) -> bool:
    return _name(item.get("id")) in places or index in places
