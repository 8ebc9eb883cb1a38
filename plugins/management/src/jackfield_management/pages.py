"""What browsers must be told, so that scripts of listed web pages may manage this proxy."""

from __future__ import annotations

from quart import Response, request

from .answers import plain
from .guard import Guard

_METHODS = "GET, PUT, PATCH, DELETE, POST"
_HEADERS = "Authorization, X-Management-Key, Content-Type, If-Match, If-None-Match"
_KEPT = "600"
"""Seconds for which a browser need not ask again."""


def preflight(guard: Guard) -> Response | None:
    """Return the answer to a browser that asks whether a listed page may call; None for any other request.

    It shows no key, and learns no more than that. Raises Refused, as for every request from a place that is let in
    nowhere.
    """
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers or not guard.welcome:
        return None
    guard.approach()
    told = {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Allow-Headers": _HEADERS}
    return plain(b"", "text/plain", 204, {**told, "Access-Control-Max-Age": _KEPT})


def mark(response: Response, guard: Guard) -> Response:
    """Add to an answer of this API which page may read it, where any page may."""
    if guard.pages:
        response.headers.add("Vary", "Origin")
        if guard.welcome:
            response.headers["Access-Control-Allow-Origin"] = guard.welcome
            response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After, Allow"
    return response
