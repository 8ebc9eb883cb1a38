"""One connection of the fake upstream: HTTP/1.1 in, whatever the script says out."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import cast

import httptools

from .recorded import RecordedRequest, hang
from .steps import Close, Delay, Hang, Head, Pause, Raw, Reset, Script, Step, body_of

_NO_LINGER = struct.pack("ii", 1, 0)
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(asyncio.Protocol):
    """Reads requests and plays one script for each, one after the other.

    It keeps reading while it plays, so that a peer that leaves is noticed at once, also during a hang.
    """

    def __init__(
        self,
        number: int,
        answer: Callable[[RecordedRequest], Script],
        made: Callable[[Connection], None],
        gone: Callable[[Connection], None],
    ) -> None:
        self._answer = answer
        self._made = made
        self._gone = gone
        self._lost = asyncio.Event()
        self._waiting: asyncio.Queue[RecordedRequest] = asyncio.Queue()
        self._current: RecordedRequest | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._our_doing = False
        self._reader = _Reader(number, self._waiting.put_nowait, self._write_now)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to serve."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._task = asyncio.get_running_loop().create_task(self._serve())
        self._made(self)

    def data_received(self, data: bytes) -> None:
        """Take in bytes of requests; answer what is no HTTP with 400."""
        with suppress(httptools.HttpParserUpgrade):
            try:
                self._reader.parser.feed_data(data)
            except httptools.HttpParserError:
                self._write_now(_BAD_REQUEST)
                self._transport.close()

    def eof_received(self) -> None:
        """Take the end of the peer's side for its leaving, whatever is still to be written."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request in progress that its reader has left."""
        if self._current is not None and not self._our_doing:
            self._current.mark_closed()
        self._task.cancel()
        self._lost.set()
        self._gone(self)

    def pause_writing(self) -> None:
        """Hold the script while the peer does not read."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self._writable.set()

    @property
    def idle(self) -> bool:
        """True when it only waits for a next request, of which not a byte has come."""
        served = self._current is None or self._current.finished
        return served and self._waiting.empty() and not self._reader.within

    def abort(self) -> None:
        """Drop the connection, as the upstream's own doing."""
        self._our_doing = True
        self._transport.abort()

    def close(self) -> None:
        """Close the connection once everything is written, as the upstream's own doing."""
        self._our_doing = True
        self._transport.close()

    def reset(self) -> None:
        """Close with a TCP reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.abort()

    async def ended(self) -> None:
        """Return when the connection is gone and its task has ended."""
        await self._lost.wait()
        await asyncio.wait([self._task])

    async def write(self, data: bytes) -> None:
        """Write, and return when the operating system has taken it."""
        self._write_now(data)
        await self._writable.wait()

    def _write_now(self, data: bytes) -> None:
        self._transport.write(data)

    @property
    def _socket(self) -> socket.socket:
        return cast("socket.socket", self._transport.get_extra_info("socket"))

    async def _serve(self) -> None:
        while not self._transport.is_closing():
            self._current = request = await self._waiting.get()
            script = self._answer(request)
            await _Player(self, request, script).play()
            asked = request.headers.get("connection", "").lower() == "close"
            if asked or not script.keep_alive or script.framing == "close":
                self.close()


class _Reader:
    """What httptools calls while it reads requests."""

    def __init__(
        self, connection: int, done: Callable[[RecordedRequest], None], write: Callable[[bytes], None]
    ) -> None:
        self._connection = connection
        self._done = done
        self._write = write
        self.parser = httptools.HttpRequestParser(self)
        self.on_message_begin()

        self.within = False
        """True between the first byte of a request and its last."""

    def on_message_begin(self) -> None:
        self.within = True
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))
        if name.lower() == b"expect":
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method = self.parser.get_method().decode("latin-1")
        path = self._url.decode("latin-1")
        self.within = False
        self._done(RecordedRequest(method, path, self._headers, bytes(self._body), self._connection))


class _Player:
    """Plays one script as the answer to one request."""

    def __init__(self, connection: Connection, request: RecordedRequest, script: Script) -> None:
        self._connection = connection
        self._request = request
        self._script = script
        self._head_sent = False

    async def play(self) -> None:
        for step in self._script.steps:
            await self._do(step)
            if isinstance(step, (Reset, Close)):
                return
        await self._send_head()
        if self._script.framing == "chunked":
            await self._connection.write(b"0\r\n\r\n")
        self._request.mark_finished()

    async def _do(self, step: Step) -> None:
        match step:
            case Head():
                await self._send_head()
            case Raw(data):
                await self._connection.write(data)
            case Delay(seconds):
                await asyncio.sleep(seconds)
            case Pause():
                await self._request.pause()
            case Hang():
                await hang()
            case Reset():
                self._request.mark_finished()
                self._connection.reset()
            case Close():
                self._request.mark_finished()
                self._connection.close()
            case _:
                await self._send_body(body_of(step))

    async def _send_head(self) -> None:
        if not self._head_sent:
            self._head_sent = True
            await self._connection.write(_head(self._script))

    async def _send_body(self, data: bytes) -> None:
        await self._send_head()
        if data:
            chunked = self._script.framing == "chunked"
            await self._connection.write(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)
            self._request.sent += len(data)


def _head(script: Script) -> bytes:
    headers = {"content-type": "text/event-stream"} | {k.lower(): v for k, v in script.headers.items()}
    if script.framing == "chunked":
        headers.setdefault("transfer-encoding", "chunked")
    elif script.framing == "length":
        headers.setdefault("content-length", str(len(script.body)))
    if script.framing == "close" or not script.keep_alive:
        headers["connection"] = "close"
    lines = [f"HTTP/1.1 {script.status} {_reason(script.status)}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
