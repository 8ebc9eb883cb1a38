"""How many attempts beyond the first may be under way at once, so that an outage is not multiplied."""

from __future__ import annotations

SHARE = 0.2
"""Retries under way, to the requests that wait for their answer to begin."""
FLOOR = 3
"""Retries that may be under way however few requests there are."""


class RetryBudget:
    """The requests that wait for their answer to begin, and the retries among their attempts."""

    def __init__(self) -> None:
        self._requests = 0
        self._retries = 0

    def enter(self) -> None:
        """Count a request that is under way."""
        self._requests += 1

    def leave(self) -> None:
        """Count it no longer."""
        self._requests -= 1

    def take(self) -> bool:
        """Count a retry if there is one left; False: the failure must be told. What is taken is given back."""
        if self._retries + 1 > max(FLOOR, SHARE * self._requests):
            return False
        self._retries += 1
        return True

    def give_back(self) -> None:
        """Count a retry no longer: its answer began, or it failed."""
        self._retries -= 1
