"""The mock upstream: a Responses provider that answers from memory and must never be the bottleneck.

`python -m benchmark.upstream answer|burst|paced|slow`. Any GET answers 200. A POST is read to its end and answered with
the event stream; one that does not ask for a stream (our proxy always does, a peer may not) gets the response object.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from typing import cast

from .answers import STAMP, STREAM_HEAD, Answer, burst_answer, paced_answer, short_answer, slow_answer
from .framing import request_complete
from .helper import serve
from .wheel import Wheel

PACE_MS = 20
SLOW_MS = 500
_OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok"
Play = Callable[["Connection"], None]


class Connection(asyncio.Protocol):
    """One connection of a proxy, kept alive from request to request."""

    def __init__(self, play: Play, document: bytes) -> None:
        self._play = play
        self._document = document
        self._request = b""
        self._fd = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket's number: see `send`."""
        self._transport = cast(asyncio.Transport, transport)
        self._fd = transport.get_extra_info("socket").fileno()

    def data_received(self, data: bytes) -> None:
        """Answer once the request is complete."""
        self._request += data
        if not request_complete(self._request):
            return
        request, self._request = self._request, b""
        if request.startswith(b"GET"):
            self.send(_OK)
        elif _wants_stream(request):
            self._play(self)
        else:
            self.send(self._document)

    @property
    def gone(self) -> bool:
        """True when the proxy has left."""
        return self._transport.is_closing()

    def send(self, data: bytes) -> None:
        """Send now. The transport would join what is written in one turn of its loop; here events must stay apart."""
        if self._transport.is_closing():
            return
        sent = 0
        if not self._transport.get_write_buffer_size():
            try:
                sent = os.write(self._fd, data)
            except OSError:  # full, or just reset: the transport knows what to do in either case
                sent = 0
        if sent < len(data):
            self._transport.write(data[sent:])


class PacedStream:
    """One answer of stamped deltas, one per turn of the wheel."""

    def __init__(self, script: PacedScript, connection: Connection) -> None:
        self._script = script
        self._connection = connection
        self._stamps: list[bytes] = []
        connection.send(STREAM_HEAD + script.answer.opening)
        self.step()

    def step(self) -> bool:
        """Send the next delta, or the end after the last; False when over or when the proxy has left."""
        if self._connection.gone:
            return False
        index = len(self._stamps)
        if index == len(self._script.deltas):
            self._connection.send(self._script.closing(self._stamps))
            return False
        before, after = self._script.deltas[index]
        stamp = b"%016d" % (time.monotonic_ns() // 1000)
        self._stamps.append(stamp)
        self._connection.send(before + stamp + after)
        return True


class PacedScript:
    """What all paced streams share: the deltas cut where the stamp goes, and the wheel."""

    def __init__(self, answer: Answer, pace_ms: int = PACE_MS) -> None:
        self.answer = answer
        self.deltas = [(before, after) for before, _, after in (delta.partition(STAMP) for delta in answer.deltas)]
        self._text = answer.text.split(STAMP)
        self._closing = answer.closing.split(answer.text)
        self._pace_ms = pace_ms
        self._wheel: Wheel | None = None

    def closing(self, stamps: list[bytes]) -> bytes:
        """Return the closing events with the text that was really sent."""
        pieces = (piece for pair in zip(self._text, [*stamps, b""], strict=True) for piece in pair)
        return b"".join(pieces).join(self._closing)

    def play(self, connection: Connection) -> None:
        """Start one stream."""
        if self._wheel is None:
            self._wheel = Wheel(asyncio.get_running_loop(), self._pace_ms)
        self._wheel.add(PacedStream(self, connection).step)


def play_whole(answer: Answer) -> Play:
    """Return the player that sends an answer in one write."""
    data = STREAM_HEAD + answer.opening + b"".join(answer.deltas) + answer.closing
    return lambda connection: connection.send(data)


def play_burst(answer: Answer) -> Play:
    """Return the player that sends each delta by itself, without a pause."""
    parts = [STREAM_HEAD + answer.opening, *answer.deltas, answer.closing]

    def play(connection: Connection) -> None:
        for part in parts:
            connection.send(part)

    return play


def _wants_stream(request: bytes) -> bool:
    _, found, value = request.rpartition(b'"stream":')
    return bool(found) and value.lstrip().startswith(b"true")


def _document(answer: Answer) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer.document)
    return head + answer.document


def _script(name: str) -> tuple[Play, Answer]:
    if name == "paced":
        answer = paced_answer()
        return PacedScript(answer).play, answer
    if name == "slow":
        answer = slow_answer()
        return PacedScript(answer, SLOW_MS).play, answer
    if name == "burst":
        answer = burst_answer()
        return play_burst(answer), answer
    answer = short_answer()
    return play_whole(answer), answer


def main() -> None:
    """Serve the script named on the command line."""
    play, answer = _script(sys.argv[1])
    document = _document(answer)
    serve(lambda: Connection(play, document))


if __name__ == "__main__":
    main()
