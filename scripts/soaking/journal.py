"""What the upstreams did with each request, kept until its client was heard."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from jackfield.model.errors import Kind
from jackfield.testing import RecordedRequest

from .behaviour import Behaviour

ALWAYS_ON = "fox"
"""The provider that the operator never switches off, with every model."""
SLACK = 5.0
"""Seconds that an attempt may have begun before its failure counts."""
NOTICED = 1.0
"""Seconds in which a proxy that has much to do notices that a client has left, before which it may ask on."""


@dataclass(eq=False, slots=True)
class Attempt:
    """One request at an upstream, and how it was to be answered. `dropped`: the upstream itself went down meanwhile."""

    provider: str
    behaviour: Behaviour
    text: str
    arguments: Mapping[str, str] | None
    request: RecordedRequest
    dropped: bool = False

    @property
    def over(self) -> bool:
        """True when nobody waits for it any more."""
        return self.dropped or self.request.finished or self.request.closed


@dataclass(slots=True)
class Journal:
    """All attempts of the requests under way, and what was counted.

    `resets` are the instants at which the operator let all serve again, `failures` what was played: when, where, which.
    `stalls` are the times in which the run itself was held up.
    `problems` are sentences that say what must not be; of each kind the first few are kept and all are counted.
    """

    attempts: defaultdict[str, list[Attempt]] = field(default_factory=lambda: defaultdict(list))
    live: set[Attempt] = field(default_factory=set)
    played: Counter[str] = field(default_factory=Counter)
    outages: list[list[float]] = field(default_factory=list)
    resets: list[float] = field(default_factory=list)
    failures: deque[tuple[float, str, Kind]] = field(default_factory=lambda: deque(maxlen=50_000))
    stalls: list[list[float]] = field(default_factory=list)
    problems: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    _closed: set[str] = field(default_factory=set)
    _left: dict[str, float] = field(default_factory=dict)

    def begin(self, canary: str, attempt: Attempt) -> None:
        """Note an attempt."""
        self.played[attempt.behaviour.name] += 1
        self.live.add(attempt)
        now = time.monotonic()
        self.failures.extend((now, attempt.provider, kind) for kind in attempt.behaviour.kinds)
        if canary not in self._closed:
            self.attempts[canary].append(attempt)
        elif now > self._left.get(canary, 0.0):
            self.problem("asked after the client was served or had left", f"{canary} at {attempt.provider}")
        else:
            self._left[canary] = min(self._left[canary], now + NOTICED)

    def tidy(self) -> None:
        """Forget attempts that are over."""
        self.live = {attempt for attempt in self.live if not attempt.over}

    def close(self, canary: str) -> None:
        """Forget a request whose client was heard; any further attempt is a fault."""
        self.attempts.pop(canary, None)
        self._closed.add(canary)

    def leave(self, canary: str, left: float) -> None:
        """Forget a request whose client left at an instant; an attempt that begins much later is a fault.

        A busy proxy may not have read the request yet. Then the time in which it is to notice begins with its first
        attempt.
        """
        self._left[canary] = left + NOTICED if self.attempts.get(canary) else math.inf
        self.close(canary)

    def down_between(self, begin: float, end: float) -> bool:
        """Return True when an upstream was down at some time between two instants of the monotonic clock."""
        return any(since <= end and until >= begin for since, until in self.outages)

    def stalled_between(self, begin: float, end: float) -> float:
        """Return for how many seconds between two instants nobody could answer, since the run itself was held up."""
        return sum(max(0.0, min(end, until) - max(begin, since)) for since, until in self.stalls)

    def resting(self, at: float) -> frozenset[Kind]:
        """Return why all providers may rest at some instant, and so what a client is told that nobody can serve.

        The provider that is never switched off must have failed in that way, since all were told to serve again.
        """
        since = next((reset for reset in reversed(self.resets) if reset < at), 0.0) - SLACK
        found: set[Kind] = set()
        for when, provider, kind in reversed(self.failures):
            if when < since:
                break
            if provider == ALWAYS_ON:
                found.add(kind)
        if found & {Kind.RATE_LIMITED, Kind.USAGE_LIMIT}:
            found.add(Kind.RATE_LIMITED)
        return frozenset({*found, Kind.UNAVAILABLE}) if found or self.down_between(since, at) else frozenset()

    def problem(self, kind: str, example: str) -> None:
        """Note what must not be."""
        self.problems[kind] += 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < 3:
            examples.append(example)
