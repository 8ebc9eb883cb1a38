"""What the URLs of upstreams and proxies must look like."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from jackfield.api import called_host, is_off_limits


class Wrong(NamedTuple):
    """What is wrong with a URL, as the end of a sentence that begins with its key; and how to mend it."""

    what: str
    mend: str


_NO_HOST = Wrong("must be an http(s) URL with a host", "write it like https://host/v1")
_TOO_MUCH = Wrong(
    "must not hold user, password, query or fragment", "take them out; the key belongs in a key of its own"
)
_WHOLE = Wrong("must not end in /responses", "leave it out, since it is added to every call: https://host/v1")
_METADATA = Wrong("must not be a link-local or metadata address", "name the provider's own host")

_NO_PROXY = Wrong("is not the URL of a proxy", "write one such as http://127.0.0.1:3128")
_PROXY = re.compile(r"(https?|socks5h?)://[^\s/]+/?")


def wrong_url(url: str) -> Wrong | None:
    """Return what is wrong with a base URL; None when it is fine."""
    try:
        parts = urlsplit(url)
        found, _ = parts.hostname, parts.port
    except ValueError:
        return _NO_HOST
    host = called_host(url)
    if parts.scheme not in ("http", "https") or not found or not host or any(sign.isspace() for sign in url):
        return _NO_HOST
    if parts.username is not None or parts.query or parts.fragment or "?" in url or "#" in url:
        return _TOO_MUCH
    if parts.path.rstrip("/").endswith("/responses"):
        return _WHOLE
    return _METADATA if is_off_limits(host) else None


def wrong_proxy(url: str) -> Wrong | None:
    """Return what is wrong with the URL of a proxy; None when it is fine, or empty. It may hold a password."""
    return None if not url or (_PROXY.fullmatch(url) and called_host(url)) else _NO_PROXY
