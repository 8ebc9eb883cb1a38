"""Who may use the management API, decided from the raw path, the matched route and the key alone."""

from __future__ import annotations

import math
import re
from ipaddress import ip_address
from typing import Any, Protocol, runtime_checkable
from weakref import proxy

from jackfield.api import TOKEN_HEADER, Host, caller
from quart import request

from .answers import Refused
from .bans import Bans
from .keys import Lock, configured

PREFIX = "/v0/management"

_RAW_PATH = re.compile(rb"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


@runtime_checkable
class Keeper(Protocol):
    """The plugin, which keeps the guard of its app."""

    def guard(self, host: Host) -> Guard:
        """Return it, the same one each time."""
        ...


class Guard:
    """Lets requests in or refuses them. One per host, so that all routes under the prefix count together."""

    def __init__(self, host: Host) -> None:
        self._host: Host = proxy(host)  # the host holds the plugin, which holds this
        self._lock = Lock()
        self._bans = Bans(host.clock)
        self.described: dict[str, Any] = {}
        """OpenAPI path items of other plugins' routes under the prefix."""

    @classmethod
    def of(cls, host: Host) -> Guard:
        """Return the guard of a host, which its management plugin keeps."""
        keeper = host.plugin("management")
        return keeper.guard(host) if isinstance(keeper, Keeper) else cls(host)

    async def admit(self) -> None:
        """Let the current request in. Raises Refused."""
        if self._is_command():
            return
        await self._check(_shown_key(), self.approach())

    def _is_command(self) -> bool:
        """Return True for a command of this machine that shows what only this server's user can read."""
        token = request.headers.get(TOKEN_HEADER, "")
        return bool(token) and "Origin" not in request.headers and _is_local() and self._host.local.opens(token)

    def approach(self) -> str:
        """Return the stored key when the current request may show one: it comes from where it may. Raises Refused."""
        settings = self._host.settings.remote_management
        stored = settings.secret_key.reveal()
        if not configured(stored):
            raise Refused(404, "not found", "the management API is off; set remote-management.secret-key to use it")
        if not settings.allow_remote and not _is_local():
            raise Refused(403, "remote management is disabled", "set remote-management.allow-remote: true to allow it")
        if "Origin" in request.headers and not self.welcome:
            mend = "call the API from a program, or list the page's origin in remote-management.allowed-origins"
            raise Refused(403, "requests of web pages are refused", mend)
        return stored

    @property
    def pages(self) -> bool:
        """True when any web page may manage this proxy."""
        return bool(self._host.settings.remote_management.allowed_origins)

    @property
    def welcome(self) -> str:
        """The origin of the web page that sent the current request, if it is listed; "" otherwise."""
        origin = request.headers.get("Origin", "")
        return origin if origin in self._host.settings.remote_management.allowed_origins else ""

    async def _check(self, key: str, stored: str) -> None:
        """Let the right key in, from wherever it comes; of an address with wrong ones, all others are refused."""
        address = caller(request.scope, self._host.settings.trusted_proxies)
        banned = self._bans.remaining(address) > 0
        if not key:
            self._refuse_banned(address)
            raise Refused(401, "missing management key", "send it as Authorization: Bearer or X-Management-Key")
        if not await self._lock.fits(key, stored, last=banned):
            self._refuse_banned(address)  # guesses made while this one waited count
            self._fail(address)
            raise Refused(401, "invalid management key")
        if not banned:
            self._bans.succeed(address)

    def _refuse_banned(self, address: str) -> None:
        if remaining := math.ceil(self._bans.remaining(address)):
            minutes, seconds = divmod(remaining, 60)
            raise Refused(
                403,
                f"too many wrong management keys; try again in {minutes}m{seconds:02}s",
                "the proxy forgets it at a restart",
                headers={"Retry-After": str(remaining)},
            )

    def _fail(self, address: str) -> None:
        if self._bans.fail(address):
            logger = self._host.logger("management")
            logger.warning("%s sent five wrong management keys and is banned for 30 minutes", address or "a client")


def is_straight(raw_path: bytes) -> bool:
    """Return True for a path that means the same to everybody: nothing encoded, no empty or dotted steps."""
    return _RAW_PATH.fullmatch(raw_path.partition(b"?")[0]) is not None


def _is_local() -> bool:
    """Return True for a request of this machine that no proxy handed on for another."""
    try:
        local = ip_address(caller(request.scope).partition("%")[0]).is_loopback
    except ValueError:
        return False
    return local and not any(name in request.headers for name in _FORWARDED)


def _shown_key() -> str:
    """Return the key that the request shows ("" for none). Raises Refused for two different ones."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    shown = {
        token.strip() if scheme.lower() == "bearer" else "",
        request.headers.get("X-Management-Key", "").strip(),
    } - {""}
    if len(shown) > 1:
        raise Refused(401, "two different management keys", "send one")
    key = shown.pop() if shown else ""
    return key.encode("latin-1", "replace").decode("utf-8", "surrogateescape")  # headers are read as Latin-1
