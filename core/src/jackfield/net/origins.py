"""Web pages that may call: browsers send a page's address along in `Origin`, which its scripts cannot change."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from ..model.errors import ClientError, Kind

ANY = "*"
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/,]+")


def is_origin(text: str) -> bool:
    """Return True for a page's address as browsers write it: `https://app.example.com`, without a path."""
    return _ORIGIN.fullmatch(text) is not None


def listed(origin: str, allowed: Collection[str]) -> bool:
    """Return True when pages from there may call."""
    return origin in allowed or ANY in allowed


_OTHER_SITES = frozenset({"cross-site", "same-site"})
"""Values of `Sec-Fetch-Site` that speak of another page than our own; browsers leave `Origin` out of some requests."""


def check(headers: Mapping[str, str], allowed: Collection[str], *, keys: bool) -> None:
    """Let a page's request in. Raises ClientError (403) where no key would stop a page that is not among `allowed`.

    Any page that its user visits can send requests to loopback. It cannot read the answers, but a proxy without
    `api-keys` would serve them, at the user's expense. `headers` are those of the request, names in lower case; `keys`
    says whether a client needs one.
    """
    origin = headers.get("origin")
    if keys or (origin is None and headers.get("sec-fetch-site", "").lower() not in _OTHER_SITES):
        return
    if not listed(origin or "", allowed):
        message = "web pages may call a proxy without api-keys only from the origins in allowed-origins"
        which = f"list this one if it is yours: {origin[:200]}" if origin else "this one did not tell its origin"
        raise ClientError(Kind.FORBIDDEN, f"{message}; {which}")
