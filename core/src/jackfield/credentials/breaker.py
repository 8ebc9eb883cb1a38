"""The circuit breaker: an upstream that fails again and again is left alone, then tried with a single request."""

from __future__ import annotations

from typing import Literal

THRESHOLD = 3
"""Failures in a row that open it."""
SHORTEST = 15.0
LONGEST = 300.0
"""Seconds that it stays open: doubled each time a trial fails."""

BreakerState = Literal["closed", "open", "half-open"]


class Breaker:
    """One breaker; instants are monotonic seconds.

    `probe` says whether an attempt is the single one that a half-open breaker lets through. While it is open only that
    one's outcome counts: others began before, and tell of a past that is known already.
    """

    __slots__ = ("_failures", "_opened", "_probing", "_times", "until")

    def __init__(self) -> None:
        self._failures = 0
        self._opened = False
        self._times = 0
        self._probing = False
        self.until = 0.0

    def state(self, now: float) -> BreakerState:
        """Return how it stands."""
        if not self._opened:
            return "closed"
        return "open" if now < self.until else "half-open"

    def free_at(self, now: float) -> float:
        """Return when an attempt is let through: `now` or before means at once."""
        if not self._opened:
            return 0.0
        return now + 1.0 if self._probing else self.until

    @property
    def spotless(self) -> bool:
        """True when nothing needs to be remembered."""
        return not self._opened and not self._failures

    @property
    def awaits_probe(self) -> bool:
        """True when the next attempt that is let through is a probe."""
        return self._opened

    def probe(self) -> None:
        """Let the single attempt through."""
        self._probing = True

    def failed(self, now: float, *, probe: bool) -> None:
        """Note a failure of the transport or the upstream."""
        if self._opened:
            if probe:
                self._open(now)
            return
        self._failures += 1
        if self._failures >= THRESHOLD:
            self._open(now)

    def _open(self, now: float) -> None:
        self._opened = True
        self._probing = False
        self._failures = 0
        self.until = now + min(LONGEST, SHORTEST * 2**self._times)
        self._times = min(self._times + 1, 16)

    def began(self, *, probe: bool) -> None:
        """Note that an answer's first content came. A probe's closes the breaker, yet one more failure reopens it."""
        if self._opened and probe:
            self._opened = self._probing = False
            self._failures = THRESHOLD - 1

    def succeeded(self, *, probe: bool) -> None:
        """Note an answer that came to its proper end, or a refusal that shows the upstream at work."""
        if probe or not self._opened:
            self._opened = self._probing = False
            self._failures = self._times = 0

    def recovered(self, now: float) -> None:
        """Let the probe through at once: something else than a request shows that the upstream is back."""
        if self._opened:
            self.until = min(self.until, now)

    def abandoned(self, *, probe: bool) -> None:
        """Note an attempt that tells nothing: the client left."""
        if probe:
            self._probing = False
