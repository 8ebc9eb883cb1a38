"""How the latest attempts of each credential ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from .cause import Cause

ATTEMPTS = 100
"""Attempts that the share of successes is taken over."""


@dataclass(slots=True)
class Outcomes:
    """The outcomes of one credential.

    `last_error` is a kind such as `rate_limited`, "" before the first, `last_message` what the upstream said.
    """

    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=ATTEMPTS))
    last_error: str = ""
    last_message: str = ""
    last_error_at: datetime | None = None

    @property
    def share(self) -> float | None:
        """The share of attempts that succeeded; None before the first."""
        return sum(self.recent) / len(self.recent) if self.recent else None

    @property
    def failing(self) -> bool:
        """True when the latest attempt failed."""
        return bool(self.recent) and not self.recent[-1]


class OutcomeTable:
    """The outcomes of all."""

    def __init__(self) -> None:
        self._outcomes: dict[str, Outcomes] = {}

    def of(self, credential: str) -> Outcomes:
        """Return the outcomes of a credential; empty ones when it was never used."""
        return self._outcomes.get(credential) or Outcomes()

    def note(self, credential: str, at: datetime, cause: Cause | None = None) -> None:
        """Count an attempt; `cause` is why it failed."""
        outcomes = self._outcomes.get(credential)
        if outcomes is None:
            outcomes = self._outcomes[credential] = Outcomes()
        outcomes.recent.append(cause is None)
        if cause is not None:
            outcomes.last_error, outcomes.last_error_at = cause.kind.value, at
            outcomes.last_message = cause.message

    def keep(self, credentials: Collection[str]) -> None:
        """Forget every credential but these."""
        self._outcomes = {name: found for name, found in self._outcomes.items() if name in credentials}
