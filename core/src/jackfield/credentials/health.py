"""The state of every credential with every model that failed it; the ones without trouble need none."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..errors import Kind
from .breaker import LONGEST as BREAKER_LONGEST
from .breaker import Breaker
from .cooling import Cooling

MODELS = 256
"""Models per credential whose state is kept: names come from clients, and there is no end to them."""

REFUSED = frozenset({Kind.UPSTREAM_AUTH, Kind.QUOTA})
LIMITED = frozenset({Kind.RATE_LIMITED, Kind.USAGE_LIMIT})
BROKEN = frozenset({Kind.OVERLOADED, Kind.UPSTREAM_ERROR, Kind.UNREACHABLE, Kind.TIMEOUT, Kind.STREAM_CUT})
ANSWERED = frozenset(
    {
        Kind.INVALID_REQUEST,
        Kind.CONTEXT_LENGTH,
        Kind.FORBIDDEN,
        Kind.NOT_FOUND,
        Kind.MODEL_NOT_FOUND,
        Kind.CONFLICT,
        Kind.TOO_LARGE,
    }
)
"""Refusals of a request, which show the upstream at work. All other ends, such as a client that left, tell nothing."""


class Health:
    """One credential with one model: its rest and its breaker."""

    __slots__ = ("breaker", "cooling")

    def __init__(self) -> None:
        self.breaker = Breaker()
        self.cooling = Cooling()

    def free_at(self, now: float) -> float:
        """Return the instant from which an attempt is let through; in the past means now."""
        return max(self.cooling.until, self.breaker.free_at(now))

    def failed(self, kind: Kind, wait: float | None, now: float, *, probe: bool) -> None:
        """Note a failure. `wait` is what the upstream asked for, in seconds."""
        if kind in BROKEN:
            self.breaker.failed(now, probe=probe)
            if wait:
                self.cooling.asked(now, wait, BREAKER_LONGEST)
            return
        self.breaker.succeeded(probe=probe)  # it refuses, so it is there
        if kind in REFUSED:
            self.cooling.refused(now, key=kind is Kind.UPSTREAM_AUTH)
        elif kind in LIMITED:
            self.cooling.throttled(now, wait)

    def succeeded(self, now: float, *, probe: bool) -> None:
        """Note a proper end."""
        self.breaker.succeeded(probe=probe)
        self.cooling.succeeded(now)

    def recovered(self, now: float, *, key: bool) -> None:
        """Note that the upstream is back, as checks show; `key` says that it takes the key again, too."""
        self.breaker.recovered(now)
        if key:
            self.cooling.welcomed(now)

    def spotless(self, now: float) -> bool:
        """True when it can be forgotten."""
        return self.breaker.spotless and self.cooling.spotless and now >= self.cooling.until


class Ward:
    """All that are in trouble, by credential and model."""

    def __init__(self) -> None:
        self._sick: dict[str, dict[str, Health]] = {}

    def find(self, credential: str, model: str) -> Health | None:
        """Return the state of a credential with a model; None: nothing is wrong."""
        models = self._sick.get(credential)
        return models.get(model) if models else None

    def of(self, credential: str) -> dict[str, Health]:
        """Return the states of a credential by model."""
        return self._sick.get(credential, {})

    def admit(self, credential: str, model: str) -> Health:
        """Return the state of a credential with a model, made if there was none; the oldest goes when they are many."""
        models = self._sick.setdefault(credential, {})
        if model not in models:
            if len(models) >= MODELS:
                del models[next(iter(models))]
            models[model] = Health()
        return models[model]

    def discharge(self, credential: str, model: str) -> None:
        """Forget one."""
        models = self._sick.get(credential, {})
        models.pop(model, None)
        if not models:
            self._sick.pop(credential, None)

    def reset(self, credential: str) -> None:
        """Forget all of a credential."""
        self._sick.pop(credential, None)

    def keep(self, credentials: Collection[str]) -> None:
        """Forget every credential but these."""
        self._sick = {name: models for name, models in self._sick.items() if name in credentials}

    def __iter__(self) -> Iterator[str]:
        return iter(self._sick)
