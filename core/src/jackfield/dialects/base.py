"""What a dialect is: a client's request in, that client's answer out, with OpenAI Responses in between.

A dialect is pure: it sees bytes and events, never a socket. The ingress gives it the request's body, takes what its
writer returns and sends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..model.errors import RequestFailed
from ..responses.sse import Event


@dataclass(frozen=True, slots=True)
class Parsed:
    """A client's request, understood.

    `model` is the name as the client wrote it, `body` a complete OpenAI Responses request but for `model`; `effort` is
    absent from `body["reasoning"]` where the client named none. `session` names the conversation ("" when nothing
    tells). `context` is the dialect's own: what its writer must know of the request.
    """

    model: str
    stream: bool
    body: dict[str, Any]
    session: str = ""
    context: Any = None
    makers: Mapping[str, str] = field(default_factory=dict)
    """Who made each encrypted reasoning blob of the body, where the client's request tells (`Answer.maker`)."""
    size: int = 0
    """Bytes that the body has as JSON, about."""
    limit: int = 0
    """The most tokens that the client wants of the answer; 0: as many as there are."""

    def without_body(self) -> Parsed:
        """Return what the side towards the client needs of it."""
        return Parsed(self.model, self.stream, {}, self.session, self.context, limit=self.limit)


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error in a dialect's envelope, ready to be sent."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class StreamWriter(Protocol):
    """Turns Responses events into the bytes of one streamed answer.

    The events it is fed end with exactly one terminal event: `response.completed`, `response.incomplete` or
    `response.failed` (a cut stream and an `error` event reach it as `response.failed`).
    """

    @property
    def done(self) -> bool:
        """True when nothing more needs to be read, whether or not the upstream has ended."""
        ...

    def feed(self, events: Sequence[Event]) -> bytes:
        """Return what these events add to the answer; b"" when nothing."""
        ...

    def served_by(self, maker: str, limit: int = 0) -> None:
        """Name the upstream that serves, where that was not known when the writer was made; before the first `feed`.

        `limit` is the most visible tokens that are let through, because the upstream was not told; 0: all.
        """
        ...

    def begin(self) -> bytes:
        """Return what a stream can begin with before its upstream has said anything: at least a sign of life."""
        ...

    def ping(self) -> bytes:
        """Return what keeps an idle connection open; b"" when the dialect has nothing, or the stream has ended."""
        ...

    def abort(self, failure: RequestFailed) -> bytes:
        """Return what ends a stream that was begun and found no upstream, in the place of a status."""
        ...


class Collector(Protocol):
    """Turns the same events into one JSON answer."""

    @property
    def done(self) -> bool:
        """True when nothing more needs to be read."""
        ...

    def feed(self, events: Sequence[Event]) -> None:
        """Take in events."""
        ...

    def result(self) -> bytes:
        """Return the JSON answer. Raises UpstreamError when the events told of a failure."""
        ...


class Dialect(Protocol):
    """One client API. Stateless: all that a request needs travels in `Parsed`."""

    @property
    def name(self) -> str:
        """Its name in logs and records: `responses`, `messages`, `chat`."""
        ...

    @property
    def native(self) -> bool:
        """True when its clients speak the upstream's own language: they see more of its headers."""
        ...

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Parsed:
        """Read a request. Raises ClientError naming the place that is wrong."""
        ...

    def writer(self, parsed: Parsed, maker: str = "") -> StreamWriter:
        """Return a new writer for one streamed answer. `maker` names the upstream that serves it."""
        ...

    def collector(self, parsed: Parsed, maker: str = "", limit: int = 0) -> Collector:
        """Return a new collector for one JSON answer. `maker` and `limit` are those of `StreamWriter.served_by`."""
        ...

    def error(self, failure: RequestFailed, request_id: str) -> ErrorReply:
        """Return the failure in this dialect's envelope."""
        ...
