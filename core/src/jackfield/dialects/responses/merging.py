"""Deltas of one part put together, where events are kept and not sent: thousands of pieces take many times the text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from ...responses.sse import Event

_PLACE = ("item_id", "output_index", "content_index", "summary_index")


def merged(events: Sequence[Event]) -> list[Event]:
    """Return events in which deltas of the same part that follow each other are one; all others stay as they are."""
    result: list[Event] = []
    for place, found in groupby(events, _place):
        same = list(found)
        if place is None or len(same) == 1:
            result += same
        else:
            bodies = [event.json() for event in same]
            text = "".join([body["delta"] for body in bodies])
            result.append(Event.unsent(same[0].type, {**bodies[0], "delta": text}))
    return result


def _place(event: Event) -> tuple[Any, ...] | None:
    """Return what a delta is a piece of; None for any other event."""
    if not event.type.endswith(".delta"):
        return None
    body = event.json()
    return (event.type, *map(body.get, _PLACE)) if isinstance(body.get("delta"), str) else None
