"""What health checks say of credentials, and whom they take out of rotation.

Checks fail where an upstream does not answer, answers 5xx, or refuses the key. Every other answer shows that it is
there: many relays have nothing at the path and say 404. A request that succeeds is better evidence than any check.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ...model.errors import Kind
from ...model.types import Credential
from .breaker import THRESHOLD

REFUSED = Kind.UPSTREAM_AUTH.value

RotationChange = Literal["out", "back", ""]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check came to.

    `at` is when it ended, `seconds` what it took, `status` that of the answer (0: none came), `error` a kind such as
    `unreachable` ("" when the upstream is there).
    """

    at: datetime
    seconds: float
    status: int
    error: str = ""

    @property
    def welcomed(self) -> bool:
        """True when the answer shows that the key was taken."""
        return not self.error and 200 <= self.status < 300


def verdict(status: int) -> str:
    """Return the kind of failure that the status of a check's answer shows; "" when the upstream is there."""
    if status in (401, 403):
        return REFUSED
    return Kind.UPSTREAM_ERROR.value if status >= 500 else ""


class HealthResult:
    """The checks of one credential: the latest one, and how many failed in a row."""

    __slots__ = ("_cleared", "_harmless", "_refused", "_served", "failures", "last")

    def __init__(self) -> None:
        self.last: CheckResult | None = None
        self._cleared = 0.0
        self.failures = 0
        self._refused = False
        self._served = False
        self._harmless = False

    @property
    def out(self) -> bool:
        """True while the credential is left alone: its key was refused, or as many checks failed as open a breaker."""
        return not self._harmless and (self._refused or self.failures >= THRESHOLD)

    @property
    def troubled(self) -> bool:
        """True when a check failed, and none was answered and no request succeeded since."""
        return self._refused or self.failures > 0

    @property
    def refused(self) -> bool:
        """True when the key was refused, and nothing happened since that says otherwise."""
        return self._refused

    def note(self, result: CheckResult, *, began: float, harmless: bool = False) -> None:
        """Take in a check that began then (monotonic seconds).

        One that fails although a request succeeded since the one before it counts for nothing, and neither does one
        that began before an operator had everything forgotten. `harmless` says that failures shall have no consequences
        (`disable-cooling`).
        """
        self.last = result
        self._harmless = harmless
        if not result.error:
            self.clear()
        elif not self._served and began >= self._cleared:
            self.failures += 1
            self._refused = self._refused or result.error == REFUSED
        self._served = False

    def served(self) -> None:
        """Take in a request that the upstream answered."""
        self.clear()
        self._served = True

    def clear(self, now: float = 0.0) -> None:
        """Forget failures, also of a check that began before `now`."""
        self.failures = 0
        self._refused = False
        self._cleared = max(self._cleared, now)


class HealthResults:
    """The checks of all credentials that have any."""

    def __init__(self) -> None:
        self._found: dict[str, HealthResult] = {}

    def of(self, credential: str) -> HealthResult | None:
        """Return the checks of a credential; None when there were none yet."""
        return self._found.get(credential)

    def admit(self, credential: str) -> HealthResult:
        """Return the checks of a credential, begun if there were none."""
        return self._found.setdefault(credential, HealthResult())

    def served(self, credential: str) -> None:
        """Learn that a request was answered."""
        if (checkup := self._found.get(credential)) is not None:
            checkup.served()

    def out(self, credential: str) -> bool:
        """Return True when checks say that a credential is better left alone."""
        checkup = self._found.get(credential)
        return checkup is not None and checkup.out

    def well(self, credentials: list[Credential]) -> list[Credential]:
        """Return those that no check speaks against; all of them where none is left.

        So checks alone never leave a request without anyone to ask: the path may be wrong and the upstream fine.
        """
        if not self._found:
            return credentials
        return [each for each in credentials if not self.out(each.id)] or credentials

    def reset(self, credential: str | None, now: float) -> set[str]:
        """Forget the failures of a credential (None: of all); return the ids of those that were left alone."""
        chosen = {name: each for name, each in self._found.items() if credential in (None, name)}
        freed = {name for name, each in chosen.items() if each.out}
        for each in chosen.values():
            each.clear(now)
        return freed

    def keep(self, credentials: Collection[str]) -> None:
        """Forget every credential but these."""
        self._found = {name: found for name, found in self._found.items() if name in credentials}
