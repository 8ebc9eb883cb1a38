"""A relay that answers before the request is out: as soon as it knows who asks, whatever is still on its way."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import suppress
from random import Random

from jackfield.model.errors import Kind
from jackfield.testing import RecordedRequest, Script, html_page, http_error

from .behaviour import Behaviour, Part
from .canaries import found_in, song
from .journal import Attempt, Journal

_ENOUGH = 64 * 1024
"""Bytes that are read at most before the answer."""
_BUFFER = 4096
"""Bytes that the system may take in for the relay, which are few, so that a long request is still on its way."""
_UNSENT = 256 * 1024
"""Bytes missing from which on a request cannot be out, whatever lies in buffers."""
_PATIENCE = 2.0
"""Seconds for which the rest of a request is still taken in after the answer."""


def _hasty(name: str, script: Script, kind: Kind) -> Behaviour:
    return Behaviour(f"{name} before the request is out", lambda part: script, frozenset({kind}))


_WHOLE = Behaviour("whole before the request is out", lambda part: part.whole)
_REFUSALS = (
    _hasty("413", http_error(413, "too much"), Kind.TOO_LARGE),
    _hasty("503", http_error(503), Kind.OVERLOADED),
    _hasty("403 page", html_page(403), Kind.FORBIDDEN),
)
_SHARE = 0.1
"""Share of requests that it refuses."""


class HastyRelay:
    """A provider that reads a little and answers; it hangs up where the rest of the request does not come."""

    def __init__(self, name: str, key: str, journal: Journal, random: Random) -> None:
        self.name, self.key = name, key
        self.base_url = ""
        self._journal = journal
        self._random = random
        self._serial = 0

    async def start(self) -> None:
        """Listen on a free loopback port."""
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._server = await asyncio.start_server(self._serve, sock=listener)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    def stop(self) -> None:
        """Stop listening."""
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; return True where the connection may have a next one.

        Where it was not said that it ends, and all of the request comes after all, the peer is right to use it again.
        """
        data = b""
        while not found_in(data) and len(data) < _ENOUGH and (piece := await reader.read(4096)):
            data += piece
        if not (found := found_in(data)):
            return False
        missing = _missing(data)
        kept = missing > _UNSENT
        await self._answer(found[0], data, writer, "keep-alive" if kept else "close")
        async with asyncio.timeout(_PATIENCE):
            while piece := await reader.read(min(missing, _ENOUGH) if kept else _ENOUGH):
                missing -= len(piece)
                if kept and not missing:
                    return True
        return False

    async def _answer(self, canary: str, data: bytes, writer: asyncio.StreamWriter, connection: str) -> None:
        if self.key.encode() not in data:
            self._journal.problem("a key went to another upstream", self.name)
        self._serial += 1
        text = song(canary, self._serial, 5)
        behaviour = self._random.choice(_REFUSALS) if self._random.random() < _SHARE else _WHOLE
        request = RecordedRequest("POST", "/v1/responses", [], data)
        self._journal.begin(canary, Attempt(self.name, behaviour, text, None, request))
        try:
            script = behaviour.play(Part(text, None, "gpt-5", self.key, self._random))
            writer.write(_bytes_of(script, connection))
            await writer.drain()
        finally:
            request.mark_finished()


def _missing(data: bytes) -> int:
    """Return how many bytes of a request were not read. Where it may be out, the relay has to say that it hangs up."""
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return int(length[1]) - len(body) if length is not None else 0


def _bytes_of(script: Script, connection: str) -> bytes:
    body = script.body
    headers = {"content-type": "text/event-stream", **script.headers, "connection": connection}
    headers["content-length"] = str(len(body))
    lines = [f"HTTP/1.1 {script.status} Soon", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
