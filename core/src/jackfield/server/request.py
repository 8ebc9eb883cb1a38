"""The head of a request: what it says, and what may be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import httptools

from ..model.errors import ClientError, Kind
from .cycle import ResponseOptions

Address = tuple[str, int]


class RequestHead:
    """Target and headers as the parser brings them, piece by piece."""

    __slots__ = ("headers", "url")

    def __init__(self) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []

    def fault(self, parser: httptools.HttpRequestParser, limit: int) -> ClientError | None:
        """Return what is wrong with a head that could be parsed; `limit` is in bytes."""
        size, hosts, codings = len(self.url), 0, list[list[bytes]]()
        for name, value in self.headers:
            size += len(name) + len(value)
            if name == b"host":
                hosts += 1
            elif name == b"transfer-encoding":
                codings.append(members(value))
        if size > limit:
            return too_large(limit)
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            return bad(f"this server speaks HTTP/1.1, not HTTP/{version}")
        if hosts > 1 or (not hosts and version == "1.1"):
            return bad("a request has exactly one Host header")
        if codings and codings != [[b"chunked"]]:
            return bad("this server reads no other Transfer-Encoding than chunked")
        return None

    def options(self, parser: httptools.HttpRequestParser) -> ResponseOptions:
        """Return what the head says of the answer."""
        modern = parser.get_http_version() == "1.1"
        awaits_continue, length = False, None
        for name, value in self.headers:
            if name == b"content-length":
                length = int(value) if length is None else length
            elif name == b"expect":
                awaits_continue = awaits_continue or (modern and b"100-continue" in members(value))
        return ResponseOptions(
            head_only=parser.get_method() == b"HEAD",
            chunks=modern,
            keep_alive=modern and parser.should_keep_alive(),
            awaits_continue=awaits_continue,
            length=length,
        )

    def without_offer(self, parser: httptools.HttpRequestParser) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        """Return the head anew, in bytes, without its offers of other protocols; and those offers."""
        offers = [each for each in self.headers if each[0] == b"upgrade"]
        version = parser.get_http_version().encode("ascii")
        lines = [b"%b %b HTTP/%b\r\n" % (parser.get_method(), self.url, version)]
        lines += [b"%b: %b\r\n" % each for each in self.headers if each[0] != b"upgrade"]
        return b"".join([*lines, b"\r\n"]), offers

    def scope(
        self,
        parser: httptools.HttpRequestParser,
        client: Address | None,
        server: Address | None,
        state: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Return the ASGI scope."""
        path, _, query = _origin_form(self.url).partition(b"?")
        return {
            "type": "http",
            "http_version": parser.get_http_version(),
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": parser.get_method().decode("ascii"),
            "scheme": "http",
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": self.headers,
            "client": client,
            "server": server,
            "state": dict(state),
            "extensions": {},
        }


def members(value: bytes) -> list[bytes]:
    """Return the members of a header that is a list, in lower case; empty ones do not count (RFC 9110, 5.6.1.2)."""
    return [member for part in value.lower().split(b",") if (member := part.strip())]


def _origin_form(target: bytes) -> bytes:
    """Return a request's target without scheme and authority, which decide nothing here (RFC 9112, 3.2.2)."""
    if target.startswith(b"/") or not target[:8].lower().startswith((b"http://", b"https://")):
        return target
    rest = target.partition(b"://")[2]
    start = next((at for at, sign in enumerate(rest) if sign in b"/?"), len(rest))
    path = rest[start:]
    return path if path.startswith(b"/") else b"/" + path


def address(name: object) -> Address | None:
    """Return host and port of a socket's name; None for one that has none."""
    return (name[0], name[1]) if isinstance(name, tuple) else None


def bad(message: str) -> ClientError:
    """Return the error for what is no request."""
    return ClientError(Kind.INVALID_REQUEST, message)


def too_large(limit: int) -> ClientError:
    """Return the error for a head of more than `limit` bytes."""
    message = f"the request's head is larger than {limit} bytes (limits.max-header-bytes)"
    return ClientError(Kind.HEADERS_TOO_LARGE, message)
