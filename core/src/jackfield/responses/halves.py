"""Characters that an upstream cut in two: a delta ends with one half, as an escape, and the next begins with the other.

What is passed on unread stays as it came (`Event.raw`). What others read of an event is made whole: the halves are
joined over the deltas of the same part of the same item; a half that stays alone becomes U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson

from . import wellformed
from .event_names import TERMINAL
from .json_depth import is_too_deep
from .sse import Event

_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_DELTA = ".delta"
_PLACE = ("item_id", "output_index", "content_index", "summary_index")

Place = tuple[Any, ...]


class Halves:
    """Mends the events of one stream. Only the events of a stream that holds such escapes come here."""

    def __init__(self) -> None:
        self._open: dict[Place, tuple[str, dict[str, Any]]] = {}

    def mended(self, events: Iterable[Event]) -> list[Event]:
        """Return the events with readable data, and before the end of a part the half that stayed alone."""
        result: list[Event] = []
        for event in events:
            if self._open and not event.type.endswith(_DELTA):
                result += self._lost(event)
            if self._open or _ESCAPE.search(event.data):
                event = self._mended(event)
            result.append(event)
        return result

    def _mended(self, event: Event) -> Event:
        try:
            body = wellformed.torn(event.data)
        except (ValueError, RecursionError):
            return event
        if not isinstance(body, dict) or is_too_deep(wellformed.clean(body)):
            return event
        if event.type.endswith(_DELTA) and isinstance(body.get("delta"), str):
            body = {**body, "delta": self._joined(body)}
        return _with(event, wellformed.clean(body))

    def _joined(self, body: dict[str, Any]) -> str:
        """Return a delta behind the half that the one before it ended with, without the half that it ends with."""
        place = _place(body)
        before, _ = self._open.pop(place, ("", {}))
        delta = wellformed.joined(before, body["delta"])
        half = wellformed.opening(delta)
        if half:
            self._open[place] = half, body
            delta = delta[:-1]
        return delta

    def _lost(self, event: Event) -> list[Event]:
        """Return what stands for the halves whose part ends here: readers see it, those who pass bytes on do not."""
        if event.type in TERMINAL or event.type == "error":
            places = list(self._open)
        else:
            places = [place for place in self._open if event.type.endswith(".done") and _belongs(place, event.json())]
        bodies = [self._open.pop(place)[1] for place in places]
        return [_with(Event(b"", str(body["type"]), b""), {**body, "delta": wellformed.LOST}) for body in bodies]


def _place(body: dict[str, Any]) -> Place:
    return (body.get("type"), *(_plain(body.get(key)) for key in _PLACE))


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int) else None


def _belongs(place: Place, body: dict[str, Any]) -> bool:
    """Return True when an event ends the item, or a part of the item, that a place is in."""
    item = body.get("item")
    name = body.get("item_id") or (item.get("id") if isinstance(item, dict) else None)
    index = body.get("output_index")
    return (name is not None and name == place[1]) or (index is not None and index == place[2])


def _with(event: Event, body: dict[str, Any]) -> Event:
    """Return an event that is read as `body` and passed on as it came."""
    return Event(event.raw, event.type, orjson.dumps(body))
