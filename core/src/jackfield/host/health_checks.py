"""Asking upstreams whether they are there, so that a dead one is out of rotation before a request meets it.

What follows from an answer is policy (`routing.credentials.health_results`); this is the task that asks, and says in
the log when a credential leaves the rotation or comes back. Checks are no requests: no record and no statistics know
of them.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from random import Random

from ..model.errors import Kind, RequestFailed, UpstreamError
from ..model.types import Credential, HealthCheck, RequestInfo
from ..plugins.manager import Plugins
from ..routing.credentials import CheckResult, Schedule, verdict
from ..routing.executor import Checking
from ..routing.journey import own_endpoint
from ..routing.runtime import Runtime
from .house import House

logger = logging.getLogger("jackfield.health")

TICK = 1.0
"""Seconds that pass at most between two looks at the clock and at the configuration in force."""

_ASKING = RequestInfo("", "health-check", "", stream=False, client="", session="")
"""What the hook `resolve_creds` sees: nobody's request."""


class Checker:
    """Checks the credentials in rotation that ask for it, each in a task of its own. One per app."""

    def __init__(self, host: House, plugins: Plugins, random: Random | None = None) -> None:
        self._host = host
        self._plugins = plugins
        self._schedule = Schedule(random or Random())  # noqa: S311  # it spreads load; nothing is secret about it
        self._seen: Runtime | None = None
        self._credentials: dict[str, Credential] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to check."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="jackfield health checks")

    async def stop(self) -> None:
        """Check no longer; what is under way is broken off."""
        tasks = [*([self._task] if self._task else []), *self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            now = self._host.clock.monotonic()
            if self._host.in_force is not self._seen:
                self._follow(self._host.in_force, now)
            for name in self._schedule.take(now):
                self._begin(name)
            await asyncio.sleep(min(TICK, self._schedule.left(now)))

    def _follow(self, runtime: Runtime, now: float) -> None:
        """Check what this configuration wants; what others wanted ends, with what it had found."""
        self._seen = runtime
        self._credentials = {each.id: each for each in runtime.credentials if _can_be_checked(each, runtime)}
        wanted = {name: each.health_check for name, each in self._credentials.items() if each.health_check}
        same = self._schedule.follow(wanted, now)
        runtime.selector.keep_checks(same)
        for name in self._under_way.keys() - same:
            self._under_way.pop(name).cancel()

    def _begin(self, name: str) -> None:
        credential = self._credentials[name]
        if (check := credential.health_check) is not None:
            self._under_way[name] = asyncio.create_task(self._check(credential, check), name=f"health check of {name}")

    async def _check(self, credential: Credential, check: HealthCheck) -> None:
        clock = self._host.clock
        began = clock.monotonic()
        status, error, told = await self._outcome(credential, check)
        result = CheckResult(clock.now(), clock.monotonic() - began, status, error)
        cooling = not self._host.settings.disable_cooling
        if not self._is_current(credential):  # it has another key by now: what the old one met proves nothing
            self._under_way.pop(credential.id, None)
            self._schedule.done(credential.id, clock.monotonic())
            return
        turn = self._host.in_force.selector.checked(credential.id, result, cooling=cooling)
        if turn == "out":
            logger.warning("credential %s is left alone, its health checks fail: %s", credential.id, told)
        elif turn == "back":
            logger.info("credential %s serves again: its health check was answered with %d", credential.id, status)
        self._under_way.pop(credential.id, None)
        self._schedule.done(credential.id, clock.monotonic())

    def _is_current(self, credential: Credential) -> bool:
        now = next((each for each in self._host.in_force.credentials if each.id == credential.id), None)
        return now is not None and (now.attributes, now.metadata) == (credential.attributes, credential.metadata)

    async def _outcome(self, credential: Credential, check: HealthCheck) -> tuple[int, str, str]:
        """Return an answer's status (0: none came), the kind of failure ("": none), and what to tell of it."""
        try:
            async with asyncio.timeout(check.timeout):
                status = await self._ask(credential, check.path)
        except TimeoutError:
            return 0, Kind.TIMEOUT.value, f"no answer within {check.timeout:g} s"
        except RequestFailed as error:
            return 0, error.kind.value, error.message
        except Exception:  # foreign code: a plugin's executor
            logger.exception("the executor of provider %s failed at a health check", credential.provider)
            return 0, Kind.UPSTREAM_ERROR.value, "the executor failed; the log tells why"
        return status, verdict(status), f"GET {check.path} was answered with {status}"

    async def _ask(self, credential: Credential, path: str) -> int:
        endpoint = await self._plugins.resolve_creds(credential, _ASKING) or own_endpoint(credential)
        if endpoint is None:
            raise UpstreamError(Kind.UPSTREAM_AUTH, "it has no key and base-url of its own, and no plugin has them")
        if not endpoint.proxy_url:
            endpoint = replace(endpoint, proxy_url=self._host.settings.proxy_url)
        executor = self._host.in_force.executors.get(credential.provider)
        if not isinstance(executor, Checking):
            raise UpstreamError(Kind.UPSTREAM_ERROR, f"the executor of provider {credential.provider} has no checks")
        return await executor.check(path, endpoint)


def _can_be_checked(credential: Credential, runtime: Runtime) -> bool:
    """Return True when a credential asks for checks and its executor knows how; say so where it does not."""
    if credential.health_check is None:
        return False
    able = isinstance(runtime.executors.get(credential.provider), Checking)
    if not able:
        logger.warning("the executor of provider %s has no health check; it is not checked", credential.provider)
    return able
