"""The policy as a whole: candidates in order, attempts let through, outcomes learned from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random

from ...model.errors import RequestFailed, Verdict
from ...model.types import Clock, CompletionRecord, Credential
from ..registry import Route
from .affinity import Affinity
from .attempt import Trial
from .breaker import BreakerState
from .candidates import SelectionRequest, fitting, likeliest, tiers, upstream_model
from .cause import Cause
from .health import ANSWERED, Evidence, Health, HealthTable
from .health_results import CheckResult, HealthResults, RotationChange
from .outcomes import OutcomeTable
from .places import Concurrency
from .refused_reasoning import RefusedReasoning
from .retry_budget import RetryBudget
from .speed import Speed
from .states import CredentialState, ModelState, Outage, Rest
from .strategies import RoundRobin, SmoothWeightedRoundRobin, by_speed
from .waiting import WaitingRoom

_WORST: Sequence[BreakerState] = ("open", "half-open", "closed")
_AT_FAULT = frozenset({Verdict.KEY, Verdict.ACCOUNT, Verdict.LOAD, Verdict.UPSTREAM})
"""Verdicts on a credential or its upstream, which its success share counts."""

DEFAULT = SelectionRequest()


class Selector:
    """Chooses credentials and remembers how they did. One per server; reloads of the configuration keep it.

    `budget` bounds the retries of all requests, `room` has those that wait for a credential.
    """

    def __init__(self, clock: Clock, random: Random | None = None) -> None:
        self.reasoning = RefusedReasoning()
        self._clock = clock
        self._random = random or Random()  # noqa: S311  # it spreads load; nothing is secret about it
        self._turns = RoundRobin()
        self._shares = SmoothWeightedRoundRobin()
        self._affinity = Affinity()
        self._pace = Speed()
        self._ward = HealthTable()
        self._tally = OutcomeTable()
        self._checkups = HealthResults()
        self._places = Concurrency()
        self.budget = RetryBudget()
        self.room = WaitingRoom()

    def order(
        self, credentials: Iterable[Credential], route: Route, wish: SelectionRequest = DEFAULT, *, queued: bool = False
    ) -> list[Credential]:
        """Return the candidates for a route that may be asked now, in the order to try them.

        Those that list the model come alone, and only without any of them those whose patterns fit it. `queued`: the
        request has waited, and so comes before those that only arrive. Empty: none fits, all that fit rest, or their
        places are taken; `least_bad` and `outage` go on from there.
        """
        now = self._clock.monotonic()
        found = [
            credential
            for credential in fitting(credentials, route)
            if (not wish.cooling or self._free_at(credential, route, now) <= now)
            and self._has_place(credential, now, queued=queued)
        ]
        if len(found) > 1:
            found = self._checkups.well(found) if wish.cooling else found
            ranked = tiers(likeliest(found, route))
            found = [each for tier in ranked for each in self._order(tier, route, wish, now)]
        if found:
            self._turns.took(found[0].id)
        return found

    def least_bad(self, credentials: Iterable[Credential], route: Route) -> Credential | None:
        """Return whom to ask when all rest: the one that is back first, of those whose rest is no more than a guess.

        None: each that fits was refused or limited, or has no free place.
        """
        now = self._clock.monotonic()
        soft = [
            each
            for each in fitting(credentials, route)
            if self._ward.of(each.id).hard_until(upstream_model(route, each)) <= now
            and self._has_place(each, now, queued=False)
        ]
        return min(soft, key=lambda each: self._free_at(each, route, now), default=None)

    def doubtful(self, credentials: Iterable[Credential], route: Route) -> Credential | None:
        """Return whom to ask after another failed, though its breaker is open: one that answered some of the latest.

        Of many at once, some fail by chance. None: each rests for another reason, or answers nothing.
        """
        now = self._clock.monotonic()
        rest_until = [(each, self._ward.of(each.id).rest_until(upstream_model(route, each))) for each in credentials]
        return self.least_bad(
            (each for each, until in rest_until if until <= now and self.good(each) is not False), route
        )

    def back_in(
        self, credentials: Iterable[Credential], route: Route, wish: SelectionRequest = DEFAULT
    ) -> float | None:
        """Return the seconds until a limit or a rest that an upstream asked for ends, or 0 where one is only busy.

        None: there is nothing to wait for. An open breaker is not waited for: it may be asked as the least bad.
        """
        now = self._clock.monotonic()
        ends: list[float] = []
        for each in fitting(credentials, route):
            health, model = self._ward.of(each.id), upstream_model(route, each)
            rest = max(now, health.rest_until(model)) if wish.cooling else now
            if rest > now or not wish.cooling or health.free_at(model, now) <= now:
                ends.append(rest - now)
        return min(ends, default=None)

    def _has_place(self, credential: Credential, now: float, *, queued: bool) -> bool:
        places = self._places.of(credential.id)
        limit = places.limit(credential, now)
        if not limit:
            return True
        return places.taken < limit and (queued or not self.room.waiting_for(credential.id))

    def _order(self, tier: list[Credential], route: Route, wish: SelectionRequest, now: float) -> list[Credential]:
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
        return self._ward.of(credential.id).free_at(upstream_model(route, credential), now)

    def outage(self, credentials: Iterable[Credential], route: Route) -> Outage:
        """Return how each credential stands that may have a route's model.

        Who does not list it and said not to have it counts only where there is nobody else.
        """
        now = self._clock.monotonic()
        found = fitting(credentials, route)
        rests = [(each, self._rest(each, route, now)) for each in found]
        having = [rest for each, rest in rests if each.provider not in route.guesses or not rest.lacks]
        return Outage(tuple(having or [rest for _, rest in rests]))

    def _rest(self, credential: Credential, route: Route, now: float) -> Rest:
        health, model = self._ward.of(credential.id), upstream_model(route, credential)
        left = health.free_at(model, now) - now
        if left <= 0:
            return Rest(credential.provider, busy=not self._has_place(credential, now, queued=True))
        return Rest(credential.provider, left, health.cause(model, now))

    def admit(
        self,
        credential: Credential,
        route: Route,
        wish: SelectionRequest = DEFAULT,
        *,
        queued: bool = False,
        anyway: bool = False,
    ) -> Trial | None:
        """Let an attempt through; None when the credential came to rest, or is being probed, since it was chosen.

        `anyway`: it is the least bad one, and asked although it rests.
        """
        model, now = upstream_model(route, credential), self._clock.monotonic()
        health, places = self._ward.of(credential.id), self._places.of(credential.id)
        if not self._has_place(credential, now, queued=queued):
            return None
        probe = False
        if wish.cooling:
            if not anyway and health.free_at(model, now) > now:
                return None
            probe = health.probed(model, now)
        places.taken += 1
        return Trial(self, credential, model, wish, health, places, Evidence(now, wish.speaker, probe=probe))

    def good(self, credential: Credential) -> bool | None:
        """Return whether a credential answered well of late: True always, False never, None where that is open."""
        latest = self._ward.of(credential.id).latest
        return None if not latest or any(latest) != all(latest) else all(latest)

    def jitter(self) -> float:
        """Return a number from 0 to 1, for pauses that shall not fall together."""
        return self._random.random()

    def answered(self, trial: Trial) -> None:
        """Learn that an attempt's upstream has begun to answer: enough for a probe."""
        if trial.evidence.probe:
            trial.health.answered(trial.model, trial.evidence)

    def began(self, trial: Trial) -> None:
        """Learn that an attempt's first content came."""
        if trial.wish.conversation:
            self._affinity.bind(trial.wish.conversation, trial.model, trial.credential.id)
        self.answered(trial)
        trial.health.latest.append(True)
        self._settle(trial)

    def ended(self, trial: Trial, record: CompletionRecord, failure: RequestFailed | None) -> None:
        """Learn how an attempt ended."""
        self._settle(trial)
        trial.places.taken -= 1
        name = trial.credential.id
        if failure is None:
            self._pace.note(name, trial.model, record)
        if failure is None or failure.verdict in ANSWERED:
            self._checkups.served(name)
        if trial.health is self._ward.of(name):  # else it was reset, or has another key
            self._note(trial, record.measured_at, failure)
        self.room.ring()

    def _settle(self, trial: Trial) -> None:
        """Give back what the attempt took of the budget."""
        if trial.retry:
            trial.retry = False
            self.budget.give_back()

    def _note(self, trial: Trial, at: datetime, failure: RequestFailed | None) -> None:
        name, now = trial.credential.id, self._clock.monotonic()
        if failure is not None and failure.detail.full:
            trial.places.full(now)
        elif failure is None:
            self._tally.note(name, at)
        elif failure.verdict in _AT_FAULT:
            trial.health.latest.append(False)
            self._tally.note(name, at, Cause.of(failure))
        if not trial.wish.cooling:
            return
        if failure is None:
            trial.health.succeeded(trial.model, now, trial.evidence)
        else:
            trial.health.failed(trial.model, failure, now, trial.evidence)

    def checked(self, credential: str, result: CheckResult, *, cooling: bool = True) -> RotationChange:
        """Learn what a health check found; return whether it takes the credential out of rotation or brings it back.

        The first one that does not fail, after others did, also lets the models that rest after failures be tried at
        once, and those whose key was refused if it is taken again. What an upstream asked for is kept. Without
        `cooling` failures have no consequences.
        """
        checkup = self._checkups.admit(credential)
        out, troubled, refused = checkup.out, checkup.troubled, checkup.refused
        now = self._clock.monotonic()
        began = now - result.seconds
        checkup.note(result, began=began, harmless=not cooling)
        if troubled and not result.error:
            self._ward.of(credential).recovered(now, began=began, key=refused and result.welcomed)
            self.room.ring()
        if out == checkup.out:
            return ""
        return "out" if checkup.out else "back"

    def keep_checks(self, credentials: Collection[str]) -> None:
        """Forget what checks found, of every credential but these."""
        self._checkups.keep(credentials)

    def state(self, credential: Credential) -> CredentialState:
        """Return how a credential stands."""
        now, name = self._clock.monotonic(), credential.id
        health, outcomes, places = self._ward.of(name), self._tally.of(name), self._places.of(name)
        models = tuple(self._model(model, each, now) for model, each in health.models.items())
        whole = self._instant(health.cooling.until - now)
        rests = [each.resting_until for each in models if each.resting_until is not None]
        checkup = self._checkups.of(name)
        return CredentialState(
            credential=name,
            resting=whole is not None or (bool(rests) and outcomes.failing) or self._checkups.out(name),
            resting_until=max(whole, min(rests, default=whole)) if whole else min(rests, default=None),
            breaker=min((each.breaker for each in models), key=_WORST.index, default="closed"),
            last_error=outcomes.last_error,
            last_error_at=outcomes.last_error_at,
            success_share=outcomes.share,
            models=models,
            check=checkup.last if checkup else None,
            checks_failed=checkup.failures if checkup else 0,
            whole_until=whole,
            cause=health.cooling.cause if whole else None,
            last_message=outcomes.last_message,
            in_flight=places.taken,
            places=places.limit(credential, now) or None,
            waiting=self.room.waiting_for(name),
        )

    def _model(self, model: str, health: Health, now: float) -> ModelState:
        cause = health.cooling.cause if health.cooling.until > now else None
        return ModelState(model, self._instant(health.free_at(now) - now), health.breaker.state(now), cause)

    def _instant(self, left: float) -> datetime | None:
        return self._clock.now() + timedelta(seconds=left) if left > 0 else None

    def refuses(self, credential: Credential) -> bool:
        """Return True while a credential would not be asked even as the least bad: limited, refused, or checks say so.

        One whose breaker alone is open, or that lacks a model, does not refuse: it is asked when nobody else is left.
        """
        now, name = self._clock.monotonic(), credential.id
        health, failing = self._ward.of(name), self._tally.of(name).failing
        return self._checkups.out(name) or (health.refusing(now) if failing else health.cooling.until > now)

    def states(self, credentials: Iterable[Credential]) -> list[CredentialState]:
        """Return how credentials stand, in their order."""
        return [self.state(credential) for credential in credentials]

    def reset(self, credential: str | None = None) -> list[str]:
        """Let a credential (None: all) serve again at once; return the ids of those that were in trouble, sorted."""
        now = self._clock.monotonic()
        freed = {name for name in list(self._ward) if credential in (None, name) and self._ward.reset(name, now)}
        for name in self._ward:
            if credential in (None, name):
                self._places.of(name).forget()
        freed |= self._checkups.reset(credential, now)
        self.room.ring()
        return sorted(freed)

    def keep(self, credentials: Collection[str]) -> None:
        """Forget every credential but these, after a change of the configuration."""
        for part in (self._turns, self._shares, self._ward, self._tally, self._checkups, self._places):
            part.keep(credentials)
        self.room.ring()
