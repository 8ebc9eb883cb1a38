"""The reference: a raw pass-through proxy, the least that a proxy written in Python can cost.

`python -m benchmark.reference PORT` takes requests and passes them, byte for byte, to the upstream on that port. It
finds where a message ends, to give the upstream connection to the next request, and looks at nothing else.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

from .framing import ResponseFrame, request_complete
from .helper import serve


class Back(asyncio.Protocol):
    """A connection to the upstream: free in the pool, or lent to one front until its answer ends."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._front: Front | None = None
        self._frame = ResponseFrame()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def request(self, front: Front, data: bytes) -> None:
        """Send a request whose answer goes to `front`."""
        self._front = front
        self._frame = ResponseFrame()
        self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        """Pass on what arrives."""
        front = self._front
        if front is None:
            self.transport.close()
            return
        front.transport.write(data)
        if self._frame.feed(data):
            self._front = front.back = None
            self._pool.free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the pool, or end the answer that was under way."""
        if self in self._pool.free:
            self._pool.free.remove(self)
        if self._front is not None:
            self._front.transport.close()


class Front(asyncio.Protocol):
    """A client's connection."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._request = b""
        self.back: Back | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Pass a request on when it is complete."""
        self._request += data
        if request_complete(self._request):
            request, self._request = self._request, b""
            self._pool.send(self, request)

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop the upstream's answer, if one is under way."""
        if self.back is not None:
            self.back.transport.close()


class Pool:
    """The upstream connections."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._opening: set[asyncio.Task[None]] = set()
        self.free: list[Back] = []

    def front(self) -> Front:
        """Return the protocol of a new client connection."""
        return Front(self)

    def send(self, front: Front, request: bytes) -> None:
        """Send a request on a free connection, or on a new one."""
        if self.free:
            front.back = self.free.pop()
            front.back.request(front, request)
            return
        task = asyncio.get_running_loop().create_task(self._open(front, request))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, front: Front, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, back = await loop.create_connection(lambda: Back(self), "127.0.0.1", self._port)
        except OSError:
            front.transport.close()
            return
        if front.transport.is_closing():
            back.transport.close()
            return
        front.back = back
        back.request(front, request)


def main() -> None:
    """Serve in front of the port named on the command line."""
    pool = Pool(int(sys.argv[1]))
    serve(pool.front)


if __name__ == "__main__":
    main()
