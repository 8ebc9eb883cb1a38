"""An httpx transport for long streams: a pool of plain HTTP/1.1 connections.

httpx's own pool walks every connection for every request and gives one item per chunk through six generators; with
hundreds of open streams that is most of a proxy's time. This one takes an idle connection from a stack, and reads
coalesced. A transport leads to upstreams directly or through one proxy.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from types import TracebackType

import httpx

from .connection import Connection
from .proxies import Proxy
from .sockets import connect

Origin = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; 0 is none."""

    connect: float = 10.0
    first_byte: float = 300.0
    idle: float = 300.0
    keep_alive: float = 60.0


class Body(httpx.AsyncByteStream):
    """The body of an answer; closing it before its end closes the connection."""

    def __init__(self, connection: Connection, transport: DirectTransport, origin: Origin) -> None:
        self._connection: Connection | None = connection
        self._transport = transport
        self._origin = origin

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._connection is None:
            raise StopAsyncIteration
        data = await self._connection.read()
        if not data:
            await self.aclose()
            raise StopAsyncIteration
        return data

    async def aclose(self) -> None:
        """Give the connection back: kept if the body was read to its end, closed otherwise."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._transport.give_back(connection, self._origin)

    def finish(self) -> None:
        """Want nothing more, but let the answer end by itself, so that its connection can be kept."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.drain(partial(self._transport.give_back, connection, self._origin))


class DirectTransport(httpx.AsyncBaseTransport):
    """Send httpx requests over pooled HTTP/1.1 connections, without limits on their number."""

    def __init__(self, timeouts: Timeouts, proxy: Proxy | None = None) -> None:
        self.timeouts = timeouts
        self._proxy = proxy
        self._idle: defaultdict[Origin, list[Connection]] = defaultdict(list)
        self._open: set[Connection] = set()
        self._tls: ssl.SSLContext | None = None

    @property
    def open_connections(self) -> int:
        """How many connections are open, idle ones included."""
        return len(self._open)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer as soon as the headers are there.

        A kept connection that had ended before the request can have been read is replaced, once. Any other end is
        the caller's to judge: the upstream may have worked on the request, and be paid for it.
        """
        data = _encode(request, self._proxy)
        origin = _origin(request.url)
        connection = self._take(origin)
        if connection is not None:
            try:
                return await self._exchange(connection, data, origin)
            except httpx.ReadError:
                if not connection.was_stale:
                    raise
        return await self._exchange(await self._connect(origin), data, origin)

    async def _exchange(self, connection: Connection, data: bytes, origin: Origin) -> httpx.Response:
        try:
            connection.send(data, self.timeouts.first_byte, self.timeouts.idle)
            status, headers = await connection.head()
        except BaseException:  # also when cancelled: an abandoned exchange must not leave its connection open
            connection.abort()
            raise
        # Without its request: a stream would keep all that was asked for as long as it lasts.
        return httpx.Response(status, headers=headers, stream=Body(connection, self, origin))

    async def _connect(self, origin: Origin) -> Connection:
        """Return a new connection; looking a name up, every address, the proxy and TLS have one time-out together."""
        try:
            async with asyncio.timeout(self.timeouts.connect or None):
                connection = await self._reach(origin)
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"no connection within {self.timeouts.connect:g} s") from error
        except (OSError, MemoryError) as error:  # refused, unreachable, unknown host, TLS, or a want of our own
            raise httpx.ConnectError(str(error)) from error
        self._open.add(connection)
        return connection

    async def _reach(self, origin: Origin) -> Connection:
        scheme, host, port = origin
        loop = asyncio.get_running_loop()
        context = self._tls_context() if scheme == "https" else None
        sock = await (self._proxy.reach(scheme, host, port) if self._proxy else connect(host, port))
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(loop, self._open.discard),
                sock=sock,
                ssl=context,
                server_hostname=host if context else None,
            )
        except BaseException:
            sock.close()
            raise
        return connection

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
        return self._tls

    def _take(self, origin: Origin) -> Connection | None:
        """Return the idle connection used last, dropping those that are closed, too old or not silent."""
        kept = self._idle.get(origin)
        while kept:
            connection = kept.pop()
            if connection.fit:
                return connection
            connection.abort()
        return None

    def give_back(self, connection: Connection, origin: Origin) -> None:
        """Keep the connection for the next request if its answer is over; close it otherwise."""
        if not connection.reusable:
            connection.abort()
            return
        connection.rest(self.timeouts.keep_alive)
        kept = self._idle[origin]
        kept.append(connection)
        while kept[0].closed:
            kept.pop(0)

    async def aclose(self) -> None:
        """Close every connection."""
        for connection in list(self._open):
            connection.abort()
        self._idle.clear()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Close every connection."""
        await self.aclose()


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)


def _encode(request: httpx.Request, proxy: Proxy | None) -> bytes:
    """Return the request as it goes over the wire. Its body is in memory already."""
    url = request.url
    forwarded = proxy is not None and proxy.forwards(url.scheme)
    target = b"%s://%s%s" % (url.raw_scheme, url.netloc, url.raw_path) if forwarded else url.raw_path
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), target)]
    lines.extend(b"%s: %s" % header for header in request.headers.raw)
    login = proxy.authorization if forwarded and proxy else b""
    return b"\r\n".join(lines) + b"\r\n" + login + b"\r\n" + request.content
