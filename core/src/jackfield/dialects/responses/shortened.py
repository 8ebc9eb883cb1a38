"""An answer of the Responses API that is longer than its client asked for: cut here, and ended as incomplete."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ...responses import ArgumentsDelta, Reader, RefusalDelta, Started, TextDelta
from ...responses.sse import Event
from ...responses.values import object_of
from ..length import TokenLimit

_BEGINNINGS = frozenset({"response.created", "response.in_progress", "response.queued"})
_DELTAS = {TextDelta: "response.output_text.delta", RefusalDelta: "response.refusal.delta"}


class Shortened:
    """Lets events through up to a number of visible tokens. `over` is True once the rest was cut off."""

    def __init__(self, most: int) -> None:
        self._limit = TokenLimit(most)
        self._reader = Reader()
        self._begun: dict[str, Any] = {}
        self._places: dict[int, int] = {}

    @property
    def over(self) -> bool:
        """True when nothing more needs to be read."""
        return self._limit.over

    def kept(self, events: Sequence[Event]) -> Sequence[Event]:
        """Return the events up to the limit; beyond it the last ones are the rest of the text and the end."""
        for place, event in enumerate(events):
            if event.type in _BEGINNINGS:
                self._begun = object_of(event.json().get("response"))
            for step in self._reader.read(event):
                if isinstance(step, Started):
                    self._places[step.item] = step.position
                elif isinstance(step, TextDelta | RefusalDelta | ArgumentsDelta):
                    text = self._limit.take(step.text)
                    if self.over:
                        return [*events[:place], *self._ended(event, step, text)]
        return events

    def _ended(self, event: Event, step: TextDelta | RefusalDelta | ArgumentsDelta, text: str) -> list[Event]:
        rest = self._rest(event, step, text) if text else []
        number = event.json().get("sequence_number")
        response = {
            "id": f"resp_{time.time_ns():x}",
            "object": "response",
            **self._begun,
            "status": "incomplete",
            "incomplete_details": {"reason": "max_output_tokens"},
            "output": [],
        }
        end: dict[str, Any] = {"type": "response.incomplete", "response": response}
        if isinstance(number, int):
            end["sequence_number"] = number + len(rest)
        return [*rest, Event.of(end)]

    def _rest(self, event: Event, step: TextDelta | RefusalDelta | ArgumentsDelta, text: str) -> list[Event]:
        """Return the last piece as a delta; half a call that a relay sends whole is nothing to anybody."""
        body = event.json()
        if event.type.endswith(".delta"):
            return [Event.of({**body, "delta": text})]
        if isinstance(step, ArgumentsDelta):
            return []
        place = self._places[step.item]
        at = {
            "item_id": body.get("item_id") or object_of(body.get("item")).get("id") or f"msg_{place}",
            "output_index": place,
            "content_index": 0,
        }
        more: dict[str, Any] = {"logprobs": []} if isinstance(step, TextDelta) else {}
        number = body.get("sequence_number")
        numbered = {"sequence_number": number} if isinstance(number, int) else {}
        return [Event.of({"type": _DELTAS[type(step)], **numbered, **at, "delta": text, **more})]
