"""The HTTP client that executors call, and the single map of httpx's exceptions to ours."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

import httpx

from ..errors import Detail, Kind, UpstreamError, Verdict
from .proxies import Proxy
from .reach import is_off_limits
from .sockets import IDLE, UNHEARD, own_want
from .transport import Body, DirectTransport, Timeouts
from .unpacking import declared, undeclared, unpacked

ERROR_BODY_LIMIT = 256 * 1024
"""Bytes of an error answer that are read; the rest says nothing new."""
ERROR_BODY_TIME = 5.0
"""Seconds that an error answer is listened to after its headers."""

_LINE = frozenset("\r\n\0")


def _ours(error: httpx.HTTPError, host: str) -> UpstreamError:
    """Return what httpx raised as an error of ours that names the host, never the URL."""
    if own_want(error.__cause__):
        message = f"the proxy itself lacks what a connection to {host} needs: {error}; try again in a moment"
        return UpstreamError(Kind.UNAVAILABLE, message, Detail(retry_after=1.0, verdict=Verdict.OURSELVES))
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return UpstreamError(Kind.TIMEOUT, f"{host}: {error or 'timed out'}")
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
        return UpstreamError(Kind.UNREACHABLE, f"no connection to {host}: {error}")
    return UpstreamError(Kind.UNREACHABLE, f"{host} broke off: {error}")


class UpstreamResponse:
    """An upstream's answer whose headers have arrived."""

    def __init__(self, response: httpx.Response, host: str) -> None:
        self._response = response
        self._host = host
        self.status = response.status_code
        response.headers.encoding = "latin-1"  # each byte one character: what travels on is what came
        self.headers: Mapping[str, str] = response.headers
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101  # every transport here gives one
        self._chunks = aiter(response.stream)
        self._begun = False

    async def read(self) -> bytes:
        """Return the next piece of the body, as much as has arrived; b"" at its end. Raises UpstreamError."""
        try:
            piece = await anext(self._chunks)
            return piece if self._begun else await self._first(piece)
        except StopAsyncIteration:
            return b""
        except httpx.HTTPError as error:
            ours = _ours(error, self._host)
            # The headers were there already: an answer that breaks off was cut, not refused.
            kind = Kind.STREAM_CUT if ours.kind is Kind.UNREACHABLE else ours.kind
            raise UpstreamError(kind, ours.message) from error

    async def _first(self, piece: bytes) -> bytes:
        """Return the first piece, unpacked where the body comes in a coding; so are then those that follow."""
        self._begun = True
        header = self.headers.get("content-encoding", "")
        decoder = declared(header, self._host) if header else undeclared(piece)
        if decoder is None:
            return piece
        self._chunks = unpacked(decoder, self._chunks, self._host, piece)
        return await anext(self._chunks)

    async def body(self, limit: int = ERROR_BODY_LIMIT) -> bytes:
        """Return the whole body, cut at `limit` bytes, and close. Raises UpstreamError."""
        pieces: list[bytes] = []
        await self._gather(pieces, limit)
        await self.aclose()
        return b"".join(pieces)[:limit]

    async def complaint(self) -> bytes:
        """Return what comes of an error's body, and close. Never raises for it: the status has said what matters."""
        pieces: list[bytes] = []
        with suppress(UpstreamError, TimeoutError):
            async with asyncio.timeout(ERROR_BODY_TIME):
                await self._gather(pieces, ERROR_BODY_LIMIT)
        await self.aclose()
        return b"".join(pieces)[:ERROR_BODY_LIMIT]

    async def _gather(self, pieces: list[bytes], limit: int) -> None:
        size = 0
        while size < limit and (piece := await self.read()):
            pieces.append(piece)
            size += len(piece)

    async def finish(self) -> None:
        """Close where nothing of worth can follow: the connection is kept if the body ends soon by itself."""
        stream = self._response.stream
        if isinstance(stream, Body):
            stream.finish()
        await self._response.aclose()

    async def aclose(self) -> None:
        """Close; the connection is kept only when the body was read to its end."""
        await self._response.aclose()


