"""The upstreams: four relays, each with a weather of its own, that go down now and then."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Sequence
from random import Random

from jackfield.testing import FakeUpstream, RecordedRequest, Script, json_reply

from .behaviour import PROPER, Behaviour, Part
from .canaries import found_in, song
from .faults import FAULTS
from .journal import Attempt, Journal
from .pausing import stopped_within

_CALM, _ROUGH = 0.03, 0.35
"""Shares of requests that meet a fault."""


class Relay:
    """A provider: its upstream, its key, and how it behaves at the moment."""

    def __init__(self, name: str, key: str, journal: Journal, random: Random) -> None:
        self.name = name
        self.key = key
        self.upstream = FakeUpstream(self._answer)
        self._journal = journal
        self._random = random
        self._serial = 0
        self._share = _CALM
        self._storm: Behaviour | None = None
        self.foreign: Sequence[str] = ()
        """Secrets that must not reach this upstream."""

    def turn(self) -> None:
        """Change the weather: mostly calm, at times rough, seldom a storm in which every request meets one fault."""
        draw = self._random.random()
        self._share = _CALM if draw < 0.6 else _ROUGH
        self._storm = self._random.choice(list(FAULTS.values())) if draw > 0.93 else None

    def calm(self) -> None:
        """Serve every request properly from now on."""
        self._share, self._storm = 0.0, None

    def _behaviour(self) -> Behaviour:
        if self._storm is not None:
            return self._storm
        group = FAULTS if self._random.random() < self._share else PROPER
        return self._random.choice(list(group.values()))

    def _answer(self, request: RecordedRequest) -> Script:
        names = set(found_in(request.body))
        self._check(request, names)
        if len(names) != 1:
            return json_reply({"error": {"message": "no canary"}}, 400)
        [canary] = names
        body = request.json()
        self._serial += 1
        text = song(canary, self._serial, 3 + int(self._random.expovariate(0.08)))
        arguments = {"note": canary, "serial": str(self._serial)} if body.get("tools") else None
        behaviour = self._behaviour()
        self._journal.begin(canary, Attempt(self.name, behaviour, text, arguments, request))
        return behaviour.play(Part(text, arguments, str(body.get("model")), self.key, self._random))

    def _check(self, request: RecordedRequest, names: set[str]) -> None:
        """See that the proxy sends what it should and nothing else."""
        if len(names) != 1:
            self._journal.problem("an upstream got several canaries or none", f"{self.name}: {sorted(names)}")
        if request.key != self.key:
            self._journal.problem("a key went to another upstream", self.name)
        told = b"\n".join([request.body, *(value.encode("latin-1") for _, value in request.raw_headers)])
        if any(secret.encode() in told for secret in self.foreign):
            self._journal.problem("a secret reached an upstream", self.name)

    async def go_down(self, seconds: float) -> None:
        """Refuse connections for a while; those that are open are cut."""
        outage = [time.monotonic(), math.inf]
        self._journal.outages.append(outage)
        await self._hang_up()
        await asyncio.sleep(seconds)
        await self.upstream.start()
        outage[1] = time.monotonic() + 1.0  # a connection refused just before may be told a moment later
        del self.upstream.requests[:]

    async def _hang_up(self) -> None:
        await self.upstream.stop()
        for attempt in self._journal.live:  # those that were written to the end too: the proxy may not have read it
            if attempt.provider == self.name:
                attempt.dropped = True

    def close_kept(self) -> int:
        """Close the connections that wait for a next request, as servers do; return how many.

        A request that is on its way just then may be told so, or be sent again.
        """
        now = time.monotonic()
        self._journal.outages.append([now - 0.5, now + 1.0])
        return self.upstream.close_kept()

    async def drop_idle(self) -> None:
        """Close the connections that the proxy keeps, when no request is under way."""
        await self._hang_up()
        await self.upstream.start()


async def change_the_weather(relays: Sequence[Relay], random: Random, stop: asyncio.Event) -> None:
    """Let one relay after the other change its behaviour, until told to stop."""
    while not await stopped_within(stop, random.uniform(0.5, 4)):
        relay = random.choice(relays)
        relay.turn()
        del relay.upstream.requests[:]


async def take_down(relays: Sequence[Relay], random: Random, counts: Counter[str], stop: asyncio.Event) -> None:
    """Take one relay down now and then; when told to stop, all are up."""
    while not await stopped_within(stop, random.uniform(6, 18)):
        counts["outages"] += 1
        await random.choice(relays).go_down(random.uniform(0.5, 3))


async def hang_up(relays: Sequence[Relay], random: Random, counts: Counter[str], stop: asyncio.Event) -> None:
    """Let one relay close its kept connections now and then, until told to stop."""
    while not await stopped_within(stop, random.uniform(2, 10)):
        counts["kept connections closed"] += random.choice(relays).close_kept()
