"""What a fake upstream does, step by step. A `Script` is a list of steps and the head of the answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise, repeat
from typing import Any, Literal

import orjson

Framing = Literal["chunked", "length", "close"]
"""How the body ends: a last chunk, a Content-Length counted from the steps, or the end of the connection."""


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes of the body: one chunk, one write."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SendEvent:
    """Write one server-sent event.

    `named=False` leaves the `event:` line out; `newline` ends each line. Non-ASCII text goes out as UTF-8.
    """

    event: Mapping[str, Any]
    named: bool = True
    newline: str = "\n"

    def encode(self) -> bytes:
        """Return the bytes of the event, with its blank line."""
        lines = [b"data: " + orjson.dumps(self.event)]
        if self.named:
            lines.insert(0, b"event: " + str(self.event.get("type", "message")).encode())
        end = self.newline.encode()
        return end.join(lines) + end + end


@dataclass(frozen=True, slots=True)
class Head:
    """Send the status line and the headers now. Without this step they go out with the first bytes of the body."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Write bytes outside the framing, and outside HTTP if you like."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Delay:
    """Do nothing for this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing until the test calls `request.resume()`: a delay without a clock."""


@dataclass(frozen=True, slots=True)
class Hang:
    """Do nothing until the other side leaves or the upstream is closed."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection with a TCP reset, after what was written has left."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection properly on the TCP level, whatever HTTP still expects."""


Step = Send | SendEvent | Head | Raw | Delay | Pause | Hang | Reset | Close
Body = Send | SendEvent


def body_of(step: Step) -> bytes:
    """Return what a step adds to the body; b"" for steps that add nothing."""
    if isinstance(step, SendEvent):
        return step.encode()
    return step.data if isinstance(step, Send) else b""


@dataclass(frozen=True, slots=True)
class Script:
    """One answer: status, headers, and the steps of the body.

    A script is a value: every method returns another one, and `dataclasses.replace` changes status, headers or framing.
    `Content-Type` is `text/event-stream` unless `headers` has one. With `keep_alive=False` the connection is closed
    after the answer.
    """

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    framing: Framing = "chunked"
    keep_alive: bool = True

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events that it sends, as objects."""
        return [dict(step.event) for step in self.steps if isinstance(step, SendEvent)]

    @property
    def body(self) -> bytes:
        """All that it writes into the body."""
        return b"".join(body_of(step) for step in self.steps)

    def then(self, *steps: Step) -> Script:
        """Add steps at the end."""
        return dataclasses.replace(self, steps=(*self.steps, *steps))

    def first(self, *steps: Step) -> Script:
        """Add steps at the beginning: `first(Hang())` sends nothing, `first(Head(), Hang())` a head alone."""
        return dataclasses.replace(self, steps=(*steps, *self.steps))

    def after(self, events: int, *steps: Step) -> Script:
        """Put steps behind the given number of events."""
        cut = self._index(events)
        return dataclasses.replace(self, steps=(*self.steps[:cut], *steps, *self.steps[cut:]))

    def cut(self, events: int, *how: Step) -> Script:
        """Keep the given number of events, then break off: `Close()` unless told otherwise (`Reset()`, `Hang()`).

        Without the last chunk a close is a protocol error to an HTTP client. With
        `Delay(0)` the body ends properly, only without its terminal event.
        """
        return dataclasses.replace(self, steps=(*self.steps[: self._index(events)], *(how or (Close(),))))

    def paced(self, seconds: float) -> Script:
        """Wait this long before every event but the first."""
        cut = self._index(1)
        rest = chain.from_iterable((Delay(seconds), s) if isinstance(s, SendEvent) else (s,) for s in self.steps[cut:])
        return dataclasses.replace(self, steps=(*self.steps[:cut], *rest))

    def styled(self, *, named: bool = True, newline: str = "\n") -> Script:
        """Write the events without `event:` lines, or with other line ends (CRLF, CR)."""
        return self._map(lambda s: dataclasses.replace(s, named=named, newline=newline))

    def commented(self, comment: str = ": keep-alive") -> Script:
        """Put an SSE comment before every event."""
        steps = chain.from_iterable(
            (Send(comment.encode() + b"\n\n"), s) if isinstance(s, SendEvent) else (s,) for s in self.steps
        )
        return dataclasses.replace(self, steps=tuple(steps))

    def rechunked(self, *sizes: int) -> Script:
        """Cut the body into pieces of these sizes, the last size over and over: `rechunked(1)` splits every character.

        Other steps (delays, pauses, breaks) stay between the bytes where they stood.
        """
        if not sizes or min(sizes) < 1:
            raise ValueError("sizes must be positive")
        steps: list[Step] = []
        run = b""
        for step in self.steps:
            if isinstance(step, Body):
                run += body_of(step)
                continue
            steps += [*_pieces(run, sizes), step]
            run = b""
        return dataclasses.replace(self, steps=(*steps, *_pieces(run, sizes)))

    def split(self, *offsets: int) -> Script:
        """Cut the body at these byte offsets and nowhere else."""
        edges = [0, *sorted(offsets), len(self.body)]
        return self.rechunked(*(b - a for a, b in pairwise(edges) if b > a))

    def _index(self, events: int) -> int:
        """Return the index of the step behind the given number of events. Raises ValueError when there are fewer."""
        if events == 0:
            return 0
        places = [i for i, step in enumerate(self.steps) if isinstance(step, SendEvent)]
        if events > len(places):
            raise ValueError(f"the script has {len(places)} events, not {events}")
        return places[events - 1] + 1

    def _map(self, change: Callable[[SendEvent], Step]) -> Script:
        steps = tuple(change(step) if isinstance(step, SendEvent) else step for step in self.steps)
        return dataclasses.replace(self, steps=steps)


def _pieces(data: bytes, sizes: Sequence[int]) -> Iterable[Send]:
    widths = chain(sizes, repeat(sizes[-1]))
    start = 0
    while start < len(data):
        end = start + next(widths)
        yield Send(data[start:end])
        start = end
