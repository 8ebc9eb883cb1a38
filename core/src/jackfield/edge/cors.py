"""Cross-origin requests of listed web pages (`allowed-origins`); with none listed this is a plain call onwards.

https://fetch.spec.whatwg.org/#http-cors-protocol. Credentials of the browser's own, such as cookies, are never
allowed: a page shows a client key like every other client.
"""

from __future__ import annotations

import re

from ..host.house import House
from ..net.origins import listed
from ..server.asgi_types import ASGIApp, Message, Receive, Scope, Send
from . import paths, request_guard
from .auth import fields

_ROUTES = "/v1/"
_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,4096}")
_KEPT = b"600"
"""Seconds for which a browser need not ask again."""


class Cors:
    """An ASGI application around another, which answers preflights and marks answers for listed origins."""

    def __init__(self, inner: ASGIApp, host: House) -> None:
        self._inner = inner
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        allowed = self._host.settings.allowed_origins
        if not allowed or scope["type"] != "http" or not paths.canonical(scope["path"]).startswith(_ROUTES):
            await self._inner(scope, receive, send)
            return
        headers = fields(scope["headers"])
        origin = headers.get("origin", "")
        welcome = bool(origin) and listed(origin, allowed)
        asked = headers.get("access-control-request-method")
        if welcome and asked and scope["method"] == "OPTIONS" and request_guard.refusal(scope) is None:
            await _answer_preflight(origin, headers.get("access-control-request-headers", ""), send)
        else:
            await self._inner(scope, receive, _marking(send, origin if welcome else ""))


def _marking(send: Send, origin: str) -> Send:
    """Return a `send` that adds what a browser must know to the head of the answer."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *_marks(origin)]}
        await send(message)

    return marked


def _marks(origin: str) -> list[tuple[bytes, bytes]]:
    vary = [(b"vary", b"Origin")]
    if not origin:
        return vary
    named = (b"access-control-allow-origin", origin.encode("latin-1"))
    return [*vary, named, (b"access-control-expose-headers", b"*")]


async def _answer_preflight(origin: str, headers: str, send: Send) -> None:
    asked = headers if _NAMES.fullmatch(headers) else "authorization, content-type, x-api-key"
    told = [
        *_marks(origin),
        (b"access-control-allow-methods", b"GET, HEAD, POST"),
        (b"access-control-allow-headers", asked.encode("latin-1")),
        (b"access-control-max-age", _KEPT),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": told})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
