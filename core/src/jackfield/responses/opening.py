"""How an answer begins: what is held of it until there is something to show, and when that is.

While nothing was shown another upstream can still take over. What is held is bounded; what says nothing to anybody,
such as a relay's comments, is dropped; no event is looked at twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..model.errors import Kind, UpstreamError
from .sse import Event
from .values import object_of, objects_of, text_of
from .verdicts import failures

HELD_EVENTS = 20_000
HELD_BYTES = 16 * 1024 * 1024
"""What may come before the first content; what an upstream tells of a request it repeats is far less."""

HANDSHAKE = frozenset(
    {
        "response.created",
        "response.in_progress",
        "response.queued",
        "response.output_item.added",
        "response.content_part.added",
        "response.reasoning_summary_part.added",
    }
)
"""Events that show nothing to anybody yet."""

_BLANK = "(blank)"
_SILENT = frozenset({"message", "reasoning", _BLANK})
"""Items that say nothing by being there."""

NO_ANSWER = "the upstream's answer is empty: it was completed without text and without a call"


class Opening:
    """Takes the first batches of an answer, and gives them back at once. `decided`: a client can see something."""

    def __init__(self) -> None:
        self.decided = False
        self._held: list[Event] = []
        self._size = 0
        self._seen: set[str] = set()

    def take(self, events: Sequence[Event]) -> None:
        """Hold events back. Raises UpstreamError for a failure among them that nothing was shown before."""
        for event in events:
            if not self.decided:
                if not event.type and not event.data:
                    continue  # a comment: the proxy keeps its clients awake by itself
                self._look_at(event)
            self._held.append(event)

    def release(self) -> list[Event]:
        """Return what is held, and hold it no longer."""
        held, self._held = self._held, []
        return held

    def follow(self, events: Sequence[Event]) -> None:
        """Look on at events that are shown already, until there is content among them.

        Raises UpstreamError for an answer that is completed with nothing in it.
        """
        for event in events:
            if self.decided:
                return
            if event.type not in ("response.failed", "error"):
                self._size = 0  # nothing is held any more
                self._look_at(event)

    def _look_at(self, event: Event) -> None:
        kind = event.type
        if kind in ("response.failed", "error"):
            raise failures.from_response(event.json())
        if kind == "response.completed":
            self._look_at_end(object_of(event.json().get("response")))
        self._size += len(event.raw)
        if len(self._held) >= HELD_EVENTS or self._size > HELD_BYTES:
            raise UpstreamError(Kind.UPSTREAM_ERROR, "the upstream sent too much before any content")
        if kind == "response.output_item.added":
            self._seen.add(text_of(object_of(event.json().get("item")).get("type")))
        elif kind.startswith("response.") and kind not in HANDSHAKE:
            look = _LOOKS.get(kind)
            self.decided = look is None or look(event.json())
            if not self.decided and kind == "response.output_text.delta" and event.json().get("delta"):
                self._seen.add(_BLANK)

    def _look_at_end(self, response: Mapping[str, Any]) -> None:
        """Raise UpstreamError for an answer that is none: no item and no token, blanks, reasoning and then nothing.

        A message of no letter that cost tokens is one: some models end their turn so. A relay that tells neither items
        nor tokens says nothing about them.
        """
        output = objects_of(response.get("output"))
        kinds = self._seen | {text_of(item.get("type")) for item in output}
        if kinds - _SILENT or any(map(_says, output)):
            return
        blank = _BLANK in kinds or any(text for item in output for text in _texts(item))
        tokens = object_of(response.get("usage")).get("output_tokens")
        spent = bool(tokens) or (tokens is None and "output" not in response)
        if blank or not spent or kinds == {"reasoning"}:
            raise UpstreamError(Kind.UPSTREAM_ERROR, NO_ANSWER)


def without_answer(event: Event) -> bool:
    """Return True for a `response.completed` whose items are reasoning alone."""
    output = objects_of(object_of(event.json().get("response")).get("output"))
    return bool(output) and all(item.get("type") == "reasoning" for item in output)


def _says(item: Mapping[str, Any]) -> bool:
    """Return True for a finished item that is an answer, or part of one."""
    if item.get("type") == "message":
        return any(map(_part_says, objects_of(item.get("content")))) or _visible(item.get("content"))
    return item.get("type") != "reasoning"


def _texts(item: Mapping[str, Any]) -> list[str]:
    parts = [item, *objects_of(item.get("content"))] if item.get("type") == "message" else []
    return [text_of(part.get(key)) for part in parts for key in ("text", "content")]


def _part_says(part: Mapping[str, Any]) -> bool:
    return _visible(part.get("text")) if part.get("type") in ("output_text", "reasoning_text") else True


def _visible(text: object) -> bool:
    return bool(text_of(text).strip())


def _item_shows(item: Mapping[str, Any]) -> bool:
    """Return True for a finished item that clients show something of: of reasoning its words."""
    if item.get("type") != "reasoning":
        return _says(item)
    words = [*objects_of(item.get("summary")), *objects_of(item.get("content"))]
    return any(_visible(part.get("text")) for part in words)


_LOOKS = {
    "response.output_text.delta": lambda body: _visible(body.get("delta")),
    "response.output_text.done": lambda body: _visible(body.get("text")),
    "response.reasoning_summary_text.delta": lambda body: _visible(body.get("delta")),
    "response.reasoning_text.delta": lambda body: _visible(body.get("delta")),
    "response.content_part.done": lambda body: _part_says(object_of(body.get("part"))),
    "response.output_item.done": lambda body: _item_shows(object_of(body.get("item"))),
}
"""Events that may have come with nothing in them, and whether this one shows something."""
