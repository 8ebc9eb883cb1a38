"""Keeping logins fresh: one request to the token endpoint at a time, its answer written back before it is used."""

from __future__ import annotations

import asyncio
import errno
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from weakref import proxy

import orjson
from jackfield.api import (
    Host,
    Kind,
    Secret,
    UpstreamError,
    check_replaceable,
    remove_unfinished,
    replace_text,
    turn_at,
)

from .kept import end, forget, keep, latest, reason_of_end, text_for, why_stale
from .login import MEND, Login, LoginEndpoint, LoginError, endpoint_of, expiry

TOKEN_URL = "https://auth.openai.com/oauth/token"  # noqa: S105 - an address, no password
TOKEN_URL_VARIABLE = "CODEX_REFRESH_TOKEN_URL_OVERRIDE"  # noqa: S105 - a name, no password
"""The environment variable by which the Codex CLI, too, is told another token endpoint."""

CLIENT_ID = "app_EMoamEEZ73f0CkXaXp7hrann"
"""How the Codex CLI calls itself at the token endpoint: a public name, no secret."""

MARGIN = 300.0
"""Seconds before its expiry from which on a token is renewed."""

WITHIN = 30.0
"""Seconds that the token endpoint, or another process that is renewing the same login, may take."""

ROOM = 65_536
"""Bytes that there must be room for before a login is renewed; its file has a few thousand."""

AGAIN = 30.0
"""Seconds between two attempts to store a login that could not be stored."""

FINAL = ("invalid_grant", "refresh_token_expired", "refresh_token_reused", "refresh_token_invalidated")
"""OAuth errors after which asking again is of no use; so is any error that comes with 401."""

_CODE = re.compile(r"[a-z][a-z0-9_]{2,60}")


@runtime_checkable
class Keeper(Protocol):
    """The plugin, which keeps the logins of its app."""

    def logins(self, host: Host) -> Logins:
        """Return them, the same ones each time."""
        ...


