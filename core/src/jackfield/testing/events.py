"""Telling whether Responses events make a well-formed stream, and what they amount to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

JSON = Mapping[str, Any]

TERMINAL = ("response.completed", "response.incomplete", "response.failed")
_LIFECYCLE = ("response.created", "response.in_progress", "response.queued", *TERMINAL)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a stream of Responses events amounts to.

    `response` is that of the terminal event, `output` the finished items by output index, `text` all their text,
    `thinking` all their reasoning summaries, `calls` the function and custom calls among them.
    """

    response: JSON
    output: Sequence[JSON]
    text: str
    thinking: str
    calls: Sequence[JSON]


def check_events(
    events: Iterable[JSON], *, end: str = "response.completed", empty_output: bool = False, gaps: bool = False
) -> Answer:
    """Assert that these events, as objects, make one well-formed stream; return what they amount to.

    Checked: numbers that rise, one response id, items that open before they stream and close before the stream
    completes, deltas that add up to the whole, one terminal event of type `end` and nothing after it, and an output
    that repeats the finished items (`empty_output`: it may also be empty or missing). `gaps` tolerates numbers that
    are missing or repeated. Raises AssertionError listing every fault.
    """
    checker = _Checker(gaps=gaps)
    for event in events:
        checker.take(event)
    checker.finish(end, empty_output)
    if checker.faults:
        raise AssertionError("this is no well-formed stream:\n" + "\n".join(checker.faults))
    return checker.answer()


@dataclass(slots=True)
class _OpenItem:
    """An output item while it streams: its first form, its last, and the texts that its deltas make, by place."""

    first: JSON
    last: JSON | None = None
    texts: dict[tuple[str, int], str] = field(default_factory=dict)
    parts: set[tuple[str, int]] = field(default_factory=set)


_DELTAS = {
    "response.output_text.delta": ("text", "content_index"),
    "response.refusal.delta": ("refusal", "content_index"),
    "response.reasoning_text.delta": ("reasoning", "content_index"),
    "response.reasoning_summary_text.delta": ("summary", "summary_index"),
    "response.function_call_arguments.delta": ("arguments", ""),
    "response.custom_tool_call_input.delta": ("input", ""),
}
"""For each delta event: what it adds to, and the key of its part."""

_WHOLES = {
    "response.output_text.done": ("text", "content_index", "text"),
    "response.refusal.done": ("refusal", "content_index", "refusal"),
    "response.reasoning_text.done": ("reasoning", "content_index", "text"),
    "response.reasoning_summary_text.done": ("summary", "summary_index", "text"),
    "response.function_call_arguments.done": ("arguments", "", "arguments"),
    "response.custom_tool_call_input.done": ("input", "", "input"),
}
"""For each event that repeats what deltas made: the same two, and where the whole stands."""

_PARTS = {
    "response.content_part.added": ("content", "content_index"),
    "response.reasoning_summary_part.added": ("summary", "summary_index"),
}
_IN_PART = {"text": "content", "refusal": "content", "reasoning": "content", "summary": "summary"}


