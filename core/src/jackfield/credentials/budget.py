"""How many attempts beyond the first the proxy allows itself, so that an outage is not multiplied."""

from __future__ import annotations

SHARE = 0.2
"""Retries per request, over the window."""
FLOOR = 10
"""Retries per window that are allowed however few requests there are."""
SLOTS = 6
SLOT = 10.0
"""The window is a minute: six slots of ten seconds, the last of them begun."""


class RetryBudget:
    """Requests and retries of the last minute."""

    def __init__(self) -> None:
        self._requests = [0] * SLOTS
        self._retries = [0] * SLOTS
        self._slot = 0

    def request(self, now: float) -> None:
        """Count a request. `now` is in monotonic seconds."""
        self._turn(now)
        self._requests[self._slot % SLOTS] += 1

    def take(self, now: float) -> bool:
        """Count a retry if there is one left; False: the failure must be told."""
        self._turn(now)
        if sum(self._retries) + 1 > max(FLOOR, SHARE * sum(self._requests)):
            return False
        self._retries[self._slot % SLOTS] += 1
        return True

    def _turn(self, now: float) -> None:
        slot = int(now / SLOT)
        if slot == self._slot:
            return
        for passed in range(max(self._slot + 1, slot - SLOTS + 1), slot + 1):
            self._requests[passed % SLOTS] = self._retries[passed % SLOTS] = 0
        self._slot = slot
