"""Responses to Responses: events go on as they came, byte for byte.

What is no event in this language is left out: the SDKs parse whatever has data as JSON, and end with an error of the
parser, which is none of their own, on a relay's line of text.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from ...model.errors import RequestFailed
from ...responses.sse import Event
from .codes import error_in_stream, with_known_code
from .gaps import ENDS, Gaps
from .recall import Keeping
from .shortened import Shortened

_PING = b": ping\n\n"


class Passthrough:
    """A StreamWriter that changes nothing but what clients would stumble over: see `codes` and `gaps`."""

    def __init__(self, keeping: Keeping | None = None, maker: str = "", model: str = "") -> None:
        self.done = False
        self._model = model
        self._begun = False
        self._gaps = Gaps()
        self._shortened: Shortened | None = None
        self._keeping = keeping
        self._maker = maker

    def feed(self, events: Sequence[Event]) -> bytes:
        """Return the events' own bytes, and those of what a relay left out."""
        if self._shortened is not None:
            events = self._shortened.kept(events)
            self.done = self._shortened.over
        if len(events) == 1 and self._gaps.passes(events[0]):
            return events[0].raw
        self._begun = self._begun or bool(events)
        if events and events[-1].type == "response.failed":
            events = [*events[:-1], with_known_code(events[-1])]
        events = self._gaps.filled(events)
        if self._keeping is not None and events and events[-1].type in ENDS:
            self._keep(self._keeping, events[-1])
        return b"".join([event.raw for event in events if _is_readable(event)])

    def _keep(self, keeping: Keeping, end: Event) -> None:
        """Remember the answer, now that it has come to its proper end."""
        response = end.json().get("response")
        if isinstance(response, dict):
            keeping.answer(response.get("id"), self._gaps.output(response), self._maker)

    def served_by(self, maker: str, limit: int = 0) -> None:
        """Name the upstream whose answer this is, and the length that is kept to here."""
        self._maker = maker
        self._shortened = Shortened(limit) if limit else None

    def begin(self) -> bytes:
        """Return a comment, which clients skip; every event is the upstream's."""
        return _PING

    def ping(self) -> bytes:
        """Return a comment, which clients skip."""
        return _PING

    def abort(self, failure: RequestFailed) -> bytes:
        """Return a `response.failed` of our own, behind a `response.created` where none came: SDKs need both whole."""
        response: dict[str, Any] = {
            "id": f"resp_{uuid4().hex}",
            "object": "response",
            "created_at": int(time.time()),
            "model": self._model,
            "status": "in_progress",
            "output": [],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "error": None,
        }
        created: dict[str, Any] = {"type": "response.created", "sequence_number": 0, "response": response}
        failed = {**response, "status": "failed", "error": error_in_stream(failure)}
        end = {"type": "response.failed", "sequence_number": 0 if self._begun else 1, "response": failed}
        return b"".join(Event.of(each).raw for each in ([end] if self._begun else [created, end]))


def _is_readable(event: Event) -> bool:
    """Return True for a comment and for an object; that the usual types are objects is not checked again."""
    return event.type.startswith("response.") or not event.data or bool(event.json())
