"""When each credential is checked next: never twice at a time, and not all at once."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from random import Random

from ...model.types import HealthCheck

SOON = 5.0
"""Seconds within which a credential's first check comes, by chance."""
SPREAD = 0.1
"""The share of the interval that chance adds or takes."""


class Schedule:
    """The credentials that are checked, by id; instants are monotonic seconds."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._wanted: dict[str, HealthCheck] = {}
        self._due: dict[str, float] = {}

    def follow(self, wanted: Mapping[str, HealthCheck], now: float) -> set[str]:
        """Check these from now on; return the ids whose checks are as they were. The others begin anew, or end."""
        same = {name for name, check in wanted.items() if self._wanted.get(name) == check}
        self._due = {name: due for name, due in self._due.items() if name in same}
        for name in wanted.keys() - same:
            self._due[name] = now + self._random.random() * min(SOON, wanted[name].interval)
        self._wanted = dict(wanted)
        return same

    def take(self, now: float) -> list[str]:
        """Return the ids that are due. Each is under way, and so never due, until `done`."""
        due = [name for name, at in self._due.items() if at <= now]
        for name in due:
            del self._due[name]
        return due

    def left(self, now: float) -> float:
        """Return the seconds until the next one is due; infinite when none is planned."""
        return max(0.0, min(self._due.values(), default=inf) - now)

    def done(self, name: str, now: float) -> None:
        """Plan the check after the one that has ended."""
        if name in self._wanted:
            spread = 1 + SPREAD * (2 * self._random.random() - 1)
            self._due[name] = now + self._wanted[name].interval * spread
