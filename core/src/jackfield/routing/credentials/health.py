"""The state of every credential: what rests with all its models, what with one. What a failure is about decides."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator

from ...model.errors import RequestFailed, Verdict
from .breaker import LONGEST as BREAKER_LONGEST
from .breaker import Breaker
from .cause import Cause
from .cooldown import ABSENT, LONGEST, Cooldown

MODELS = 256
"""Models per credential whose state is kept: names come from clients, and there is no end to them."""
LATEST = 3
"""Answers that say whether a credential did well of late."""

SERVER_ERROR = 500
"""HTTP statuses from here on say that something is wrong at the upstream."""
WHOLE = frozenset({Verdict.KEY, Verdict.ACCOUNT})
"""Let a credential rest with all its models."""
ANSWERED = frozenset({Verdict.REQUEST, Verdict.CLIENT})
"""Refusals that show the upstream at work, and have no consequence."""
SOFT = frozenset({Verdict.UPSTREAM, Verdict.MODEL})
"""Rests that yield when nobody else is left: they come from a guess, and an answer is better than none."""


class Health:
    """One credential with one model: its rest and its breaker."""

    __slots__ = ("breaker", "cooling")

    def __init__(self) -> None:
        self.breaker = Breaker()
        self.cooling = Cooldown()

    def free_at(self, now: float) -> float:
        """Return the instant from which an attempt is let through; in the past means now."""
        return max(self.cooling.until, self.breaker.free_at(now))

    def hard_until(self) -> float:
        """Return the end of a rest that does not yield; 0 when there is none."""
        cause = self.cooling.cause
        return self.cooling.until if cause is not None and cause.verdict not in SOFT else 0.0

    def spotless(self, now: float) -> bool:
        """True when it can be forgotten."""
        return self.breaker.spotless and self.cooling.spotless and now >= self.cooling.until


class Evidence:
    """How an attempt ended: when it began, whether an open breaker let it through, who asked.

    `alike`: the same request failed in the same way on another credential already.
    """

    __slots__ = ("alike", "began", "conversation", "probe")

    def __init__(self, began: float, conversation: str, *, probe: bool = False, alike: bool = False) -> None:
        self.began = began
        self.conversation = conversation
        self.probe = probe
        self.alike = alike


class CredentialHealth:
    """One credential: a rest with all its models, those that failed it, and how its latest answers were.

    A reset, or another key, puts a new one in its place: what attempts then under way tell later reaches nobody.
    """

    __slots__ = ("_served", "cooling", "latest", "models")

    def __init__(self) -> None:
        self.cooling = Cooldown()
        self.models: dict[str, Health] = {}
        self.latest: deque[bool] = deque(maxlen=LATEST)
        self._served: dict[str, float] = {}

    @property
    def good(self) -> bool:
        """True when there were answers of late, and all of them good."""
        return bool(self.latest) and all(self.latest)

    def free_at(self, model: str, now: float) -> float:
        """Return the instant from which an attempt with a model is let through; in the past means now."""
        health = self.models.get(model)
        return max(self.cooling.until, health.free_at(now)) if health else self.cooling.until

    def hard_until(self, model: str) -> float:
        """Return the end of what speaks against an attempt even if nobody else is left."""
        health = self.models.get(model)
        return max(self.cooling.until, health.hard_until()) if health else self.cooling.until

    def refusing(self, now: float) -> bool:
        """True when it rests with all its models, or with each that is known in a way that does not yield."""
        refused = bool(self.models) and all(each.hard_until() > now for each in self.models.values())
        return refused or self.cooling.until > now

    def rest_until(self, model: str) -> float:
        """Return the end of the rests, the breaker apart; in the past means none."""
        health = self.models.get(model)
        return max(self.cooling.until, health.cooling.until) if health else self.cooling.until

    def cause(self, model: str, now: float) -> Cause | None:
        """Return what the rest came from that ends last; None when a breaker alone is open."""
        health = self.models.get(model)
        longest = self.cooling
        if health is not None and health.cooling.until > longest.until:
            longest = health.cooling
        return longest.cause if longest.until > now else None

    def probed(self, model: str, now: float) -> bool:
        """Note that an attempt is let through; return whether an open breaker waits for its answer."""
        health = self.models.get(model)
        if health is None or not health.breaker.awaits_probe:
            return False
        health.breaker.probe(now)
        return True

    def answered(self, model: str, evidence: Evidence) -> None:
        """Learn that a probe's answer has begun."""
        if (health := self.models.get(model)) is not None:
            health.breaker.answered(began=evidence.began, probe=evidence.probe)

    def of(self, model: str) -> Health:
        """Return the state with a model, made if there was none; the oldest goes when they are many."""
        if model not in self.models:
            if len(self.models) >= MODELS:
                del self.models[next(iter(self.models))]
            self.models[model] = Health()
        return self.models[model]

    def failed(self, model: str, failure: RequestFailed, now: float, evidence: Evidence) -> None:
        """Learn from a failure: what it is about bears the consequence, and nothing else does."""
        verdict, cause = failure.verdict, Cause.of(failure)
        if verdict is Verdict.OURSELVES:
            return self.abandoned(model, evidence)
        if verdict is not Verdict.UPSTREAM and failure.detail.upstream_status < SERVER_ERROR:
            self._at_work(model, evidence)  # it refuses, so it is there
        wait = failure.detail.retry_after
        if verdict in WHOLE:
            self.cooling.rest(now, (wait if verdict is Verdict.ACCOUNT else None) or LONGEST, cause)
        elif verdict is Verdict.MODEL:
            self.of(model).cooling.rest(now, wait or ABSENT, cause)
        elif verdict is Verdict.LOAD:
            cooling = self.of(model).cooling
            (cooling.full if failure.detail.full else cooling.throttled)(now, wait, cause)
        elif verdict is Verdict.UPSTREAM:
            self._broken(model, wait, now, cause, evidence)
        return None

    def _broken(self, model: str, wait: float | None, now: float, cause: Cause, evidence: Evidence) -> None:
        if evidence.began < self._served.get(model, 0.0):
            return  # an attempt that began later was served
        health = self.of(model)
        if evidence.alike:
            health.breaker.abandoned(probe=evidence.probe)
        else:
            health.breaker.failed(now, evidence.conversation, began=evidence.began, probe=evidence.probe)
        if wait:
            health.cooling.rest(now, min(wait, BREAKER_LONGEST), cause)

    def succeeded(self, model: str, now: float, evidence: Evidence) -> None:
        """Learn of a proper end."""
        self._served_at(model, evidence.began)
        if (health := self.models.get(model)) is not None:
            health.breaker.succeeded(began=evidence.began, probe=evidence.probe)
            health.cooling.succeeded(evidence.began)
            self.tidy(model, now)

    def _served_at(self, model: str, began: float) -> None:
        if model not in self._served and len(self._served) >= MODELS:
            del self._served[next(iter(self._served))]
        self._served[model] = max(began, self._served.get(model, 0.0))

    def _at_work(self, model: str, evidence: Evidence) -> None:
        self._served_at(model, evidence.began)
        if (health := self.models.get(model)) is not None:
            health.breaker.succeeded(began=evidence.began, probe=evidence.probe)

    def abandoned(self, model: str, evidence: Evidence) -> None:
        """Learn of an attempt that tells nothing: the client left, or the proxy itself failed."""
        if (health := self.models.get(model)) is not None:
            health.breaker.abandoned(probe=evidence.probe)

    def recovered(self, now: float, *, began: float, key: bool) -> None:
        """Learn that the upstream is back, as a check shows that began then; `key`: it takes the key again, too."""
        for health in self.models.values():
            health.breaker.recovered(now, began=began)
        if key and self.cooling.began <= began:
            self.cooling.welcomed(now)

    def tidy(self, model: str, now: float) -> None:
        """Forget a model that is without trouble."""
        if (health := self.models.get(model)) is not None and health.spotless(now):
            del self.models[model]


class HealthTable:
    """The credentials, by id."""

    def __init__(self) -> None:
        self._known: dict[str, CredentialHealth] = {}

    def of(self, credential: str) -> CredentialHealth:
        """Return the state of a credential, made if there was none."""
        health = self._known.get(credential)
        if health is None:
            health = self._known[credential] = CredentialHealth()
        return health

    def reset(self, credential: str, now: float) -> bool:
        """Begin anew with a credential; return whether anything rested or was suspected."""
        old = self._known.get(credential)
        if old is None:
            return False
        self._known[credential] = CredentialHealth()
        return bool(old.models) or old.cooling.until > now

    def keep(self, credentials: Collection[str]) -> None:
        """Forget every credential but these."""
        self._known = {name: health for name, health in self._known.items() if name in credentials}

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)
