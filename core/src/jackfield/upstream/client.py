"""The HTTP client that executors call, and the single map of httpx's exceptions to ours."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import suppress
from typing import Any

import httpx

from ..model.errors import Detail, Kind, UpstreamError, Verdict
from ..net.off_limits import is_off_limits
from .proxies import Proxy
from .sockets import IDLE, UNHEARD, own_want
from .transport import Body, DirectTransport, Fields, Target, Timeouts
from .unpacking import declared, undeclared, unpacked

ERROR_BODY_LIMIT = 256 * 1024
"""Bytes of an error answer that are read; the rest says nothing new."""
ERROR_BODY_TIME = 5.0
"""Seconds that an error answer is listened to after its headers."""


def _ours(error: httpx.HTTPError, host: str) -> UpstreamError:
    """Return what httpx raised as an error of ours that names the host, never the URL."""
    if own_want(error.__cause__):
        message = f"the proxy itself lacks what a connection to {host} needs: {error}; try again in a moment"
        return UpstreamError(Kind.UNAVAILABLE, message, Detail(retry_after=1.0, verdict=Verdict.OURSELVES))
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return UpstreamError(Kind.TIMEOUT, f"{host}: {error or 'timed out'}")
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
        # One that took all of its time is no accident of a moment: trying again would only take as long again.
        unsent = isinstance(error, httpx.ConnectError | httpx.ProxyError)
        return UpstreamError(Kind.UNREACHABLE, f"no connection to {host}: {error}", Detail(unsent=unsent))
    return UpstreamError(Kind.UNREACHABLE, f"{host} broke off: {error}")


class Headers(dict[str, str]):
    """An answer's headers: names in lower case, asked for in any; of a repeated one the values joined by a comma."""

    @classmethod
    def of(cls, fields: Fields) -> Headers:
        """Read them from the wire. Each byte is one character: what travels on is what came."""
        found: dict[str, str] = {}  # a plain one, which does not ask for names in any case
        for name, value in fields:
            key, text = str(name, "latin-1"), str(value, "latin-1")
            found[key] = f"{found[key]}, {text}" if key in found else text
        return cls(found)

    def __missing__(self, name: str) -> str:
        if name.islower():
            raise KeyError(name)
        return self[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """Return a header's value, or the default."""
        return dict.get(self, name.lower(), default)


class UpstreamResponse:
    """An upstream's answer whose headers have arrived. `headers` are asked for in any case."""

    def __init__(self, status: int, headers: Fields, body: Body | Foreign, host: str) -> None:
        self._host = host
        self.status = status
        self.headers: Mapping[str, str] = Headers.of(headers)
        self._body = body
        self._read = body.read
        self._unpacked: AsyncIterator[bytes] | None = None
        self._begun = False

    async def read(self) -> bytes:
        """Return the next piece of the body, as much as has arrived; b"" at its end. Raises UpstreamError."""
        try:
            if self._unpacked is not None:
                return await anext(self._unpacked, b"")
            piece = await self._read()
            return piece if self._begun else await self._first(piece)
        except httpx.HTTPError as error:
            ours = _ours(error, self._host)
            # The headers were there already: an answer that breaks off was cut, not refused.
            kind = Kind.STREAM_CUT if ours.kind is Kind.UNREACHABLE else ours.kind
            raise UpstreamError(kind, ours.message) from error

    async def _first(self, piece: bytes) -> bytes:
        """Return the first piece, unpacked where the body comes in a coding; so are then those that follow."""
        self._begun = True
        header = self.headers.get("content-encoding", "")
        decoder = declared(header, self._host) if header and piece else undeclared(piece)
        if decoder is None:
            return piece
        self._unpacked = unpacked(decoder, aiter(self._body), self._host, piece)
        return await anext(self._unpacked, b"")

    async def body(self, limit: int = ERROR_BODY_LIMIT) -> bytes:
        """Return the whole body, cut at `limit` bytes, and close, also where the caller waits no longer.

        Raises UpstreamError.
        """
        pieces: list[bytes] = []
        try:
            await self._gather(pieces, limit)
        finally:
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
        if isinstance(self._body, Body):
            self._body.finish()
        await self._body.aclose()

    async def aclose(self) -> None:
        """Close; the connection is kept only when the body was read to its end."""
        await self._body.aclose()


class Foreign:
    """The body of an answer that httpx's own transport brought."""

    def __init__(self, response: httpx.Response) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101  # an asynchronous transport gives one
        self._stream = response.stream
        self._pieces = aiter(response.stream)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    async def read(self) -> bytes:
        """Return the next piece; b"" at the end."""
        return await anext(self._pieces, b"")

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()


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

    def post(
        self, url: str, headers: Mapping[str, str], body: bytes, proxy_url: str = ""
    ) -> Coroutine[Any, Any, UpstreamResponse]:
        """POST `body` and return the answer, whatever its status, once its headers are there. Follows no redirect.

        `proxy_url` is http, https or socks5. Raises UpstreamError when no answer comes.
        """
        return self._send("POST", url, headers, body, proxy_url)

    async def get(self, url: str, headers: Mapping[str, str], proxy_url: str = "") -> UpstreamResponse:
        """GET and return the answer as `post` does."""
        return await self._send("GET", url, headers, b"", proxy_url)

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, proxy_url: str
    ) -> UpstreamResponse:
        target = _target(url)
        told = [_header(name, value) for name, value in headers.items()]
        transport = self._through(proxy_url) if proxy_url else self._direct
        # Names are looked up by the proxy; a direct connection looks at them itself.
        if proxy_url and is_off_limits(target.host):
            raise UpstreamError(Kind.UNREACHABLE, f"{target.host} is a link-local or metadata address")
        if isinstance(transport, DirectTransport):
            sending = _sent(transport, method, target, told, body)
        else:
            sending = self._sent_by_httpx(transport, method, target, told, body)
        del body  # whoever sends it lets it go when it has left: an answer may take minutes
        try:
            return await sending
        except httpx.HTTPError as error:
            raise _ours(error, target.host) from error

    async def _sent_by_httpx(
        self, transport: httpx.AsyncHTTPTransport, method: str, target: Target, told: Fields, body: bytes
    ) -> UpstreamResponse:
        request = httpx.Request(method, target.url, headers=list(told), content=body, extensions=self._extensions())
        answer = await transport.handle_async_request(request)
        fields = [(name.lower(), value) for name, value in answer.headers.raw]
        return UpstreamResponse(answer.status_code, fields, Foreign(answer), target.host)

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


async def _sent(transport: DirectTransport, method: str, target: Target, told: Fields, body: bytes) -> UpstreamResponse:
    sending = transport.send(method, target, told, body)
    del body
    reply = await sending
    return UpstreamResponse(reply.status, reply.headers, reply.body, target.host)


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
    if _breaks(name) or _breaks(value):
        raise UpstreamError(Kind.UPSTREAM_ERROR, f"the header {name!r} holds a character that ends a line; mend it")
    try:
        return name.encode("ascii"), value.encode("latin-1")  # as ASGI servers read a client's
    except UnicodeEncodeError:
        return name.encode(), value.encode()


def _breaks(text: str) -> bool:
    return "\n" in text or "\r" in text or "\0" in text


def _target(url: str) -> Target:
    try:
        return Target.of(url)
    except httpx.InvalidURL:
        raise UpstreamError(Kind.UNREACHABLE, "the provider's URL cannot be called; mend its base-url") from None
