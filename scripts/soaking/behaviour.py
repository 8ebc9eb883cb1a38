"""What an upstream may do with a request: the proper answers, every fault, and what a client may be told of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

from jackfield.errors import Kind
from jackfield.testing import (
    Close,
    Completed,
    ErrorEvent,
    Failed,
    Hang,
    Item,
    Raw,
    Reasoning,
    Reset,
    Script,
    Send,
    Text,
    ToolCall,
    answer,
    cut_after,
    empty,
    ends_early,
    hang,
    hang_after_headers,
    html_page,
    http_error,
    json_response,
    rate_limited,
    reset_before_headers,
    usage_limit,
)


@dataclass(frozen=True, slots=True)
class Part:
    """What an upstream is to say: its text, the arguments of the call that follows (None: no call), who is asked.

    `key` is the one that the request came with; faults repeat it, as some services do.
    """

    text: str
    arguments: Mapping[str, str] | None
    model: str
    key: str
    random: Random

    @property
    def items(self) -> list[Item]:
        """The items of the answer."""
        said: list[Item] = [Reasoning(("Thinking of it.",))] if len(self.text) % 5 == 0 else []
        said.append(Text(self.text))
        return said if self.arguments is None else [*said, ToolCall("note", dict(self.arguments))]

    @property
    def whole(self) -> Script:
        """The answer from beginning to end."""
        return answer(*self.items, model=self.model)

    @property
    def place(self) -> int:
        """A number of events after which something was said and something is missing."""
        return self.random.randrange(6, len(self.whole.events) - 2)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One way to answer. `kinds` are the failures that it may be to a client; none: the answer comes whole.

    `codes` are the upstream's own codes, which may travel in the place of ours.
    """

    name: str
    play: Callable[[Part], Script]
    kinds: frozenset[Kind] = frozenset()
    codes: frozenset[str] = frozenset()

    @property
    def final(self) -> bool:
        """True when nobody else may be asked afterwards: the request itself is at fault."""
        return bool(self.kinds) and not any(kind.failover for kind in self.kinds)


def _refusing_the_key(status: int) -> Callable[[Part], Script]:
    return lambda part: http_error(status, f"Incorrect API key provided: {part.key}")


def _failing(code: str, *, begun: bool) -> Callable[[Part], Script]:
    return lambda part: answer(*(part.items if begun else ()), end=Failed(code, f"told with {part.key}"))


def _half_an_event(part: Part) -> Script:
    return cut_after(part.place, part.whole, Send(b'event: response.output_text.delta\ndata: {"type":"resp'), Close())


def _damaged(part: Part) -> Script:
    return part.whole.after(part.place, Send(b'event: response.output_text.delta\ndata: {"type":"resp\n\n'))


_PROPER = (
    Behaviour("whole", lambda part: part.whole),
    Behaviour("slow", lambda part: part.whole.paced(part.random.uniform(0.005, 0.12))),
    Behaviour("in pieces of 7 bytes", lambda part: part.whole.rechunked(7)),
    Behaviour("with CRLF and comments", lambda part: part.whole.styled(newline="\r\n").commented()),
    Behaviour("without event names", lambda part: part.whole.styled(named=False)),
    Behaviour("with a line of text", lambda part: part.whole.after(part.place, Send(b"data: one moment\n\n"))),
    Behaviour("as one document", lambda part: json_response(part.whole)),
    Behaviour("without output", lambda part: answer(*part.items, end=Completed(output="empty"), model=part.model)),
    Behaviour("then closed", lambda part: replace(part.whole, keep_alive=False)),
)


def _fault(name: str, play: Callable[[Part], Script], *kinds: Kind, code: str = "") -> Behaviour:
    return Behaviour(name, play, frozenset(kinds), frozenset({code} - {""}))


_FAULTS = (
    _fault("400", lambda part: http_error(400, "no", code="invalid_value"), Kind.INVALID_REQUEST, code="invalid_value"),
    _fault("401", _refusing_the_key(401), Kind.UPSTREAM_AUTH),
    _fault("403", _refusing_the_key(403), Kind.UPSTREAM_AUTH),
    _fault("402", lambda part: http_error(402, "pay first"), Kind.QUOTA),
    _fault("429", lambda part: rate_limited(part.random.choice((1, 2))), Kind.RATE_LIMITED),
    _fault("429 in the body", lambda part: usage_limit(2), Kind.USAGE_LIMIT),
    _fault("500", lambda part: http_error(500, f"broken for {part.key}"), Kind.UPSTREAM_ERROR),
    _fault("502 HTML", lambda part: html_page(502), Kind.UPSTREAM_ERROR),
    _fault("503", lambda part: http_error(503), Kind.OVERLOADED),
    _fault("hang", lambda part: hang(), Kind.TIMEOUT),
    _fault("hang after headers", lambda part: hang_after_headers(), Kind.TIMEOUT),
    _fault("hang in mid-stream", lambda part: part.whole.cut(part.place, Hang()), Kind.TIMEOUT),
    _fault("reset", lambda part: reset_before_headers(), Kind.UNREACHABLE),
    _fault("closed", lambda part: Script((Close(),)), Kind.UNREACHABLE),
    _fault("no HTTP", lambda part: Script((Raw(b"\0\1 hello\r\n\r\n"), Close())), Kind.UNREACHABLE),
    _fault("cut in the handshake", lambda part: part.whole.cut(2), Kind.STREAM_CUT),
    _fault("cut in mid-stream", lambda part: part.whole.cut(part.place), Kind.STREAM_CUT),
    _fault("reset in mid-stream", lambda part: part.whole.cut(part.place, Reset()), Kind.STREAM_CUT),
    _fault("cut in an event", _half_an_event, Kind.STREAM_CUT),
    _fault("a damaged event", _damaged, Kind.UPSTREAM_ERROR),
    _fault("ends early", lambda part: ends_early(part.place, part.whole), Kind.STREAM_CUT),
    _fault("empty 200", lambda part: empty(), Kind.STREAM_CUT),
    _fault("HTML with 200", lambda part: html_page(), Kind.UPSTREAM_ERROR),
    _fault("failed at once", _failing("server_error", begun=False), Kind.UPSTREAM_ERROR),
    _fault("failed in mid-stream", _failing("server_error", begun=True), Kind.UPSTREAM_ERROR),
    _fault("overloaded in a 200", _failing("server_is_overloaded", begun=False), Kind.OVERLOADED),
    _fault("limited in mid-stream", _failing("rate_limit_exceeded", begun=True), Kind.RATE_LIMITED),
    _fault("error event", lambda part: answer(*part.items, end=ErrorEvent()), Kind.UPSTREAM_ERROR),
)

PROPER: Mapping[str, Behaviour] = {each.name: each for each in _PROPER}
"""Answers that reach the client whole, however odd they look on the wire."""

FAULTS: Mapping[str, Behaviour] = {each.name: each for each in _FAULTS}
"""What goes wrong upstream, as far as an HTTP server can play it; refused connections come from outages."""
