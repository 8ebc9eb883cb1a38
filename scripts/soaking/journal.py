"""What the upstreams did with each request, kept until its client was heard."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from jackfield.testing import RecordedRequest

from .behaviour import Behaviour


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

    `problems` are sentences that say what must not be; of each kind the first few are kept and all are counted.
    """

    attempts: defaultdict[str, list[Attempt]] = field(default_factory=lambda: defaultdict(list))
    live: set[Attempt] = field(default_factory=set)
    played: Counter[str] = field(default_factory=Counter)
    outages: list[list[float]] = field(default_factory=list)
    problems: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    _closed: set[str] = field(default_factory=set)
    _unasked: set[str] = field(default_factory=set)

    def begin(self, canary: str, attempt: Attempt) -> None:
        """Note an attempt."""
        self.played[attempt.behaviour.name] += 1
        self.live.add(attempt)
        if canary not in self._closed:
            self.attempts[canary].append(attempt)
        elif canary in self._unasked:
            self._unasked.discard(canary)
        else:
            self.problem("asked after the client was served or had left", f"{canary} at {attempt.provider}")

    def tidy(self) -> None:
        """Forget attempts that are over."""
        self.live = {attempt for attempt in self.live if not attempt.over}

    def close(self, canary: str) -> None:
        """Forget a request whose client was heard or has left; any further attempt is a fault.

        A busy proxy may read a request, and begin its first attempt, after the client that sent it has left.
        """
        if not self.attempts.pop(canary, None):
            self._unasked.add(canary)
        self._closed.add(canary)

    def down_between(self, begin: float, end: float) -> bool:
        """Return True when an upstream was down at some time between two instants of the monotonic clock."""
        return any(since <= end and until >= begin for since, until in self.outages)

    def problem(self, kind: str, example: str) -> None:
        """Note what must not be."""
        self.problems[kind] += 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < 3:
            examples.append(example)
