"""The head of a request: what it says, and what may be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import httptools

from ..errors import ClientError, Kind
from .cycle import Terms

Address = tuple[str, int]


class RequestHead:
    """Target and headers as the parser brings them, piece by piece."""

    __slots__ = ("headers", "url")

    def __init__(self) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []

    def fault(self, parser: httptools.HttpRequestParser, limit: int) -> ClientError | None:
        """Return what is wrong with a head that could be parsed; `limit` is in bytes."""
        if len(self.url) + sum([len(name) + len(value) for name, value in self.headers]) > limit:
            return too_large(limit)
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            return bad(f"this server speaks HTTP/1.1, not HTTP/{version}")
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) > 1 or (not hosts and version == "1.1"):
            return bad("a request has exactly one Host header")
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        if codings not in ([], [b"chunked"]):
            return bad("this server reads no other Transfer-Encoding than chunked")
        return None

    def terms(self, parser: httptools.HttpRequestParser) -> Terms:
        """Return what the head says of the answer."""
        modern = parser.get_http_version() == "1.1"
        return Terms(
            headless=parser.get_method() == b"HEAD",
            chunks=modern,
            stays=modern and parser.should_keep_alive(),
            awaits_continue=modern and (b"expect", b"100-continue") in self.headers,
        )

    def scope(
        self,
        parser: httptools.HttpRequestParser,
        client: Address | None,
        server: Address | None,
        state: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Return the ASGI scope."""
        path, _, query = self.url.partition(b"?")
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


def bad(message: str) -> ClientError:
    """Return the error for what is no request."""
    return ClientError(Kind.INVALID_REQUEST, message)


def too_large(limit: int) -> ClientError:
    """Return the error for a head of more than `limit` bytes."""
    message = f"the request's head is larger than {limit} bytes (limits.max-header-bytes)"
    return ClientError(Kind.HEADERS_TOO_LARGE, message)
