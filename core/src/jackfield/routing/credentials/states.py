"""What the policy tells of its credentials: to the operator, and to a client that nobody can serve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ...model.errors import Verdict
from .breaker import BreakerState
from .cause import Cause
from .health_results import CheckResult


@dataclass(frozen=True, slots=True)
class ModelState:
    """A credential with one model that failed it: until when it rests (None: it serves), the breaker, and the cause.

    `cause` is what the rest came from; None without one, and where the breaker alone keeps it away.
    """

    model: str
    resting_until: datetime | None
    breaker: BreakerState
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class CredentialState:
    """A credential as the latest attempts left it.

    `resting` says that it is left alone with some model and its latest attempt failed, or that its health checks fail;
    `resting_until` is the earliest end of its rests, `breaker` the worst of its breakers; `success_share` is taken over
    the last 100 attempts, None before the first; `last_error` is a kind such as `rate_limited`, "" for none. `check` is
    the latest health check, None before the first, and `checks_failed` how many failed in a row. `whole_until` is until
    when it rests with all its models, and `cause` why. `last_message` are the upstream's words at its last error,
    `in_flight` the requests that it serves now, `places` how many it may at once (None: no limit), and `waiting` the
    requests that wait for it or another.
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
    whole_until: datetime | None = None
    cause: Cause | None = None
    last_message: str = ""
    in_flight: int = 0
    places: int | None = None
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Rest:
    """How one credential stands towards a model: `seconds` until it may be asked, 0 for now, and why not before.

    `cause` is None where a breaker or a want of places keeps it away, and where nothing does. `busy`: its places are
    taken.
    """

    provider: str
    seconds: float = 0.0
    cause: Cause | None = None
    busy: bool = False

    @property
    def lacks(self) -> bool:
        """True when it is said not to have the model."""
        return self.cause is not None and self.cause.verdict is Verdict.MODEL


@dataclass(frozen=True, slots=True)
class Outage:
    """How every credential stands that fits a model: what is to be told where none can serve."""

    rests: tuple[Rest, ...]

    @property
    def seconds(self) -> float:
        """Seconds until the first may be asked; 0: one may now, or as soon as it has a free place."""
        return min((each.seconds for each in self.rests), default=0.0)
