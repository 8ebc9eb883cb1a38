"""Slowing down whoever guesses keys."""

from __future__ import annotations

from collections import OrderedDict

from ..model.types import Clock
from ..net.client_address import host_of

BURST = 30
"""Wrong keys that an address may send in a row."""
PAUSE = 1.0
"""Seconds after which it may send another one."""
CAPACITY = 10_000
"""Addresses that are remembered; beyond, the one unseen for longest is forgotten."""


class Throttle:
    """Counts failed attempts by address. False while nobody failed, so that the usual case costs nothing."""

    def __init__(self, clock: Clock, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._capacity = capacity
        self._paid: OrderedDict[str, float] = OrderedDict()
        """For each address the moment when all its failures are paid for, at one `PAUSE` each."""

    def __bool__(self) -> bool:
        return bool(self._paid)

    def wait(self, address: str) -> float:
        """Return the seconds until an address may try again; 0 when it may now."""
        host = host_of(address)
        debt = self._paid.get(host, 0.0) - self._clock.monotonic()
        if debt <= 0:
            self._paid.pop(host, None)
        return max(0.0, debt - (BURST - 1) * PAUSE)

    def fail(self, address: str) -> bool:
        """Note a failed attempt; return True when the address must wait now."""
        host = host_of(address)
        now = self._clock.monotonic()
        self._paid[host] = max(self._paid.get(host, now), now) + PAUSE
        self._paid.move_to_end(host)
        while len(self._paid) > self._capacity:
            self._paid.popitem(last=False)
        return self.wait(address) > 0

    def __len__(self) -> int:
        return len(self._paid)
