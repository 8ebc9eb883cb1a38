"""The models that relays say they have: asked for in the background, and offered from then on.

A relay that does not answer changes nothing: what it said before stays, and requests are never kept waiting.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from jackfield.api import Host, RequestFailed, Settings
from jackfield_codex import with_options

from .provider import Provider, credential, own_pair

INTERVAL = 3600.0
"""Seconds from one question to the next."""

WITHIN = 30.0
"""Seconds that a relay has to list its models; those of the others wait for it."""


class _Running(NamedTuple):
    task: asyncio.Task[None]
    wake: asyncio.Event
    loop: asyncio.AbstractEventLoop


class Discovery:
    """What the providers of one plugin said; `providers` returns those of a configuration."""

    def __init__(self, providers: Callable[[Settings], Iterable[Provider]]) -> None:
        self._providers = providers
        self._known: dict[str, tuple[str, ...]] = {}
        self._running: dict[int, _Running] = {}

    def models(self, provider: Provider) -> tuple[str, ...]:
        """Return the names that a provider said it has; none before it was asked, or where it is not to be asked."""
        return self._known.get(_name(provider), ()) if provider.discover else ()

    def start(self, host: Host) -> None:
        """Begin to ask, for one host."""
        wake = asyncio.Event()
        task = asyncio.create_task(self._follow(host, wake), name="models of relays")
        self._running[id(host)] = _Running(task, wake, asyncio.get_running_loop())

    async def stop(self, host: Host) -> None:
        """Ask no more."""
        if running := self._running.pop(id(host), None):
            running.task.cancel()
            await asyncio.gather(running.task, return_exceptions=True)

    def wake(self) -> None:
        """Ask at once, after a change of the configuration."""
        for running in self._running.values():  # each in its own loop: two hosts may live in two threads
            running.loop.call_soon_threadsafe(running.wake.set)

    async def _follow(self, host: Host, wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            asked = [provider for provider in self._providers(host.settings) if provider.discover]
            if any(await asyncio.gather(*(self._ask(provider, host) for provider in asked))):
                host.config.rebuild()
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), INTERVAL)

    async def _ask(self, provider: Provider, host: Host) -> bool:
        """Ask one provider; return True when it says something new."""
        from jackfield_codex import CodexExecutor

        made = credential(provider)
        try:
            async with asyncio.timeout(WITHIN):
                found = tuple(await CodexExecutor(host).models(with_options(made) or own_pair(made)))
        except TimeoutError:
            host.logger("tppc").warning("%s does not tell its models within %g s", provider.name, WITHIN)
            return False
        except RequestFailed as error:
            host.logger("tppc").warning("%s does not tell its models: %s", provider.name, error.message)
            return False
        before, self._known[_name(provider)] = self._known.get(_name(provider)), found
        if before != found:
            host.logger("tppc").info("%s has %d models", provider.name, len(found))
        return before != found


def _name(provider: Provider) -> str:
    """Return what a list of models belongs to: another key may see other models."""
    parts = (provider.name, provider.base_url, provider.api_key.reveal())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
