"""The real server in front of two upstreams, shared by all cells: what they leave behind is put right between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import pytest
import pytest_asyncio
from jackfield.routing import attempts
from jackfield.testing import FakeClock, FakeUpstream, RunningServer, Script, jackfield_server, text_answer

from .clients import PATHS, question
from .rules import OWL_TEXT, Dialect, Fault, Moment
from .table import KEYS, LARGEST

WITHIN = 30.0
"""Seconds that a client waits at most; reached only when a test fails."""
LONG = 7200.0
"""Seconds after which every rest is over and every retry forgotten."""


@dataclass
class House:
    """The proxy with its providers: `fox`, who has the faults, and behind it `owl`, who is sound, or `fox` alone."""

    server: RunningServer
    client: httpx.AsyncClient
    clock: FakeClock
    fox: FakeUpstream
    owl: FakeUpstream

    async def ask(self, dialect: Dialect, stream: bool, words: str = "Hi") -> httpx.Response:
        """Send a request and read the whole answer. Raises httpx.TransportError when it breaks off without a word."""
        return await self.client.post(PATHS[dialect], json=question(dialect, stream, words))

    async def begin(self, fault: Fault, moment: Moment) -> None:
        """Let the first provider have a fault."""
        await self.play(fault.script(moment))

    async def play(self, script: Script | None) -> None:
        """Forget everything that happened before, and let the first provider do this; None: be down."""
        self.clock.advance(LONG)
        self.server.app.extensions["jackfield"].runtime.selector.reset()
        self.fox.requests.clear()
        self.owl.requests.clear()
        self.owl.default = text_answer(OWL_TEXT)
        if script is None:
            await self.fox.stop()
            return
        self.fox.default = script
        await (
            self.fox.drop_connections()
        )  # one that was kept would be tried first, beside the attempts that are counted

    async def end(self, fault: Fault) -> None:
        """Let the first provider be there again."""
        if fault.down:
            await self.fox.start()


class Houses(Protocol):
    """Gives the proxy with two providers or with one.

    `patience` are the seconds of silence after which it gives up (0: minutes), `hold` those for which it holds back an
    upstream's opening events.
    """

    async def __call__(self, pair: bool, patience: float = 0, hold: float = 15) -> House: ...


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houses() -> AsyncIterator[Houses]:
    """Return what gives the proxy; one with the same properties is started once."""
    running: dict[tuple[bool, float, float], House] = {}
    async with AsyncExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(attempts, "PAUSE", 0.0)  # before a second try: hundreds of cells would wait for it
        fox, owl = [await stack.enter_async_context(FakeUpstream()) for _ in range(2)]

        async def get(pair: bool, patience: float = 0, hold: float = 15) -> House:
            if (pair, patience, hold) not in running:
                clock = FakeClock()
                used = {"fox": fox, "owl": owl} if pair else {"fox": fox}
                server = await stack.enter_async_context(
                    jackfield_server(configuration(used, patience, hold), clock=clock)
                )
                client = await stack.enter_async_context(server.client(timeout=WITHIN, verify=False))
                running[pair, patience, hold] = House(server, client, clock, fox, owl)
            return running[pair, patience, hold]

        yield get


def configuration(upstreams: dict[str, FakeUpstream], patience: float, hold: float) -> dict[str, Any]:
    """Return the configuration for these providers, the first one preferred."""
    providers = [
        {"name": name, "enabled": True, "base-url": upstream.base_url, "api-key": KEYS[name], "priority": -place}
        for place, (name, upstream) in enumerate(upstreams.items())
    ]
    short = {"first-byte-timeout": patience, "stream-idle-timeout": patience} if patience else {}
    return {
        "tppc": {"providers": providers},
        "limits": {"max-event-bytes": LARGEST, "handshake-hold": hold, **short},
        "plugins": {"allow": ["codex", "tppc"]},
    }
