"""Where clients find the routes: with `/v1` in front, without it, and with it twice.

Clients disagree on whether `/v1` belongs to the base URL that they are given.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import SequenceMatcher

from ..server.asgi_types import Scope

ENDPOINTS = (
    "GET /v1/models",
    "POST /v1/responses",
    "POST /v1/chat/completions",
    "POST /v1/messages",
    "POST /v1/messages/count_tokens",
    "GET /healthz",
    "GET /readyz",
)

_VERSION = "/v1"
_FAMILIES = frozenset({"models", "responses", "chat", "messages"})
"""First steps of the client routes' paths behind `/v1`."""
_ANTHROPIC = "/v1/messages/"
"""Below this path clients read Anthropic's envelope, also of a route that is not there."""
_ALIKE = 0.6
"""From this likeness on a path that is none of the client routes is taken for a slip of the pen."""
_LOOKED_AT = 200
"""Characters of a path that are compared; the routes have fewer."""


def spellings(path: str) -> tuple[str, ...]:
    """Return every path under which a client route is served."""
    return (path, path.removeprefix(_VERSION), _VERSION + path)


def canonical(path: str) -> str:
    """Return the path of a client route with one `/v1` in front; any other path as it is."""
    if path.startswith("/v1/v1/"):
        bare = path[2 * len(_VERSION) :]
    elif path.startswith("/v1/"):
        return path
    else:
        bare = path
    return _VERSION + bare if bare[1:].partition("/")[0] in _FAMILIES else path


def settled(scope: Scope) -> Scope:
    """Return an ASGI scope with the canonical path."""
    path = canonical(scope["path"])
    if path == scope["path"]:
        return scope
    raw = canonical((scope.get("raw_path") or path.encode()).decode("latin-1"))
    return {**scope, "path": path, "raw_path": raw.encode("latin-1")}


def is_anthropic(path: str, headers: Collection[str] | Mapping[str, str] = ()) -> bool:
    """Return True when the client reads Anthropic's envelope. `headers` are the names of those it sent."""
    return f"{canonical(path)}/".startswith(_ANTHROPIC) or "anthropic-version" in headers


def nearest(path: str) -> str:
    """Return the route that a client probably meant, such as `POST /v1/messages`; "" when it may have meant any."""
    asked = canonical(re.sub("/+", "/", path[:_LOOKED_AT]))
    likeness, _, route = max((*_likeness(asked, route.partition(" ")[2]), route) for route in ENDPOINTS)
    return route if likeness >= _ALIKE or asked.startswith("/v1/") else ""


def _likeness(asked: str, path: str) -> tuple[float, int]:
    """Return how alike two paths are; 1 where one is part of the other, and then how long that part is."""
    if f"{asked}/".startswith(f"{path}/") or asked.endswith(path):
        return 1.0, len(path)
    return SequenceMatcher(None, asked, path).ratio(), 0
