"""Addresses that guessed too often."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from jackfield.api import Clock, host_of

FAILURES = 5
"""Wrong keys from one address until it is banned."""

BAN = 30 * 60.0
"""Seconds that a ban lasts; also how long a failure is remembered."""

CAPACITY = 10_000
"""Addresses that are remembered; beyond, the one unseen for longest is forgotten."""


@dataclass(slots=True)
class _Record:
    failures: int
    last: float


class Bans:
    """Counts failed attempts by address. An IPv6 address counts as its /64, which is what one host is given."""

    def __init__(self, clock: Clock, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._capacity = capacity
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def remaining(self, address: str) -> float:
        """Return for how many seconds more an address is banned; 0 when it is not."""
        record = self._current(host_of(address))
        if record is None or record.failures < FAILURES:
            return 0.0
        return record.last + BAN - self._clock.monotonic()

    def fail(self, address: str) -> bool:
        """Note a failed attempt; return True when it was the one that brings the ban."""
        host = host_of(address)
        record = self._current(host) or _Record(0, 0.0)
        self._records[host] = record
        self._records.move_to_end(host)
        record.failures += 1
        record.last = self._clock.monotonic()
        while len(self._records) > self._capacity:
            self._records.popitem(last=False)
        return record.failures == FAILURES

    def succeed(self, address: str) -> None:
        """Forget the failures of an address."""
        self._records.pop(host_of(address), None)

    def __len__(self) -> int:
        return len(self._records)

    def _current(self, host: str) -> _Record | None:
        record = self._records.get(host)
        if record is not None and self._clock.monotonic() >= record.last + BAN:
            del self._records[host]
            return None
        return record
