"""Responses to Responses: events go on as they came, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

from ...sse import Event


class Passthrough:
    """A StreamWriter that changes nothing (see dialects.base)."""

    done = False

    def feed(self, events: Sequence[Event]) -> bytes:
        """Return the events' own bytes."""
        if len(events) == 1:
            return events[0].raw
        return b"".join([event.raw for event in events])

    def ping(self) -> bytes:
        """Return nothing: the stream is the upstream's alone."""
        return b""