class Logins:
    """The logins of one host."""

    def __init__(self, host: Host) -> None:
        self._host: Host = proxy(host)  # the host holds what holds this
        self._renewals: dict[Path, asyncio.Task[LoginEndpoint]] = {}
        self._unstored: set[Path] = set()
        self._storing: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, host: Host) -> Logins:
        """Return the one of this host: its codex plugin has it, whichever executor asks."""
        keeper = host.plugin("codex")
        return keeper.logins(host) if isinstance(keeper, Keeper) else cls(host)

    async def fresh(self, endpoint: LoginEndpoint) -> LoginEndpoint:
        """Return the endpoint with a token that is valid for a while. Raises UpstreamError when there is none.

        A token that is still valid is used when it cannot be renewed for the moment.
        """
        left = self._seconds_left(endpoint.api_key)
        if left > MARGIN:
            return endpoint
        try:
            return await self.renewed(endpoint)
        except UpstreamError:
            if left > 0:
                return endpoint
            raise

    async def renewed(self, endpoint: LoginEndpoint) -> LoginEndpoint:
        """Return the endpoint with another token than it has. Raises UpstreamError when there is none to be had.

        The work goes on when the client that asked for it leaves: half of it would cost the login.
        """
        task = self._renewals.get(endpoint.path)
        if task is None:
            task = asyncio.create_task(self._renew(endpoint), name="codex login")
            self._renewals[endpoint.path] = task
            task.add_done_callback(lambda done: self._settled(endpoint.path, done))
        return await asyncio.shield(task)

    async def settle(self) -> None:
        """Wait until no renewal is under way, and try a last time to store what could not be stored."""
        await asyncio.gather(*self._renewals.values(), return_exceptions=True)
        if self._storing is not None:
            self._storing.cancel()
            await asyncio.gather(self._storing, return_exceptions=True)
            await self.store_again()

    def _settled(self, path: Path, task: asyncio.Task[LoginEndpoint]) -> None:
        self._renewals.pop(path, None)
        if not task.cancelled():
            task.exception()  # whoever waits is told; when nobody does any more, it is no news

    def _seconds_left(self, token: Secret) -> float:
        end = expiry(token)
        return float("inf") if end is None else end - self._host.clock.now().timestamp()

    async def _renew(self, endpoint: LoginEndpoint) -> LoginEndpoint:
        name = endpoint.path.name
        try:
            target = endpoint.path.resolve()
            async with turn_at(target, WITHIN):
                return await self._renew_alone(endpoint, target)
        except LoginError as error:
            raise _unusable(str(error)) from None
        except TimeoutError:
            raise _unusable(f"{name} has been in use by another process for {WITHIN:g} s") from None
        except OSError as error:
            told = (error.strerror or str(error)).lower()
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            mend = "make room on its disk" if full else "make it and its folder writable"
            raise _unusable(f"{name} cannot be renewed: {told}; {mend}") from None

    async def _renew_alone(self, endpoint: LoginEndpoint, target: Path) -> LoginEndpoint:
        stored = await asyncio.to_thread(_read, endpoint.path)
        login = latest(stored)
        if login.access_token != endpoint.api_key and self._seconds_left(login.access_token) > MARGIN:
            return endpoint_of(login, endpoint.proxy_url)  # another process was faster, or a person logged in again
        if reason := reason_of_end(login):
            raise _unusable(f"{login.path.name}: {reason}")
        if login is stored:  # what is in memory alone has nothing to lose any more
            await asyncio.to_thread(_check_writable, target)
        try:
            answer = await self._ask(login, endpoint.proxy_url)
        except _RefusedError as error:
            return await self._after_refusal(login, str(error), endpoint.proxy_url)
        text = login.renewed(answer, self._host.clock.now())
        fresh = await asyncio.to_thread(self._stored, stored, target, text)
        if self._unstored and self._storing is None:
            self._storing = asyncio.create_task(self._store_later(), name="codex login, to be stored")
        self._host.config.rebuild()
        return endpoint_of(fresh, endpoint.proxy_url)

    def _stored(self, stored: Login, target: Path, text: str) -> Login:
        """Store what a login was renewed to, or else keep it in memory; return the login to call with.

        The refresh token that is in the file is spent: nothing may go wrong here. Blocking.
        """
        try:
            now = Login.read(stored.path)
        except LoginError:
            now = stored  # it is gone or broken: what we hold is the better one
        if now.generation != stored.generation:
            return _read(stored.path)  # a person logged in again meanwhile
        try:
            remove_unfinished(target)
            replace_text(target, text, 0o600)
        except OSError as error:
            keep(stored, text, (error.strerror or str(error)).lower())
            self._host.logger("codex").error("the login %s", why_stale(stored))
            self._unstored.add(stored.path)
            return latest(stored)
        forget(stored)
        self._unstored.discard(stored.path)
        return _read(stored.path)

    async def _store_later(self) -> None:
        while True:
            await asyncio.sleep(AGAIN)
            await self.store_again()

    async def store_again(self) -> None:
        """Store what could not be stored, where that has become possible."""
        for path in tuple(self._unstored):
            with suppress(OSError, LoginError):
                await self._store_again(path)

    async def _store_again(self, path: Path) -> None:
        target = await asyncio.to_thread(path.resolve)
        async with turn_at(target, WITHIN):
            stored = await asyncio.to_thread(_read, path)
            if text := text_for(stored):
                await asyncio.to_thread(_check_writable, target)
                await asyncio.to_thread(self._stored, stored, target, text)
            else:
                self._unstored.discard(path)  # a person logged in again
        if path not in self._unstored:
            self._host.logger("codex").info("the login %s is stored now", path.name)
            self._host.config.rebuild()

    async def _after_refusal(self, login: Login, reason: str, proxy_url: str) -> LoginEndpoint:
        """Return what is in the file by now, if the Codex CLI renewed it meanwhile; else the login has ended."""
        now = latest(await asyncio.to_thread(_read, login.path))
        if now.generation != login.generation:
            return endpoint_of(now, proxy_url)
        end(login, reason)
        self._host.config.rebuild()
        raise _unusable(f"{login.path.name}: {reason}")

    async def _ask(self, login: Login, proxy_url: str) -> Mapping[str, Any]:
        """Return the token endpoint's answer. Raises _RefusedError when it will not, UpstreamError when it cannot."""
        if not login.refresh_token:
            raise _RefusedError(f"it has expired and has no refresh token; {MEND}")
        body = {
            "client_id": CLIENT_ID,
            "grant_type": "refresh_token",
            "refresh_token": login.refresh_token.reveal(),
        }
        headers = {"content-type": "application/json", "accept": "application/json", "accept-encoding": "identity"}
        url = os.environ.get(TOKEN_URL_VARIABLE, "").strip() or TOKEN_URL
        try:
            async with asyncio.timeout(WITHIN):
                response = await self._host.upstream.post(url, headers, orjson.dumps(body), proxy_url)
                content = await response.body()
        except TimeoutError:
            raise UpstreamError(Kind.TIMEOUT, "the token endpoint did not answer in time") from None
        answer = _mapping(content)
        if response.status < 300 and isinstance(answer.get("access_token"), str):
            return answer
        code = _code(answer)
        if code in FINAL or (response.status == 401 and "error" in answer):
            raise _RefusedError(f"it cannot be renewed{f' ({code})' if code else ''}; {MEND}")
        raise UpstreamError(Kind.UPSTREAM_ERROR, f"the token endpoint answered {response.status} without a token")


class _RefusedError(Exception):
    """The token endpoint will not renew a login again; the message says why."""


def _read(path: Path) -> Login:
    """Return the login in a file, which must have tokens. Raises LoginError."""
    login = Login.read(path)
    if not login.access_token:
        raise LoginError(f"{path.name} holds an API key by now; the next request will use it")
    return login


def _unusable(message: str) -> UpstreamError:
    return UpstreamError(Kind.UPSTREAM_AUTH, f"the login {message}")


def _check_writable(target: Path) -> None:
    """Raise OSError when the answer could not be stored: a refresh token is good for one time only."""
    check_replaceable(target, ROOM)


def _mapping(content: bytes) -> Mapping[str, Any]:
    try:
        answer = orjson.loads(content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _code(answer: Mapping[str, Any]) -> str:
    """Return the code of an OAuth error, in either of its forms; "" when there is none."""
    error = answer.get("error")
    code = error.get("code") if isinstance(error, dict) else error
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
