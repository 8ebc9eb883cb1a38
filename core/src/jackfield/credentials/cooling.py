"""Rests after refusals: how long a credential that was refused or limited is left alone."""

from __future__ import annotations

LONGEST = 1800.0
"""Seconds of the longest rest, and of the one after a refused key or an empty account."""
FIRST = 1.0
"""Seconds of the first rest after a limit that names no time; doubled with each that follows."""


class Cooling:
    """The rest of one credential; instants are monotonic seconds.

    Attempts that were under way when it began to rest may fail too: they prolong the rest at most, they double nothing.
    """

    __slots__ = ("_key", "_step", "limited", "until")

    def __init__(self) -> None:
        self.until = 0.0
        self.limited = False
        self._step = 0
        self._key = 0.0

    def refused(self, now: float, *, key: bool = False) -> None:
        """Rest because the key was refused (`key`) or nothing is left to spend."""
        self._rest(now + LONGEST, limited=False)
        if key:
            self._key = self.until

    def welcomed(self, now: float) -> None:
        """End a rest that began with a refused key: it is taken again."""
        if self._key == self.until:
            self.until = min(self.until, now)

    def throttled(self, now: float, wait: float | None) -> None:
        """Rest because of a rate or usage limit, for the time that the upstream named or else a growing one."""
        if wait:
            self._rest(now + min(wait, LONGEST), limited=True)
        elif now >= self.until:
            self._rest(now + min(LONGEST, FIRST * 2**self._step), limited=True)
            self._step = min(self._step + 1, 16)

    def asked(self, now: float, wait: float, longest: float) -> None:
        """Rest because a failing upstream asked for it."""
        self._rest(now + min(wait, longest), limited=False)

    def _rest(self, until: float, *, limited: bool) -> None:
        if until > self.until:
            self.until = until
            self.limited = limited

    def succeeded(self, now: float) -> None:
        """Forget past limits. A rest that another attempt began meanwhile goes on."""
        if now >= self.until:
            self._step = 0

    @property
    def spotless(self) -> bool:
        """True when no limit is remembered."""
        return not self._step
