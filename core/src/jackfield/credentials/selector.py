"""The policy as a whole: candidates in order, attempts let through, outcomes learned from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from functools import partial
from random import Random

from ..errors import Kind
from ..registry import Route
from ..types import Clock, CompletionRecord, Credential
from .affinity import Affinity
from .breaker import BreakerState
from .budget import RetryBudget
from .checkups import CheckResult, Checkups, Turn
from .health import ANSWERED, BROKEN, LIMITED, REFUSED, Health, Ward
from .pace import Pace
from .rotation import Wish, fitting, tiers, upstream_model
from .states import CredentialState, ModelState, Outage
from .strategies import Shares, Turns, by_speed
from .tally import Tally
from .trial import Trial

_WORST: Sequence[BreakerState] = ("open", "half-open", "closed")
_FAILURES = {kind.value for kind in REFUSED | LIMITED | BROKEN}
_AT_WORK = {"", *(kind.value for kind in ANSWERED)}

DEFAULT = Wish()


class Selector:
    """Chooses credentials and remembers how they did. One per server; reloads of the configuration keep it."""

    def __init__(self, clock: Clock, random: Random | None = None) -> None:
        self._clock = clock
        self._random = random or Random()  # noqa: S311  # it spreads load; nothing is secret about it
        self._turns = Turns()
        self._shares = Shares()
        self._affinity = Affinity()
        self._pace = Pace()
        self._ward = Ward()
        self._tally = Tally()
        self._budget = RetryBudget()
        self._checkups = Checkups()

    def order(self, credentials: Iterable[Credential], route: Route, wish: Wish = DEFAULT) -> list[Credential]:
        """Return the candidates for a route that do not rest, in the order to try them: to be asked once per request.

        Empty: none fits, or all that fit rest; `outage` tells.
        """
        now = self._clock.monotonic()
        self._budget.request(now)
        found = [
            credential
            for credential in fitting(credentials, route)
            if not wish.cooling or self._free_at(credential, route, now) <= now
        ]
        if len(found) > 1:
            found = self._checkups.well(found) if wish.cooling else found
            found = [each for tier in tiers(found) for each in self._order(tier, route, wish, now)]
        if found:
            self._turns.took(found[0].id)
        return found

    def _order(self, tier: list[Credential], route: Route, wish: Wish, now: float) -> list[Credential]:
        if len(tier) == 1:
            return tier
        order = self._by_strategy(tier, route, wish.strategy, now)
        if not wish.conversation:
            return order
        find = self._affinity.find
        return sorted(order, key=lambda each: find(wish.conversation, upstream_model(route, each)) != each.id)

    def _by_strategy(self, tier: list[Credential], route: Route, strategy: str, now: float) -> list[Credential]:
        if strategy == "fill-first":
            return tier
        if strategy == "weighted":
            return self._shares.order(tier)
        taken = self._turns.order(tier)
        if strategy == "fastest":
            seconds = partial(self._seconds, route=route, now=now)
            return by_speed(taken, seconds, self._random)
        return taken

    def _seconds(self, credential: Credential, route: Route, now: float) -> float | None:
        return self._pace.seconds(credential.id, upstream_model(route, credential), now)

    def _free_at(self, credential: Credential, route: Route, now: float) -> float:
        health = self._ward.find(credential.id, upstream_model(route, credential))
        return health.free_at(now) if health is not None else 0.0

    def outage(self, credentials: Iterable[Credential], route: Route) -> Outage | None:
        """Return for how long nobody can serve a route; None when no credential fits it at all."""
        now = self._clock.monotonic()
        models = [(each, upstream_model(route, each)) for each in fitting(credentials, route)]
        resting = [health for each, model in models if (health := self._ward.find(each.id, model)) is not None]
        if not models or len(resting) < len(models):
            return Outage(1.0, limited=False) if models else None
        limited = all(each.cooling.limited and each.cooling.until > now for each in resting)
        return Outage(max(1.0, min(each.free_at(now) for each in resting) - now), limited)

    def admit(self, credential: Credential, route: Route, wish: Wish = DEFAULT) -> Trial | None:
        """Let an attempt through; None when the credential came to rest, or is being probed, since it was chosen."""
        model = upstream_model(route, credential)
        health = self._ward.find(credential.id, model) if wish.cooling else None
        probe = None
        if health is not None:
            now = self._clock.monotonic()
            if health.free_at(now) > now:
                return None
            if health.breaker.awaits_probe:
                health.breaker.probe()
                probe = health
        return Trial(self, credential, model, wish, probe)

    def may_retry(self) -> bool:
        """Take a further attempt from the budget; False when there is none left in this minute."""
        return self._budget.take(self._clock.monotonic())

    def jitter(self) -> float:
        """Return a number from 0 to 1, for pauses that shall not fall together."""
        return self._random.random()

    def began(self, trial: Trial) -> None:
        """Learn that an attempt's first content came."""
        if trial.wish.conversation:
            self._affinity.bind(trial.wish.conversation, trial.model, trial.credential.id)
        if trial.probe is not None:
            trial.probe.breaker.began(probe=True)
            trial.probe = None

    def ended(self, trial: Trial, record: CompletionRecord, wait: float | None) -> None:
        """Learn how an attempt ended."""
        error, name = record.error, trial.credential.id
        if not error:
            self._pace.note(name, trial.model, record)
        if error in _AT_WORK:
            self._checkups.served(name)
        if not error or error in _FAILURES:
            self._tally.note(name, error, record.measured_at)
        if trial.wish.cooling:
            self._judge(trial, error, wait)

    def _judge(self, trial: Trial, error: str, wait: float | None) -> None:
        """Change the state of a credential with a model; one without trouble has none, and that is the usual way."""
        name, model = trial.credential.id, trial.model
        health = self._ward.find(name, model)
        if health is None and error not in _FAILURES:
            return
        now = self._clock.monotonic()
        health = health or self._ward.admit(name, model)
        probe = trial.probe is health
        if error in _FAILURES:
            health.failed(Kind(error), wait, now, probe=probe)
        elif error in _AT_WORK:
            health.succeeded(now, probe=probe)
        else:
            health.breaker.abandoned(probe=probe)
        if health.spotless(now):
            self._ward.discharge(name, model)

    def checked(self, credential: str, result: CheckResult, *, cooling: bool = True) -> Turn:
        """Learn what a health check found; return whether it takes the credential out of rotation or brings it back.

        The first one that does not fail, after others did, also lets the models that rest after failures be tried at
        once, and those whose key was refused if it is taken again. What an upstream asked for is kept. Without
        `cooling` failures have no consequences.
        """
        checkup = self._checkups.admit(credential)
        out, troubled, refused = checkup.out, checkup.troubled, checkup.refused
        checkup.note(result, harmless=not cooling)
        if troubled and not result.error:
            now = self._clock.monotonic()
            for health in self._ward.of(credential).values():
                health.recovered(now, key=refused and result.welcomed)
        if out == checkup.out:
            return ""
        return "out" if checkup.out else "back"

    def keep_checks(self, credentials: Collection[str]) -> None:
        """Forget what checks found, of every credential but these."""
        self._checkups.keep(credentials)

    def state(self, credential: Credential) -> CredentialState:
        """Return how a credential stands."""
        now, name = self._clock.monotonic(), credential.id
        models = tuple(self._model(model, health, now) for model, health in self._ward.of(name).items())
        outcomes = self._tally.of(name)
        rests = [each.resting_until for each in models if each.resting_until is not None]
        checkup = self._checkups.of(name)
        return CredentialState(
            credential=name,
            resting=(bool(rests) and outcomes.failing) or self._checkups.out(name),
            resting_until=min(rests, default=None),
            breaker=min((each.breaker for each in models), key=_WORST.index, default="closed"),
            last_error=outcomes.last_error,
            last_error_at=outcomes.last_error_at,
            success_share=outcomes.share,
            models=models,
            check=checkup.last if checkup else None,
            checks_failed=checkup.failures if checkup else 0,
        )

    def _model(self, model: str, health: Health, now: float) -> ModelState:
        left = health.free_at(now) - now
        until = self._clock.now() + timedelta(seconds=left) if left > 0 else None
        return ModelState(model, until, health.breaker.state(now))

    def states(self, credentials: Iterable[Credential]) -> list[CredentialState]:
        """Return how credentials stand, in their order."""
        return [self.state(credential) for credential in credentials]

    def reset(self, credential: str | None = None) -> list[str]:
        """Let a credential (None: all) serve again at once; return the ids of those that were in trouble, sorted."""
        freed = {name for name in self._ward if credential in (None, name)}
        for name in freed:
            self._ward.reset(name)
        return sorted(freed | self._checkups.reset(credential))

    def keep(self, credentials: Collection[str]) -> None:
        """Forget every credential but these, after a change of the configuration."""
        for part in (self._turns, self._shares, self._ward, self._tally, self._checkups):
            part.keep(credentials)
