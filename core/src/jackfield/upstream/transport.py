"""A transport for long streams: a pool of plain HTTP/1.1 connections.

httpx's own pool walks every connection for every request and gives one item per chunk through six generators; with
hundreds of open streams that is most of a proxy's time. This one takes an idle connection from a stack, and reads
coalesced. A transport leads to upstreams directly or through one proxy. Of httpx it has the exceptions, and no objects:
a request and an answer made of those cost more than all the rest of the call.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from types import TracebackType
from typing import Self

import httpx

from .connection import Connection
from .proxies import Proxy, refusal
from .sockets import connect

Origin = tuple[str, str, int]
Fields = Sequence[tuple[bytes, bytes]]
"""Headers as they go over the wire, or come: then with their names in lower case."""

PROXY_LOGIN = 407
"""The status of a proxy that wants a login; no upstream has it."""

_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""Headers that say where a body ends: here it is known."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that requests go to, taken apart once."""

    url: httpx.URL
    host: str
    origin: Origin
    authority: bytes
    path: bytes

    @classmethod
    @lru_cache(maxsize=256)
    def of(cls, url: str) -> Self:
        """Take a URL apart. Raises httpx.InvalidURL."""
        found = httpx.URL(url)
        host = found.raw_host.decode("ascii")
        port = found.port or (443 if found.scheme == "https" else 80)
        return cls(found, host, (found.scheme, host, port), found.netloc, found.raw_path)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; 0 is none."""

    connect: float = 10.0
    first_byte: float = 300.0
    idle: float = 300.0
    keep_alive: float = 60.0


class Body:
    """The body of an answer; closing it before its end closes the connection."""

    def __init__(self, connection: Connection, transport: DirectTransport, origin: Origin) -> None:
        self._connection: Connection | None = connection
        self._transport = transport
        self._origin = origin

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self.read():
            yield piece

    async def read(self) -> bytes:
        """Return the next piece, as much as has arrived; b"" at the end. Raises httpx's exceptions."""
        if self._connection is None:
            return b""
        data = await self._connection.read()
        if not data:
            await self.aclose()
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


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose headers have arrived. `headers` have their names in lower case."""

    status: int
    headers: Fields
    body: Body


class DirectTransport:
    """Send requests over pooled HTTP/1.1 connections, without limits on their number."""

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

    async def send(self, method: str, target: Target, headers: Fields, body: bytes = b"") -> Reply:
        """Send a request and return its answer as soon as the headers are there. Raises httpx's exceptions.

        A kept connection that had ended before the request can have been read is replaced, once. Any other end is
        the caller's to judge: the upstream may have worked on the request, and be paid for it.
        """
        data, origin = self._encoded(method, target, headers, body), target.origin
        del body  # and `data` when it is sent: the answer may take minutes, and a request be large
        connection = self._take(origin)
        if connection is not None:
            exchange = self._exchange(connection, data, origin, may_be_stale=True)
            del data
            try:
                return await exchange
            except httpx.ReadError:
                if not connection.was_stale:
                    raise
                data = connection.unread
        connection = await self._connect(origin)
        exchange = self._exchange(connection, data, origin)
        del data
        return await exchange

    async def _exchange(
        self, connection: Connection, data: bytes, origin: Origin, *, may_be_stale: bool = False
    ) -> Reply:
        try:
            connection.send(data, self.timeouts.first_byte, self.timeouts.idle, may_be_stale=may_be_stale)
            del data
            status, headers = await connection.head()
            if status == PROXY_LOGIN:
                raise httpx.ProxyError(refusal("407"))
        except BaseException:  # also when cancelled: an abandoned exchange must not leave its connection open
            connection.abort()
            raise
        return Reply(status, headers, Body(connection, self, origin))

    def _encoded(self, method: str, target: Target, headers: Fields, body: bytes) -> bytes:
        """Return a request as it goes over the wire."""
        forwarded = self._proxy is not None and self._proxy.forwards(target.origin[0])
        where = b"%s://%s%s" % (target.origin[0].encode(), target.authority, target.path) if forwarded else target.path
        lines = [b"%s %s HTTP/1.1" % (method.encode(), where), b"Host: " + target.authority]
        for name, value in headers:
            key = name.lower()
            if key == b"host":
                lines[1] = b"Host: " + value
            elif key not in _FRAMING:
                lines.append(b"%s: %s" % (name, value))
        if body or method == "POST":
            lines.append(b"Content-Length: %d" % len(body))
        login = self._proxy.authorization if forwarded and self._proxy else b""
        return b"\r\n".join([*lines, login + b"\r\n" + body])

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

    async def __aenter__(self) -> Self:
        """Return the transport, to be closed at the end of the block."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Close every connection."""
        await self.aclose()