class UpstreamClient:
    """Sends requests to upstreams. One per process, shared by every executor."""

    def __init__(self, timeouts: Timeouts | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self._direct = DirectTransport(self._timeouts)
        self._proxied: dict[str, DirectTransport | httpx.AsyncHTTPTransport] = {}

    def limit(self, timeouts: Timeouts) -> None:
        """Use other time-outs from the next request on."""
        self._timeouts = timeouts
        for transport in self._ours():
            transport.timeouts = timeouts

    def _ours(self) -> list[DirectTransport]:
        return [self._direct, *(each for each in self._proxied.values() if isinstance(each, DirectTransport))]

    @property
    def open_connections(self) -> int:
        """Open connections to upstreams, those through https proxies not counted."""
        return sum(transport.open_connections for transport in self._ours())

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, proxy_url: str = "") -> UpstreamResponse:
        """POST `body` and return the answer, whatever its status, once its headers are there. Follows no redirect.

        `proxy_url` is http, https or socks5. Raises UpstreamError when no answer comes.
        """
        return await self._send("POST", url, headers, body, proxy_url)

    async def get(self, url: str, headers: Mapping[str, str], proxy_url: str = "") -> UpstreamResponse:
        """GET and return the answer as `post` does."""
        return await self._send("GET", url, headers, b"", proxy_url)

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, proxy_url: str
    ) -> UpstreamResponse:
        target = _url(url)
        raw = [_header(name, value) for name, value in headers.items()]
        request = httpx.Request(method, target, headers=raw, content=body, extensions=self._extensions())
        transport = self._through(proxy_url) if proxy_url else self._direct
        host = target.raw_host.decode("ascii")
        if proxy_url and is_off_limits(host):  # names are looked up by the proxy; a direct connection looks itself
            raise UpstreamError(Kind.UNREACHABLE, f"{host} is a link-local or metadata address")
        try:
            return UpstreamResponse(await transport.handle_async_request(request), host)
        except httpx.HTTPError as error:
            raise _ours(error, host) from error

    def _extensions(self) -> dict[str, object]:
        """Return the time-outs in the form that httpx's own transport reads."""
        limits = self._timeouts
        read = max(limits.first_byte, limits.idle) or None
        return {"timeout": {"connect": limits.connect or None, "read": read, "write": None, "pool": None}}

    def _through(self, proxy_url: str) -> DirectTransport | httpx.AsyncHTTPTransport:
        if proxy_url not in self._proxied:
            try:
                proxy = Proxy.parse(httpx.URL(proxy_url))
                made = _inside_tls(proxy_url) if proxy is None else DirectTransport(self._timeouts, proxy)
            except (httpx.InvalidURL, ValueError):  # it may hold a password, and so may their words
                raise UpstreamError(Kind.UNREACHABLE, "proxy-url is not the URL of a proxy; mend it") from None
            self._proxied[proxy_url] = made
        return self._proxied[proxy_url]

    async def aclose(self) -> None:
        """Close every connection."""
        await self._direct.aclose()
        for transport in self._proxied.values():
            await transport.aclose()


def _inside_tls(proxy_url: str) -> httpx.AsyncHTTPTransport:
    """Return httpx's transport, for a proxy that is itself called with TLS; its connections serve one request each."""
    unlimited = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options += [(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE)]
        options += [(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD)]
    return httpx.AsyncHTTPTransport(proxy=proxy_url, limits=unlimited, socket_options=options)


def _header(name: str, value: str) -> tuple[bytes, bytes]:
    """Return a header as it goes over the wire. Raises UpstreamError for what would break out of its line."""
    if not _LINE.isdisjoint(name) or not _LINE.isdisjoint(value):
        raise UpstreamError(Kind.UPSTREAM_ERROR, f"the header {name!r} holds a character that ends a line; mend it")
    try:
        return name.encode("ascii"), value.encode("latin-1")  # as ASGI servers read a client's
    except UnicodeEncodeError:
        return name.encode(), value.encode()


@lru_cache(maxsize=256)
def _url(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL:
        raise UpstreamError(Kind.UNREACHABLE, "the provider's URL cannot be called; mend its base-url") from None
