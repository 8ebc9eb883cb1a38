"""Rests after refusals: how long a credential that was refused or limited is left alone."""

from __future__ import annotations

from ...model.errors import Verdict
from .cause import Cause

LONGEST = 1800.0
"""Seconds of the longest rest, and of the one after a refused key or an empty account."""
ABSENT = 600.0
"""Seconds for which a credential is not asked for a model that it does not have."""
FIRST = 1.0
"""Seconds of the first rest after a limit that names no time; doubled with each that follows."""
FULL = 0.5
"""Seconds of the rest after an upstream said that it serves as many requests at once as it can."""
FULL_LONGEST = 5.0
"""Seconds that such an upstream can ask for."""


class Cooldown:
    """One rest, of a credential with one model or with all; instants are monotonic seconds.

    Attempts that were under way when it began to rest may fail too: they prolong the rest at most, they double nothing.
    `cause` is what the rest in force, or the latest one, came from, `began` when it did.
    """

    __slots__ = ("_step", "began", "cause", "until")

    def __init__(self) -> None:
        self.until = self.began = 0.0
        self.cause: Cause | None = None
        self._step = 0

    def rest(self, now: float, seconds: float, cause: Cause) -> None:
        """Rest for a time, at most half an hour; a longer rest is not cut short."""
        until = now + min(seconds, LONGEST)
        if until > self.until:
            self.until, self.cause, self.began = until, cause, now

    def throttled(self, now: float, wait: float | None, cause: Cause) -> None:
        """Rest because of a limit, for the time that the upstream named or else a growing one."""
        if wait:
            self.rest(now, wait, cause)
        elif now >= self.until:
            self.rest(now, FIRST * 2**self._step, cause)
            self._step = min(self._step + 1, 16)

    def full(self, now: float, wait: float | None, cause: Cause) -> None:
        """Rest for a moment, because the upstream has no free place."""
        self.rest(now, min(wait or FULL, FULL_LONGEST), cause)

    def welcomed(self, now: float) -> None:
        """End a rest that began with a refused key: it is taken again."""
        if self.cause is not None and self.cause.verdict is Verdict.KEY:
            self.until = min(self.until, now)

    def succeeded(self, began: float) -> None:
        """Forget past limits. A rest that began after this attempt goes on."""
        if began >= self.until:
            self._step = 0

    @property
    def spotless(self) -> bool:
        """True when no limit is remembered."""
        return not self._step
