"""What the policy tells of its credentials: to the operator, and to a client that nobody can serve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .breaker import BreakerState
from .checkups import CheckResult


@dataclass(frozen=True, slots=True)
class ModelState:
    """A credential with one model that failed it: until when it rests (None: it serves), and the breaker."""

    model: str
    resting_until: datetime | None
    breaker: BreakerState


@dataclass(frozen=True, slots=True)
class CredentialState:
    """A credential as the latest attempts left it.

    `resting` says that it is left alone with some model and its latest attempt failed, or that its health checks fail;
    `resting_until` is the earliest end of its rests, `breaker` the worst of its breakers; `success_share` is taken over
    the last 100 attempts, None before the first; `last_error` is a kind such as `rate_limited`, "" for none. `check` is
    the latest health check, None before the first, and `checks_failed` how many failed in a row.
    """

    credential: str
    resting: bool
    resting_until: datetime | None
    breaker: BreakerState
    last_error: str
    last_error_at: datetime | None
    success_share: float | None
    models: tuple[ModelState, ...] = ()
    check: CheckResult | None = None
    checks_failed: int = 0


@dataclass(frozen=True, slots=True)
class Outage:
    """Every credential that could serve rests: `seconds` until the first is back; `limited` when all are by rate."""

    seconds: float
    limited: bool
