"""Who is calling: client keys, read from any header form, compared as digests in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from .errors import ClientError, Kind
from .secret import Secret

SHORT = 12
"""Hex digits of a client's digest in records and logs: enough to tell clients apart, useless as a key."""


def digest(key: str) -> bytes:
    """Return the SHA-256 digest of a key."""
    return hashlib.sha256(key.encode()).digest()


def presented_key(headers: Mapping[str, str]) -> str:
    """Return the key a client shows in `Authorization: Bearer`, `x-api-key` or `x-goog-api-key` ("" for none).

    `headers` have lower-case names. Raises ClientError (401) when two of them differ: it is not for us to choose.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    shown = {
        token.strip() if scheme.lower() == "bearer" else "",
        headers.get("x-api-key", "").strip(),
        headers.get("x-goog-api-key", "").strip(),
    } - {""}
    if len(shown) > 1:
        raise ClientError(Kind.INVALID_API_KEY, "the request shows two different API keys; send one")
    return shown.pop() if shown else ""


class ClientKeys:
    """The keys that open the client routes. Without any, every client may enter: on loopback only, says the loader."""

    def __init__(self, keys: Iterable[Secret]) -> None:
        self._digests = tuple(digest(key.reveal()) for key in keys)

    def identify(self, headers: Mapping[str, str]) -> str:
        """Return a short digest of the client's key ("" when none is shown and none is needed).

        Raises ClientError (401) for a missing or a wrong key.
        """
        key = presented_key(headers)
        if not self._digests:
            return digest(key).hex()[:SHORT] if key else ""
        if not key:
            raise ClientError(
                Kind.INVALID_API_KEY,
                "no API key: send one of the proxy's api-keys as 'Authorization: Bearer ...' or 'x-api-key'",
            )
        shown = digest(key)
        # every key is compared, so that the time tells nothing about which one was close
        matches = sum(hmac.compare_digest(shown, known) for known in self._digests)
        if not matches:
            raise ClientError(Kind.INVALID_API_KEY, "this API key is not one of the proxy's api-keys")
        return shown.hex()[:SHORT]
