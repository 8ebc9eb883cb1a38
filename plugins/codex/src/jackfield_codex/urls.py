"""What a base URL must look like."""

from __future__ import annotations

from urllib.parse import urlsplit


def wrong_url(url: str) -> str:
    """Return how to mend a base URL; "" when it is fine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return "write it like https://host/v1"
    if parts.scheme not in ("http", "https") or not host:
        return "write it like https://host/v1"
    if parts.username or parts.password or parts.query or parts.fragment:
        return "take user, password, query and fragment out of it; the key belongs in api-key"
    return ""
