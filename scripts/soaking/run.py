"""One soak: warm up, rest, load, rest again, stop; with a look at the proxy's process all along."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from . import probing, visits
from .pausing import note_stalls, stopped_within
from .providers import change_the_weather, hang_up, take_down
from .proxy import Proxy, read_log
from .vitals import Vitals, kept_open, look, slope, steady
from .world import World, begin

MOST_OPEN = 400
"""Requests under way at most; beyond it no client comes."""
REST = 60.0
"""Seconds that everything gets to come to rest."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long (seconds), how fast (clients a second), from which seed.

    `warm_up` are the seconds of the same load before the first measurement; a fifth of the run, at most five minutes,
    unless told otherwise.
    """

    seconds: float
    rate: float
    seed: int
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        """Choose the warm-up where none was asked for."""
        if not self.warm_up:
            object.__setattr__(self, "warm_up", min(300.0, max(8.0, 0.2 * self.seconds)))


@dataclass(slots=True)
class Result:
    """What a run found.

    `log_errors` are the lines of level error by logger; `left_open` what is open at the end beyond the beginning.
    """

    plan: Plan
    world: World
    before: Vitals
    after: Vitals
    samples: list[Vitals]
    weather: Counter[str]
    counted: int = 0
    exit_status: int | None = None
    log_errors: Counter[str] = field(default_factory=Counter)
    left_open: Counter[str] = field(default_factory=Counter)

    @property
    def growth(self) -> float:
        """MiB an hour in the second half, by least squares."""
        return slope(self.samples[len(self.samples) // 2 :])


async def soak(plan: Plan, proxy: Proxy, tell: Callable[[str], None]) -> Result:
    """Run the whole of it. `tell` is given a line now and then."""
    began = time.monotonic()
    world = await begin(proxy, Random(plan.seed))  # noqa: S311 - a load, no secrets
    weather: Counter[str] = Counter()

    def vitals() -> Vitals:
        held = sum(relay.upstream.open_connections for relay in world.relays)
        return look(proxy.pid, began, held, sum(world.crowd.tally.asked.values()))

    tell(f"warming up for {plan.warm_up:.0f} s")
    await probing.probe_all(world.crowd)
    await _load(plan.warm_up, plan, world, weather, [], vitals)
    before = await _rest(world, vitals)
    descriptors = kept_open(proxy.pid)
    tell(f"at rest: {before.rss:.1f} MiB, {before.descriptors} descriptors, {before.threads} threads")
    samples: list[Vitals] = []
    result = Result(plan, world, before, before, samples, weather)
    await _load(plan.seconds, plan, world, weather, samples, vitals, tell)
    result.after = await _rest(world, vitals)
    result.left_open = kept_open(proxy.pid) - descriptors
    await _settle_accounts(result)
    return result


async def _load(
    seconds: float,
    plan: Plan,
    world: World,
    weather: Counter[str],
    samples: list[Vitals],
    vitals: Callable[[], Vitals],
    tell: Callable[[str], None] = lambda line: None,
) -> None:
    """Let everything happen at once for so long, and wait until the last client was heard."""
    stop = asyncio.Event()
    random = world.crowd.random
    async with asyncio.TaskGroup() as group:
        group.create_task(_clients(plan.rate, world, stop))
        group.create_task(change_the_weather(world.relays, random, stop))
        group.create_task(take_down(world.relays, random, weather, stop))
        group.create_task(hang_up(world.relays, random, weather, stop))
        group.create_task(note_stalls(world.journal.stalls, stop))
        group.create_task(world.operator.work(stop))
        group.create_task(world.operator.look_around(stop))
        group.create_task(_watch(seconds, samples, vitals, world, stop, tell))
        await asyncio.sleep(seconds)
        stop.set()


async def _watch(
    seconds: float,
    samples: list[Vitals],
    vitals: Callable[[], Vitals],
    world: World,
    stop: asyncio.Event,
    tell: Callable[[str], None],
) -> None:
    """Take samples, 120 in a run and at most one a second."""
    every, seen = max(1.0, seconds / 120), Counter[str]()
    while not await stopped_within(stop, every):
        samples.append(vitals())
        world.journal.tidy()
        for problem in world.journal.problems - seen:
            tell(f"{problem}: {world.journal.examples[problem][-1]}")
        seen = world.journal.problems.copy()
        if len(samples) % 10 == 0:
            last, problems = samples[-1], sum(world.journal.problems.values())
            tell(f"{last.at:.0f} s: {last.requests} requests, {last.rss:.1f} MiB, {problems} problems")


async def _clients(rate: float, world: World, stop: asyncio.Event) -> None:
    """Let clients come at random, about `rate` a second, and wait for those that are there when told to stop."""
    crowd = world.crowd
    kinds: list[Callable[[], Awaitable[None]]] = [
        lambda: visits.ask(crowd),
        lambda: visits.leave(crowd),
        lambda: world.sdks.ask(crowd),
        lambda: probing.probe(crowd),
    ]
    async with asyncio.TaskGroup() as group:
        while not await stopped_within(stop, crowd.random.expovariate(rate)):
            if crowd.tally.open < MOST_OPEN:
                [visit] = crowd.random.choices(kinds, (76, 14, 5, 5))
                group.create_task(_visit(visit, crowd.tally))


async def _visit(visit: Callable[[], Awaitable[None]], tally: visits.Tally) -> None:
    tally.open += 1
    tally.most_open = max(tally.most_open, tally.open)
    try:
        await visit()
    finally:
        tally.open -= 1


async def _rest(world: World, vitals: Callable[[], Vitals]) -> Vitals:
    """Wait until nothing is under way, close what is kept on both sides, and return what the proxy still holds."""
    deadline = time.monotonic() + REST
    world.journal.tidy()
    while world.journal.live and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        world.journal.tidy()
    for attempt in world.journal.live:
        world.journal.problem("an upstream request still open when all clients are gone", attempt.behaviour.name)
    world.crowd.wires.close()
    world.operator.hang_up()
    await world.sdks.close()
    for relay in world.relays:
        await relay.drop_idle()
    await steady(world.proxy.pid, REST)
    return vitals()


async def _settle_accounts(result: Result) -> None:
    """Compare the statistics with what was asked, stop the proxy, and read its log."""
    world, tally = result.world, result.world.crowd.tally
    result.counted = await world.operator.requests_counted()
    if not tally.counted <= result.counted <= tally.counted + tally.uncertain:
        expected = f"{tally.counted} to {tally.counted + tally.uncertain}"
        world.journal.problem("the statistics do not count every request once", f"{result.counted}, not {expected}")
    await world.sdks.close()
    if world.proxy.status is not None:
        world.journal.problem("the proxy ended by itself", str(world.proxy.status))
    result.exit_status = await asyncio.to_thread(world.proxy.stop)
    if result.exit_status != 0:
        world.journal.problem("the proxy did not stop properly", str(result.exit_status))
    for relay in world.relays:
        await relay.upstream.stop()
    world.hasty.stop()
    faults, examples, result.log_errors = read_log(world.proxy.log, world.secrets)
    for name, count in faults.items():
        world.journal.problems[name] += count
        world.journal.examples[name] = [examples[name]]
