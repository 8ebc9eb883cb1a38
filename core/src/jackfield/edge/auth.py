"""Who is calling: client keys, read from any header form, compared as digests in constant time."""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..config.settings import Settings
from ..model.errors import ClientError, Detail, Kind
from ..model.secret import Secret
from ..model.types import Clock
from ..net import origins
from ..net.client_address import caller
from .key_throttle import Throttle

logger = logging.getLogger("jackfield")

SHORT = 12
"""Hex digits of a client's digest in records and logs: enough to tell clients apart, useless as a key."""


def digest(key: str) -> bytes:
    """Return the SHA-256 digest of a key."""
    return hashlib.sha256(key.encode()).digest()


def fields(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return a request's headers, names in lower case; of a repeated header the values joined by a comma."""
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = str(name, "latin-1").lower(), str(value, "latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def presented_key(headers: Mapping[str, str]) -> str:
    """Return the key a client shows in `Authorization: Bearer`, `x-api-key` or `x-goog-api-key` ("" for none).

    `headers` are those of `fields`. Raises ClientError (401) when two keys differ: it is not for us to choose.
    """
    shown: set[str] = set()
    if value := headers.get("authorization"):
        shown.update(map(_token, value.split(", ")))
    for name in ("x-api-key", "x-goog-api-key"):
        if value := headers.get(name):
            shown.update(map(str.strip, value.split(", ")))
    shown.discard("")
    if len(shown) > 1:
        raise ClientError(Kind.INVALID_API_KEY, "the request shows two different API keys; send one")
    return shown.pop() if shown else ""


def _token(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def owner(headers: Mapping[str, str]) -> str:
    """Return what stands for a client: a digest of its key, the same for all that show none."""
    return digest(presented_key(headers)).hex()


class WrongKeyError(ClientError):
    """A key was shown, and it opens nothing."""


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
            raise WrongKeyError(Kind.INVALID_API_KEY, "this API key is not one of the proxy's api-keys")
        return shown.hex()[:SHORT]


class Gate:
    """Where every client route lets its clients in. One per app, so that wrong keys count together."""

    def __init__(self, clock: Clock) -> None:
        self._throttle = Throttle(clock)
        self._keys = ClientKeys(())
        self._made_of: Sequence[Secret] = ()

    def enter(self, settings: Settings, scope: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> str:
        """Return the short digest of the client's key, as `ClientKeys.identify` does.

        `scope` is the request's, `headers` what `fields` makes of it. Raises ClientError: 401 for the key, 403 for a
        web page that is not listed, 429 for an address that sent too many wrong keys.
        """
        headers = fields(scope["headers"]) if headers is None else headers
        if "origin" in headers or "sec-fetch-site" in headers:
            origins.check(headers, settings.allowed_origins, keys=bool(settings.api_keys))
        try:
            return self._keys_of(settings).identify(headers)
        except WrongKeyError:  # only now does it matter what came from the address before: a right key always passes
            address = caller(scope, settings.trusted_proxies)
            if wait := self._throttle.wait(address):
                raise _too_often(wait) from None
            if self._throttle.fail(address):
                logger.warning("%s sends wrong API keys; it has to wait between attempts now", address or "a client")
            raise

    def _keys_of(self, settings: Settings) -> ClientKeys:
        """Return the keys of a configuration, digested once as long as they stay the same."""
        if settings.api_keys is not self._made_of:
            self._keys, self._made_of = ClientKeys(settings.api_keys), settings.api_keys
        return self._keys


def _too_often(wait: float) -> ClientError:
    message = "too many wrong API keys came from this address; correct the key, and try again in a moment"
    return ClientError(Kind.RATE_LIMITED, message, Detail(retry_after=math.ceil(wait)))
