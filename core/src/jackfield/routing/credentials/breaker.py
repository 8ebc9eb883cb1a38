"""The circuit breaker: an upstream that fails again and again is left alone, then tried with a single request."""

from __future__ import annotations

from typing import Literal

THRESHOLD = 3
"""Conversations that fail in a row open it."""
SHORTEST = 15.0
LONGEST = 300.0
"""Seconds that it stays open: doubled each time a trial fails."""
PATIENCE = 3.0
"""Seconds that a probe has for the beginning of its answer; then a second one may follow."""

BreakerState = Literal["closed", "open", "half-open"]


class Breaker:
    """One breaker; instants are monotonic seconds.

    `probe` says whether an attempt is one that an open breaker let through. While it is open only their outcomes count,
    and only of those that began after it opened: others tell of a past that is known already. `began` is when an
    attempt began: it proves nothing against what happened since.
    """

    __slots__ = ("_base", "_failed", "_opened", "_opened_at", "_probed", "_suspects", "_times", "until")

    def __init__(self) -> None:
        self._suspects: set[str] = set()
        self._base = 0
        self._opened = False
        self._opened_at = 0.0
        self._times = 0
        self._probed: float | None = None
        self._failed = 0.0
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
        return self.until if self._probed is None else max(self.until, self._probed + PATIENCE)

    @property
    def spotless(self) -> bool:
        """True when nothing needs to be remembered."""
        return not self._opened and not self._suspects and not self._base

    @property
    def awaits_probe(self) -> bool:
        """True when the next attempt that is let through is a probe."""
        return self._opened

    def probe(self, now: float) -> None:
        """Let an attempt through to see whether the upstream is back."""
        self._probed = now

    def failed(self, now: float, conversation: str, *, began: float, probe: bool) -> None:
        """Note a failure of the transport or the upstream, met by a conversation: many of one count as one."""
        if self._opened:
            if probe and began >= self._opened_at:
                self._open(now, longer=now >= self.until)
        else:
            self._failed = now
            self._suspects.add(conversation)
            if self._base + len(self._suspects) >= THRESHOLD:
                self._open(now, longer=True)

    def _open(self, now: float, *, longer: bool) -> None:
        """Open, for twice the time if `longer`; one asked before its time, for want of a better, only waits on."""
        self._times = min(self._times + longer, 17)
        self._opened, self._opened_at, self._probed = True, now, None
        self._suspects.clear()
        self._base = 0
        self.until = now + min(LONGEST, SHORTEST * 2 ** (self._times - 1))

    def answered(self, *, began: float, probe: bool) -> None:
        """Note that an answer has begun. A probe's closes the breaker, yet one more failure reopens it for longer."""
        if self._opened and probe and began >= self._opened_at:
            self._opened, self._probed = False, None
            self._base = THRESHOLD - 1

    def succeeded(self, *, began: float, probe: bool) -> None:
        """Note an answer that came to its proper end, or a refusal that shows the upstream at work."""
        if self._opened and not (probe and began >= self._opened_at):
            return
        if began >= self._failed:
            self._opened, self._probed = False, None
            self._suspects.clear()
            self._base = self._times = 0

    def recovered(self, now: float, *, began: float) -> None:
        """Let the probe through at once: something else than a request shows that the upstream is back."""
        if self._opened and began >= self._opened_at:
            self.until = min(self.until, now)
            self._probed = None

    def abandoned(self, *, probe: bool) -> None:
        """Note an attempt that tells nothing: the client left."""
        if probe:
            self._probed = None
