"""The output items of one answer, each a small state machine: what is known of it, what was passed on, is it done."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar

from .steps import (
    Annotated,
    ArgumentsDelta,
    Done,
    ItemKind,
    RefusalDelta,
    Search,
    Started,
    Step,
    TextDelta,
    ThinkingBreak,
    ThinkingDelta,
)
from .text_parts import Parts
from .values import arguments_of, index_of, object_of, objects_of, text_of


class ItemState(Enum):
    """NEW: nobody knows of it yet (a call without its name). OPEN: started. DONE: nothing more comes."""

    NEW = "new"
    OPEN = "open"
    DONE = "done"


class Item:
    """What all items have. `index`, `id` and `call_id` are the keys it is found by; each may be unknown."""

    kind: ClassVar[ItemKind]
    __slots__ = ("call_id", "id", "index", "number", "position", "state")

    def __init__(self, number: int, position: int) -> None:
        self.number = number
        self.position = position
        self.index: int | None = None
        self.id = ""
        self.call_id = ""
        self.state = ItemState.NEW

    def start(self, entry: Mapping[str, Any]) -> list[Step]:
        """Begin, once. `entry` is the item object where there is one."""
        if self.state is not ItemState.NEW:
            return []
        self.state = ItemState.OPEN
        return [Started(self.number, self.kind, self.position)]

    def finish(self, entry: Mapping[str, Any]) -> list[Step]:
        """End, once: pass on what `entry` (the finished item object, or {}) still adds."""
        raise NotImplementedError  # each kind of item ends in its own way

    def same_text(self, entry: Mapping[str, Any]) -> bool:
        """Return whether `entry` may be this item, judged by what was passed on of it."""
        return True


class TextItem(Item):
    """A message: text and refusal parts, and notes on them."""

    kind = ItemKind.TEXT
    __slots__ = ("_annotated", "_refusal", "_text")

    def __init__(self, number: int, position: int) -> None:
        super().__init__(number, position)
        self._text = Parts()
        self._refusal = Parts()
        self._annotated: set[tuple[str, str, int | None, int | None]] = set()

    def text(self, part: int, piece: str) -> list[Step]:
        """Take a piece of text."""
        if not piece:
            return []
        self._text.add(part, piece)
        return [TextDelta(self.number, piece)]

    def refusal(self, part: int, piece: str) -> list[Step]:
        """Take a piece of a refusal."""
        if not piece:
            return []
        self._refusal.add(part, piece)
        return [RefusalDelta(self.number, piece)]

    def fill_text(self, part: int, full: str) -> list[Step]:
        """Take the whole text of a part."""
        return self.text(part, self._text.rest(part, full))

    def fill_refusal(self, part: int, full: str) -> list[Step]:
        """Take the whole refusal of a part."""
        return self.refusal(part, self._refusal.rest(part, full))

    def annotate(self, annotation: Mapping[str, Any]) -> list[Step]:
        """Take a note; a note that was taken before is left out."""
        key = (
            text_of(annotation.get("type")),
            text_of(annotation.get("url")) or text_of(annotation.get("file_id")),
            index_of(annotation.get("start_index")),
            index_of(annotation.get("end_index")),
        )
        if not annotation or key in self._annotated:
            return []
        self._annotated.add(key)
        return [Annotated(self.number, annotation)]

    def finish(self, entry: Mapping[str, Any]) -> list[Step]:
        """Pass on the rest of all parts."""
        steps: list[Step] = []
        for part, rest in self._text.rests(_texts(entry, "text")):
            steps += self.text(part, rest)
        for part, rest in self._refusal.rests(_texts(entry, "refusal")):
            steps += self.refusal(part, rest)
        for content in objects_of(entry.get("content")):
            for annotation in objects_of(content.get("annotations")):
                steps += self.annotate(annotation)
        self.state = ItemState.DONE
        return [*steps, Done(self.number)]

    def same_text(self, entry: Mapping[str, Any]) -> bool:
        """Return whether the message begins with what was passed on."""
        return "".join(text for _, text in _texts(entry, "text")).startswith(self._text.whole())


def _texts(entry: Mapping[str, Any], key: str) -> list[tuple[int, str]]:
    """Return the parts of a message that hold `key` (`text` or `refusal`), numbered by their place."""
    content = entry.get("content")
    if isinstance(content, str):
        return [(0, content)] if key == "text" else []
    parts = content if isinstance(content, list) else []
    return [(place, text_of(object_of(part).get(key))) for place, part in enumerate(parts) if object_of(part).get(key)]


class ReasoningForm(Enum):
    """What a reasoning item speaks with: raw reasoning is only heard where no summary was."""

    SILENT = "silent"
    SUMMARY = "summary"
    RAW = "raw"


class ThinkingItem(Item):
    """Reasoning: summary parts, or the raw text behind them, and an encrypted blob at the end."""

    kind = ItemKind.THINKING
    __slots__ = ("_form", "_last", "_new_part", "_raw", "_summary")

    def __init__(self, number: int, position: int) -> None:
        super().__init__(number, position)
        self._summary = Parts()
        self._raw = Parts()
        self._form = ReasoningForm.SILENT
        self._last: int | None = None
        self._new_part = False

    def begin_part(self) -> list[Step]:
        """Take note that a new summary part begins."""
        self._new_part = True
        return []

    def summary(self, part: int | None, piece: str) -> list[Step]:
        """Take a piece of the summary. Without its number it belongs to the last part that began."""
        if not piece or self._form is ReasoningForm.RAW:
            return []
        self._form = ReasoningForm.SUMMARY
        known = self._last if self._last is not None else 0
        place = part if part is not None else known + (self._new_part and self._last is not None)
        self._summary.add(place, piece)
        return self._speak(place, piece)

    def fill_summary(self, part: int | None, full: str) -> list[Step]:
        """Take the whole text of a summary part."""
        known = self._last if self._last is not None else 0
        return self.summary(part, self._summary.rest(part if part is not None else known, full))

    def raw(self, part: int, piece: str) -> list[Step]:
        """Take a piece of raw reasoning; kept back until it is clear that no summary comes."""
        if not piece or self._form is ReasoningForm.SUMMARY:
            return []
        self._raw.add(part, piece)
        return self._speak(part, piece) if self._form is ReasoningForm.RAW else []

    def fill_raw(self, part: int, full: str) -> list[Step]:
        """Take the whole raw text of a part."""
        return self.raw(part, self._raw.rest(part, full))

    def release(self) -> list[Step]:
        """Pass on the raw reasoning that was kept back, if no summary came."""
        if self._form is not ReasoningForm.SILENT or not self._raw:
            return []
        self._form = ReasoningForm.RAW
        return [step for part, text in self._raw.each() for step in self._speak(part, text)]

    def finish(self, entry: Mapping[str, Any]) -> list[Step]:
        """Pass on the rest, and the blob."""
        steps: list[Step] = []
        for part, rest in self._summary.rests(_summaries(entry.get("summary"))):
            steps += self.summary(part, rest)
        for part, rest in self._raw.rests(_summaries(entry.get("content"))):
            steps += self.raw(part, rest)
        steps += self.release()
        self.state = ItemState.DONE
        return [*steps, Done(self.number, encrypted=text_of(entry.get("encrypted_content")))]

    def same_text(self, entry: Mapping[str, Any]) -> bool:
        """Return whether the summary begins with what was passed on."""
        return "".join(text for _, text in _summaries(entry.get("summary"))).startswith(self._summary.whole())

    def _speak(self, part: int, piece: str) -> list[Step]:
        delta = ThinkingDelta(self.number, piece)
        fresh = self._last is not None and self._last != part
        self._last, self._new_part = part, False
        return [ThinkingBreak(self.number), delta] if fresh else [delta]


def _summaries(value: object) -> list[tuple[int, str]]:
    return [(place, text_of(part.get("text"))) for place, part in enumerate(objects_of(value))]


class ToolItem(Item):
    """A call of a function or of a custom tool. It starts when name and id are known; arguments wait till then."""

    kind = ItemKind.TOOL
    __slots__ = ("_arguments", "_custom", "_invented_id", "_name", "_namespace")

    def __init__(self, number: int, position: int, invented_id: str) -> None:
        super().__init__(number, position)
        self._arguments = Parts()
        self._name = ""
        self._namespace = ""
        self._custom = False
        self._invented_id = invented_id

    def start(self, entry: Mapping[str, Any]) -> list[Step]:
        """Learn what `entry` tells, and begin if name and id are known by now."""
        self._learn(entry)
        return self._begin() if self.call_id else []

    def _begin(self) -> list[Step]:
        if self.state is not ItemState.NEW or not self._name:
            return []
        self.state = ItemState.OPEN
        call_id = self.call_id or self.id or self._invented_id
        begun = Started(self.number, self.kind, self.position, call_id, self._name, self._namespace, self._custom)
        waiting = self._arguments.whole()
        return [begun, ArgumentsDelta(self.number, waiting)] if waiting else [begun]

    def _learn(self, entry: Mapping[str, Any]) -> None:
        self._name = self._name or text_of(entry.get("name"))
        self._namespace = self._namespace or text_of(entry.get("namespace"))
        self._custom = self._custom or entry.get("type") == "custom_tool_call"

    def arguments(self, piece: str) -> list[Step]:
        """Take a piece of the arguments."""
        if not piece:
            return []
        self._arguments.add(0, piece)
        return [ArgumentsDelta(self.number, piece)] if self.state is ItemState.OPEN else []

    def fill(self, full: str) -> list[Step]:
        """Take the whole arguments."""
        return self.arguments(self._arguments.rest(0, full))

    def finish(self, entry: Mapping[str, Any]) -> list[Step]:
        """Pass on the rest. A call that has no name even now stays as it is: its name may come with the end."""
        self._learn(entry)
        steps = self.fill(arguments_of(entry.get("arguments")) or arguments_of(entry.get("input")))
        steps += self._begin()
        if self.state is not ItemState.OPEN:
            return []
        self.state = ItemState.DONE
        return [*steps, Done(self.number, arguments=self._arguments.whole())]

    def same_text(self, entry: Mapping[str, Any]) -> bool:
        """Return whether name and arguments of the call go with what is known."""
        full = arguments_of(entry.get("arguments")) or arguments_of(entry.get("input"))
        name = text_of(entry.get("name"))
        return full.startswith(self._arguments.whole()) and (not name or not self._name or name == self._name)


class SearchItem(Item):
    """A web search that the upstream ran itself."""

    kind = ItemKind.SEARCH
    __slots__ = ()

    def finish(self, entry: Mapping[str, Any]) -> list[Step]:
        """Tell what was searched."""
        self.state = ItemState.DONE
        action = object_of(entry.get("action"))
        queries = action.get("queries")
        first = text_of(queries[0]) if isinstance(queries, list) and queries else ""
        search = Search(
            id=self.id,
            action=text_of(action.get("type")) or "search",
            query=text_of(action.get("query")) or first,
            url=text_of(action.get("url")),
            sources=tuple(objects_of(action.get("sources"))),
        )
        return [Done(self.number, search=search)]
