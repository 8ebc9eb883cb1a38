"""The streamed Messages answer: parts as the bytes of Anthropic's events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import orjson

from ...model.errors import RequestFailed
from ...responses import NO_USAGE
from ...responses.sse import Event
from ..length import TokenLimit
from .answer_parts import Broken, Close, End, Grow, Growth, Open, Part
from .composer import Composer
from .context import MessagesContext
from .errors import envelope
from .outcome import message, stopped, usage_of

_PING = b'event: ping\ndata: {"type":"ping"}\n\n'
_STOP = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
_MESSAGE_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_DELTAS: Mapping[Growth, bytes] = {
    growth: (
        b"event: content_block_delta\n"
        b'data: {"type":"content_block_delta","index":%%d,"delta":{"type":"%s","%s":%%b}}\n\n'
        % (growth.value[0].encode(), growth.value[1].encode())
    )
    for growth in Growth
}

_NOT_YET = End("", usage_of(NO_USAGE))
"""How a message stands that has just begun."""


class State(Enum):
    """HELD: nothing was sent, a failure may still be an HTTP status. BEGUN: `message_start` is out. DONE: all is."""

    HELD = "held"
    BEGUN = "begun"
    DONE = "done"


class MessagesWriter:
    """Writes one streamed answer. Nothing goes out before the first content; then the message starts."""

    def __init__(self, context: MessagesContext) -> None:
        self.state = State.HELD
        self._context = context
        self._composer = Composer(context)
        self._index = -1

    def served_by(self, maker: str, limit: int = 0) -> None:
        """Name the upstream that serves, for the signatures of its reasoning; to be called before the first `feed`."""
        self._composer.maker = maker
        self._composer.limit = TokenLimit(limit) if limit else None

    @property
    def done(self) -> bool:
        """True when nothing more needs to be read: the answer ended, failed, or met a stop sequence."""
        return self.state is State.DONE

    def feed(self, events: Sequence[Event]) -> bytes:
        """Return the bytes that these events add."""
        parts = self._composer.feed(events)
        if not parts:
            return b""
        written = [self._write(part) for part in parts]
        return b"".join(written)

    def begin(self) -> bytes:
        """Return `message_start` and a `ping`: neither needs anything of the upstream."""
        return self._begin() if self.state is State.HELD else b""

    def abort(self, failure: RequestFailed) -> bytes:
        """Return the `error` event that ends the stream."""
        self.state = State.DONE
        return _event(envelope(failure))

    def ping(self) -> bytes:
        """Return a `ping` event, while the message is under way."""
        return _PING if self.state is State.BEGUN else b""

    def _write(self, part: Part) -> bytes:
        """Return the bytes of one part; the order is that of frequency."""
        if isinstance(part, Grow):
            return _DELTAS[part.by] % (self._index, orjson.dumps(part.value))
        if isinstance(part, Close):
            return _STOP % self._index
        if isinstance(part, Broken):
            self.state = State.DONE
            return _event(envelope(part.error))
        begin = self._begin() if self.state is State.HELD else b""
        return begin + (self._open(part) if isinstance(part, Open) else self._end(part))

    def _begin(self) -> bytes:
        self.state = State.BEGUN
        return _event({"type": "message_start", "message": message(self._context, [], _NOT_YET)}) + _PING

    def _open(self, part: Open) -> bytes:
        self._index += 1
        return _event({"type": "content_block_start", "index": self._index, "content_block": part.block})

    def _end(self, end: End) -> bytes:
        self.state = State.DONE
        return _event({"type": "message_delta", "delta": stopped(end), "usage": end.usage}) + _MESSAGE_STOP


def _event(body: Mapping[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (str(body["type"]).encode(), orjson.dumps(body))
