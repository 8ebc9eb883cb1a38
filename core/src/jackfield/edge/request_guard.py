"""What gets no further than the head of its request: paths in disguise, bodies that two readers would read apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..model.errors import ClientError, Detail, Kind
from . import paths

_DISGUISED = re.compile(rb"//|\\|%2[ef]|%5c|(?:^|/)\.{1,2}(?:/|$)", re.IGNORECASE)
"""Paths that one part of a chain of servers takes for another path than the next."""

_MODEL = re.compile(rb"(?:/v1){0,2}/models/.")


def refusal(scope: Mapping[str, Any]) -> ClientError | None:
    """Return why a request is refused before anything else is done with it; None for an honest one.

    `scope` is that of an ASGI request or websocket.
    """
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    if _DISGUISED.search(_plain_name(raw)):
        return ClientError(Kind.NOT_FOUND, nowhere("this path leads nowhere", scope["path"]))
    headers = scope["headers"]
    if _has(headers, b"transfer-encoding") and _has(headers, b"content-length"):
        message = "the request has both Content-Length and Transfer-Encoding; send one"
        return ClientError(Kind.INVALID_REQUEST, message, Detail(headers={"connection": "close"}))
    return None


def _has(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bool:
    return wanted in [name for name, _ in headers]


def _plain_name(raw: bytes) -> bytes:
    """Return a path with the slashes of a model's name as they are: the SDKs write `acme%2Flarge` for `acme/large`."""
    return re.sub(b"%2f", b"/", raw, flags=re.IGNORECASE) if b"%" in raw and _MODEL.match(raw) else raw


def nowhere(told: str, path: str) -> str:
    """Return the message about a path that leads nowhere, with the way to the route that was probably meant."""
    route = paths.nearest(path)
    return f"{told}; {f'the nearest route is {route}, and ' if route else ''}GET / lists the routes"
