"""What gets no further than the head of its request: paths in disguise, bodies that two readers would read apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import ClientError, Kind

_DISGUISED = re.compile(rb"//|\\|%2[ef]|%5c|(?:^|/)\.{1,2}(?:/|$)", re.IGNORECASE)
"""Paths that one part of a chain of servers takes for another path than the next."""


def refusal(scope: Mapping[str, Any]) -> ClientError | None:
    """Return why a request is refused before anything else is done with it; None for an honest one.

    `scope` is that of an ASGI request or websocket.
    """
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    if _DISGUISED.search(raw):
        return ClientError(Kind.NOT_FOUND, "this path leads nowhere; GET / lists the routes")
    names = {name for name, _ in scope["headers"]}
    if b"transfer-encoding" in names and b"content-length" in names:
        return ClientError(Kind.INVALID_REQUEST, "the request has both Content-Length and Transfer-Encoding; send one")
    return None
