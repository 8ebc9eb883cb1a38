"""The clients: they ask and listen, leave at every stage, ask for what cannot be, and look around."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from . import asking
from .asking import Question
from .journal import Journal
from .judging import Judge
from .reading import Heard, read
from .wire import BrokenAnswerError, Wire, Wires

LISTENS = 60.0
"""Seconds after which an answer that has not ended counts as a hang of the proxy."""
GONE = 10.0
"""Seconds after a client left until its upstream connection must be closed, on a machine with other work."""

_STAGES = ("connected", "in the head", "in the body", "asked", "waiting", "at the headers", "in mid-stream", "unread")


@dataclass(slots=True)
class Tally:
    """What the clients did and heard. `closing` are the seconds from a client's leaving to its upstream's closing."""

    asked: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    aborts: Counter[str] = field(default_factory=Counter)
    probes: Counter[str] = field(default_factory=Counter)
    manners: Counter[str] = field(default_factory=Counter)
    counted: int = 0
    uncertain: int = 0
    closing: list[float] = field(default_factory=list)
    open: int = 0
    most_open: int = 0


@dataclass(slots=True)
class Crowd:
    """What all clients share."""

    wires: Wires
    keys: Sequence[str]
    names: Iterator[str]
    random: Random
    journal: Journal
    judge: Judge
    tally: Tally = field(default_factory=Tally)

    def question(self) -> Question:
        """Return a new question of a random client."""
        return asking.question(next(self.names), self.random.choice(self.keys), self.random)


async def ask(crowd: Crowd) -> None:
    """Ask, listen to the end, and let the judge decide."""
    question = crowd.question()
    await heard_by(crowd, question, question.name, lambda: _listen(crowd, question))


async def heard_by(crowd: Crowd, question: Question, row: str, listen: Callable[[], Awaitable[Heard]]) -> None:
    """Count a question, wait for what its client hears, and judge it."""
    crowd.tally.asked[row] += 1
    crowd.tally.counted += 1
    begin = time.monotonic()
    try:
        async with asyncio.timeout(LISTENS):
            heard = await listen()
    except TimeoutError:
        heard = Heard(fault=f"no end within {LISTENS:.0f} s")
    except (BrokenAnswerError, OSError) as error:
        heard = Heard(fault=f"the connection broke: {error!r}")
    except Exception as error:  # whatever an SDK raises on an answer: that is what it is here for
        heard = Heard(fault=f"the client raised {type(error).__name__}: {error}")
    outcome = crowd.judge.decide(question, heard, begin, time.monotonic())
    crowd.tally.outcomes[outcome] += 1
    crowd.journal.close(question.canary)


async def _listen(crowd: Crowd, question: Question) -> Heard:
    wire = await crowd.wires.take()
    try:
        await wire.send(question.data(crowd.wires.port))
        crowd.tally.manners[question.manner] += 1
        if question.half_closed:
            wire.end()
        head = await wire.head()
        lazy = 0.02 if crowd.random.random() < 0.05 else 0.0
        pieces = []
        async for piece in wire.pieces(head):
            pieces.append(piece)
            if lazy:
                await asyncio.sleep(lazy)
        return read(question.dialect, question.stream, head.status, head.headers, b"".join(pieces))
    finally:
        crowd.wires.give_back(wire)


async def leave(crowd: Crowd) -> None:
    """Leave at some stage, in some manner; the upstream must be left too, and nobody else be asked."""
    question, stage = crowd.question(), crowd.random.choice(_STAGES)
    crowd.tally.aborts[stage] += 1
    try:
        wire = await Wire.connect(crowd.wires.port)
        try:
            async with asyncio.timeout(LISTENS):
                await _go_as_far_as(stage, crowd, wire, question)
        finally:
            wire.leave(abruptly=crowd.random.random() < 0.5)
    except (BrokenAnswerError, OSError, TimeoutError) as error:
        crowd.journal.problem(f"the connection of a client that left {stage} broke before", f"{error!r}")
    await _see_it_closed(crowd, question, time.monotonic())


async def _go_as_far_as(stage: str, crowd: Crowd, wire: Wire, question: Question) -> None:
    data = question.data(crowd.wires.port)
    head_ends = data.index(b"\r\n\r\n") + 4
    if stage == "connected":
        return
    if stage in ("in the head", "in the body"):
        first, last = (1, head_ends - 2) if stage == "in the head" else (head_ends, len(data) - 1)
        await wire.send(data[: crowd.random.randrange(first, last)])
        crowd.tally.uncertain += stage == "in the body"
        return
    await wire.send(data)
    crowd.tally.uncertain += 1
    if stage == "waiting":
        await asyncio.sleep(crowd.random.uniform(0, 0.5))
    if stage in ("asked", "waiting"):
        return
    head = await wire.head()
    if stage == "in mid-stream":
        enough = crowd.random.randrange(1, 20)
        async for _ in wire.pieces(head):
            enough -= 1
            if not enough:
                return
    if stage == "unread":
        await asyncio.sleep(crowd.random.uniform(0.2, 2))


async def _see_it_closed(crowd: Crowd, question: Question, left: float) -> None:
    """Wait until the upstreams of a client that left are free, and note how long it took."""
    deadline = left + GONE
    await asyncio.sleep(0.2)
    while any(not attempt.over for attempt in crowd.journal.attempts.get(question.canary, ())):
        if time.monotonic() > deadline:
            crowd.journal.problem(f"an upstream still open {GONE:.0f} s after its client left", question.canary)
            break
        await asyncio.sleep(0.1)
    attempts = crowd.journal.attempts.get(question.canary, [])
    prompt = [attempt.request.closed_at for attempt in attempts if not attempt.behaviour.lingers]
    crowd.tally.closing += [max(0.0, when - left) for when in prompt if when is not None]
    crowd.journal.leave(question.canary, left)


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median, the value that 99 of 100 do not exceed, and the largest; nothing for no values."""
    if not values:
        return {}
    ranked = sorted(values)
    return {"median": ranked[len(ranked) // 2], "p99": ranked[int(len(ranked) * 0.99)], "max": ranked[-1]}


def gaps(times: Sequence[float]) -> list[float]:
    """Return the differences of neighbours."""
    return [after - before for before, after in pairwise(times)]
