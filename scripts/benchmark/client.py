"""The load: connections that ask, read the answer to its end, check it, and ask again."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from .framing import HEAD_END, FramingError, ResponseFrame

STALL_SECONDS = 1.0
MANY_ERRORS = 50
"""After so many the load asks no more: the target is broken, not slow."""
_STAMP_LENGTH = 16
_CARRY = 40
"""Longer than any mark with its stamp: what a cut between two reads may hide."""


@dataclass(frozen=True, slots=True)
class Job:
    """What each connection does: the request, and how to know that its answer is whole."""

    port: int
    request: bytes
    marks: Sequence[bytes]
    """What the answer must contain, in this order."""
    end: bytes
    """What it must contain besides."""
    stamped: bool = False
    """Each mark is followed by the time at which the mock sent it."""


@dataclass(slots=True)
class Outcome:
    """What a load saw. Times in seconds."""

    completed: int = 0
    stalled: int = 0
    """Answers in which nothing arrived for more than STALL_SECONDS."""
    errors: Counter[str] = field(default_factory=Counter)
    refusal: str = ""
    """The body of the first answer whose status was not 200."""
    first_bytes: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    """Per stamped event, from the mock's sending to its arrival here."""
    seconds: float = 0.0


class AnswerCheck:
    """Look for the marks and the end in one answer's bytes, cut anywhere."""

    __slots__ = ("_carry", "_ended", "_job", "_seen")

    def __init__(self, job: Job) -> None:
        self._job = job
        self._seen = 0
        self._ended = False
        self._carry = b""

    @property
    def whole(self) -> bool:
        """True when all was found."""
        return self._ended and self._seen == len(self._job.marks)

    def feed(self, data: bytes, now: float, delays: list[float]) -> bool:
        """Take the next bytes, add the delay of each stamped event; return whether a mark was found."""
        job, seen = self._job, self._seen
        buffer = self._carry + data if self._carry else data
        at = 0
        while seen < len(job.marks):
            found = buffer.find(job.marks[seen], at)
            after = found + len(job.marks[seen])
            if found < 0 or (job.stamped and after + _STAMP_LENGTH > len(buffer)):
                break
            if job.stamped:
                delays.append(now - int(buffer[after : after + _STAMP_LENGTH]) / 1e6)
            at = after
            seen += 1
        self._ended = self._ended or job.end in buffer
        self._carry = buffer[max(at, len(buffer) - _CARRY) :]
        moved = seen > self._seen
        self._seen = seen
        return moved


class Session(asyncio.Protocol):
    """One kept-alive connection, one request at a time."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._job = load.job
        self.busy = False
        self._answered = self._stalled = False
        self._refusal = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def ask(self) -> None:
        """Send the request."""
        self.busy, self._answered, self._stalled = True, False, False
        self._frame, self._check = ResponseFrame(), AnswerCheck(self._job)
        self._refusal = b""
        self._asked = self._last = time.monotonic()
        self.transport.write(self._job.request)

    def data_received(self, data: bytes) -> None:
        """Measure, check, and ask again at the end."""
        if not self.busy:
            self.transport.close()
            return
        now = time.monotonic()
        outcome = self._load.outcome
        if not self._answered:
            self._answered = True
            outcome.first_bytes.append(now - self._asked)
        self._note_gap(now)
        if self._check.feed(data, now, outcome.delays):
            self._last = now
        try:
            done = self._frame.feed(data)
        except FramingError as error:
            self._fail(str(error))
            return
        if self._frame.status != 200:
            self._refusal += data
        if done:
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count an answer that was under way as an error."""
        if self.busy:
            self._fail("connection lost in an answer")

    def give_up(self) -> None:
        """End the session at the end of the load; an answer still under way is an error."""
        if self.busy:
            self._note_gap(time.monotonic())
            self._load.outcome.errors["still open when time was up"] += 1
        self.busy = False
        self.transport.close()

    def _note_gap(self, now: float) -> None:
        if not self._stalled and now - self._last > STALL_SECONDS:
            self._stalled = True
            self._load.outcome.stalled += 1

    def _finish(self) -> None:
        if self._frame.status != 200:
            body = self._refusal.rpartition(HEAD_END)[2].decode(errors="replace").strip()
            self._load.outcome.refusal = self._load.outcome.refusal or body
            self._fail(f"status {self._frame.status}")
        elif not self._check.whole:
            self._fail("an answer that is not whole")
        else:
            self.busy = False
            self._load.outcome.completed += 1
            self._load.next(self, reopen=not self._frame.keep_alive)

    def _fail(self, reason: str) -> None:
        self.busy = False
        self._load.outcome.errors[reason] += 1
        self._load.next(self, reopen=True)


class Load:
    """Keep `connections` requests under way for `seconds` or until `requests` were sent, then let the last ones end.

    `spread`: the first requests go out evenly over so many seconds.
    """

    def __init__(
        self, job: Job, connections: int, seconds: float = math.inf, requests: float = math.inf, spread: float = 0
    ) -> None:
        self.job = job
        self.outcome = Outcome()
        self._connections = connections
        self._seconds = seconds
        self._left = requests
        self._spread = spread
        self._sessions: set[Session] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """How many requests are under way."""
        return sum(session.busy for session in self._sessions)

    async def run(self, patience: float = 30) -> Outcome:
        """Run to the end, and at most `patience` seconds longer than `seconds`. Raises OSError: nothing listens."""
        loop = asyncio.get_running_loop()
        self._done = loop.create_future()
        for _ in range(self._connections):
            await self._connect()
        self._running = self._connections
        start = time.monotonic()
        self._deadline = start + self._seconds
        for index, session in enumerate(list(self._sessions)):
            loop.call_later(index * self._spread / self._connections, self.next, session)
        limit = self._seconds if math.isfinite(self._seconds) else 0
        await asyncio.wait([self._done], timeout=limit + patience)
        self.outcome.seconds = time.monotonic() - start
        for session in self._sessions:
            session.give_up()
        return self.outcome

    def next(self, session: Session, reopen: bool = False) -> None:
        """Let a session that is free ask again, on a new connection when its own is spent, or rest when time is up."""
        over = time.monotonic() >= self._deadline or self.outcome.errors.total() >= MANY_ERRORS
        if over or self._left <= 0 or self._done.done():
            self._rest()
        elif reopen or session.transport.is_closing():
            self._sessions.discard(session)
            session.transport.close()
            task = asyncio.get_running_loop().create_task(self._reconnect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._left -= 1
            session.ask()

    def _rest(self) -> None:
        self._running -= 1
        if not self._running and not self._done.done():
            self._done.set_result(None)

    async def _connect(self) -> Session:
        loop = asyncio.get_running_loop()
        _, session = await loop.create_connection(lambda: Session(self), "127.0.0.1", self.job.port)
        self._sessions.add(session)
        return session

    async def _reconnect(self) -> None:
        try:
            self.next(await self._connect())
        except OSError as error:
            self.outcome.errors[str(error)] += 1
            self._rest()