class _Checker:
    """Takes events one by one and collects what is wrong with them."""

    def __init__(self, *, gaps: bool) -> None:
        self.faults: list[str] = []
        self._gaps = gaps
        self._number: int | None = None
        self._response_id: str | None = None
        self._items: dict[int, _OpenItem] = {}
        self._terminal: JSON | None = None
        self._count = 0
        self._takers: Mapping[str, Callable[[str, JSON], None]] = {
            **dict.fromkeys(_LIFECYCLE, self._lifecycle),
            "response.output_item.added": self._added,
            "response.output_item.done": self._done,
            **dict.fromkeys(_DELTAS, self._delta),
            **dict.fromkeys(_WHOLES, self._whole),
            **dict.fromkeys(_PARTS, self._part),
        }

    def take(self, event: JSON) -> None:
        kind = str(event.get("type"))
        if self._terminal is not None:
            self._fault(kind, f"comes after {self._terminal['type']}")
        if self._count == 0 and kind != "response.created":
            self._fault(kind, "is the first event instead of response.created")
        self._numbered(kind, event)
        self._count += 1
        taker = self._takers.get(kind)
        if taker is not None:
            taker(kind, event)
        elif "output_index" in event:
            self._item(kind, event)

    def _fault(self, kind: str, text: str) -> None:
        self.faults.append(f"event {self._count} {kind}: {text}")

    def _numbered(self, kind: str, event: JSON) -> None:
        number = event.get("sequence_number")
        expected = 0 if self._number is None else self._number + 1
        if not isinstance(number, int):
            if not self._gaps:
                self._fault(kind, "has no sequence_number")
            return
        if number != expected and not self._gaps:
            self._fault(kind, f"has sequence_number {number}, not {expected}")
        self._number = number

    def _lifecycle(self, kind: str, event: JSON) -> None:
        response = event.get("response")
        if not isinstance(response, Mapping):
            self._fault(kind, "has no response object")
            return
        found = response.get("id")
        self._response_id = self._response_id or found
        if not found or found != self._response_id:
            self._fault(kind, f"has response id {found!r}, not {self._response_id!r}")
        if kind in TERMINAL:
            self._terminal = event
            status = kind.removeprefix("response.")
            if response.get("status") != status:
                self._fault(kind, f"has status {response.get('status')!r}, not {status!r}")

    def _added(self, kind: str, event: JSON) -> None:
        index = event.get("output_index")
        item = event.get("item")
        if not isinstance(index, int) or not isinstance(item, Mapping):
            self._fault(kind, "lacks output_index or item")
        elif index in self._items:
            self._fault(kind, f"opens output {index} a second time")
        else:
            self._items[index] = _OpenItem(item)

    def _item(self, kind: str, event: JSON) -> _OpenItem | None:
        """Return the open item that an event is about; note a fault when there is none."""
        index = event.get("output_index")
        item = self._items.get(index) if isinstance(index, int) else None
        if item is None:
            self._fault(kind, f"is about output {index}, which was never opened")
        elif item.last is not None:
            self._fault(kind, f"is about output {index}, which is closed")
        elif "item_id" in event and event["item_id"] != item.first.get("id"):
            self._fault(kind, f"has item_id {event['item_id']!r}, not {item.first.get('id')!r}")
        else:
            return item
        return None

    def _done(self, kind: str, event: JSON) -> None:
        item = self._item(kind, event)
        last = event.get("item")
        if item is None or not isinstance(last, Mapping):
            return
        item.last = last
        for key in ("id", "type", "call_id", "name"):
            if item.first.get(key) != last.get(key):
                self._fault(kind, f"changes {key} from {item.first.get(key)!r} to {last.get(key)!r}")
        final = _texts(last)
        for place, text in item.texts.items():
            if final.get(place, "") != text:
                self._fault(kind, f"has {final.get(place)!r} as {place[0]} {place[1]}, but its events made {text!r}")

    def _part(self, kind: str, event: JSON) -> None:
        item = self._item(kind, event)
        name, key = _PARTS[kind]
        if item is not None:
            place = (name, int(event.get(key, -1)))
            if place in item.parts:
                self._fault(kind, f"opens part {place[1]} a second time")
            item.parts.add(place)

    def _delta(self, kind: str, event: JSON) -> None:
        name, key = _DELTAS[kind]
        found = self._place(kind, event, name, key)
        if found is not None:
            item, place = found
            item.texts[place] = item.texts.get(place, "") + str(event.get("delta", ""))

    def _whole(self, kind: str, event: JSON) -> None:
        name, key, value = _WHOLES[kind]
        found = self._place(kind, event, name, key)
        if found is not None:
            item, place = found
            whole = str(event.get(value, ""))
            if item.texts.setdefault(place, whole) != whole:
                self._fault(kind, f"says {whole!r}, but the deltas made {item.texts[place]!r}")

    def _place(self, kind: str, event: JSON, name: str, key: str) -> tuple[_OpenItem, tuple[str, int]] | None:
        """Return the item and the place in it that a text belongs to."""
        item = self._item(kind, event)
        if item is None:
            return None
        number = int(event.get(key, -1)) if key else 0
        part = _IN_PART.get(name)
        if part and (part, number) not in item.parts:
            self._fault(kind, f"is about {part} part {number}, which was never opened")
        return item, (name, number)

    def finish(self, end: str, empty_output: bool) -> None:
        if self._terminal is None:
            self.faults.append(f"the stream ends without {end} after {self._count} events")
            return
        kind = str(self._terminal["type"])
        if kind != end:
            told = self._terminal["response"].get("error") or self._terminal["response"].get("incomplete_details")
            self.faults.append(f"the stream ends with {kind}, not {end}: {told}")
        if kind == "response.completed":
            self._finish_output(empty_output)

    def _finish_output(self, empty_output: bool) -> None:
        still = [index for index, item in self._items.items() if item.last is None]
        if still:
            self.faults.append(f"outputs {still} are open when the stream completes")
        output = (self._terminal or {})["response"].get("output")
        if not (empty_output and not output) and output != self._output():
            self.faults.append(f"response.completed has output {output}, but the finished items are {self._output()}")

    def _output(self) -> list[JSON]:
        return [item.last for _, item in sorted(self._items.items()) if item.last is not None]

    def answer(self) -> Answer:
        output = self._output()
        texts = [_texts(item) for item in output]
        return Answer(
            response=(self._terminal or {})["response"],
            output=output,
            text="".join(text for each in texts for (name, _), text in each.items() if name == "text"),
            thinking="\n\n".join(text for each in texts for (name, _), text in each.items() if name == "summary"),
            calls=[item for item in output if item.get("type") in ("function_call", "custom_tool_call")],
        )


def _texts(item: JSON) -> dict[tuple[str, int], str]:
    """Return the texts of a finished item by place, named as in the table of deltas."""
    names = {"output_text": "text", "refusal": "refusal", "reasoning_text": "reasoning"}
    found: dict[tuple[str, int], str] = {}
    for number, part in enumerate(item.get("content") or ()):
        name = names.get(part.get("type"), "")
        found[name, number] = part.get("refusal" if name == "refusal" else "text", "")
    for number, part in enumerate(item.get("summary") or ()):
        found["summary", number] = part.get("text", "")
    for name in ("arguments", "input"):
        if isinstance(item.get(name), str):
            found[name, 0] = item[name]
    return found
