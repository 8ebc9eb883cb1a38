"""The attempts of one request: who is asked, who next, and what may follow a failure."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from ..model.errors import Kind, UpstreamError, Verdict
from ..model.types import Credential
from .credentials import SelectionRequest, Selector, Trial
from .credentials.candidates import fitting, likeliest
from .registry import Route

PAUSE = 0.1
"""Seconds before the only credential is tried again; up to as much again is added by chance."""


class Attempts:
    """The credentials that fit one request, the attempts that are left, and the time that it may wait for one.

    `retries` is how many may follow the first; all requests together have a budget too. `patience` are the seconds that
    the request may wait, in all, while nobody can serve it.
    """

    def __init__(
        self,
        selector: Selector,
        credentials: Iterable[Credential],
        route: Route,
        wish: SelectionRequest,
        *,
        retries: int,
        patience: float,
    ) -> None:
        self._selector = selector
        self._untried = fitting(credentials, route)
        self._queue: deque[Credential] = deque()
        self._route = route
        self._wish = wish
        self._left = retries
        self._patience = patience
        likely = likeliest(self._untried, route)
        self._lone = likely[0] if len(likely) == 1 else None
        self._chance: Credential | None = None
        self._asked = self._answered = self._free = self._queued = self._anyway = False
        self._met: set[Kind] = set()

    async def candidates(self) -> list[Credential]:
        """Return those that may be asked now, in order; where there are none, wait for the first that is back soon.

        Empty: nobody will be back in time.
        """
        await self._gather()
        return list(self._queue)

    def prefer(self, credential: Credential) -> None:
        """Put one of the candidates in front."""
        self._queue = deque([credential, *(each for each in self._queue if each is not credential)])

    async def next(self) -> Trial | None:
        """Return the next attempt; candidates that came to rest meanwhile are passed over. None: nobody is left.

        So are those that did badly of late when the budget is used up: one behind them may do well, and is free.
        """
        refused = False
        while self._queue or (not refused and await self._gather()):
            credential = self._queue.popleft()
            retry = await self._budgeted(credential)
            if retry is None:
                refused = True
                continue
            trial = self._selector.admit(credential, self._route, self._wish, queued=self._queued, anyway=self._anyway)
            if trial is not None:
                trial.retry = retry
                self._asked, self._free = True, False
                self._untried = [each for each in self._untried if each is not credential]
                return trial
            if retry:
                self._selector.budget.give_back()
        return None

    @property
    def last(self) -> bool:
        """True when nobody else can be asked after the attempt at hand."""
        return self._anyway or not self._left or not self._untried

    def repeat(self, credential: Credential) -> None:
        """Let the next attempt be with this credential: it refused the request, which was changed for it."""
        self._queue.appendleft(credential)
        self._free = True

    def failed(self, trial: Trial, error: UpstreamError) -> None:
        """Note a failure before its attempt ends. One that another credential had too tells of the request, perhaps."""
        trial.evidence.alike = error.kind in self._met
        self._met.add(error.kind)
        self._answered |= error.verdict is not Verdict.MODEL
        if trial.credential is self._lone and error.detail.unsent:
            self._chance = trial.credential

    async def may_follow(self, credential: Credential, error: UpstreamError) -> bool:
        """Return True when a failure may be followed by another attempt.

        Each is on another credential. One that is only full may be asked again, in its turn. Where there is one alone,
        or one alone that lists the model and others said not to have it, it gets a second chance after a short pause,
        once, if no connection came about: what it may have worked on is not paid for twice. The least bad one, asked
        for want of a better, is the last.
        """
        if not self._left or self._anyway:
            return False
        if error.verdict is Verdict.REQUEST:
            return self._elsewhere(credential, error)
        self._left -= 1
        if error.detail.full:
            self._untried.append(credential)
            self._free = True
        elif error.verdict is Verdict.OURSELVES:
            self._free = True
        elif not self._untried:
            return await self._again(credential, error)
        return True

    def _elsewhere(self, credential: Credential, error: UpstreamError) -> bool:
        """Let one other provider be asked after a 403 about the request: a filter in front of one is not in all."""
        if error.kind is not Kind.FORBIDDEN:
            return False
        others = [each for each in self._untried if _place(each) != _place(credential)]
        order = self._selector.order(others, self._route, self._wish)
        self._queue, self._untried, self._left = deque(order[:1]), order[:1], 0
        return bool(order)

    async def _again(self, credential: Credential, error: UpstreamError) -> bool:
        chance, self._chance = self._chance, None
        if chance is None or (chance is not credential and error.verdict is not Verdict.MODEL):
            return False
        self._lone = None
        self._queue.append(chance)
        await asyncio.sleep(PAUSE * (1 + self._selector.jitter()))
        return True

    async def _gather(self) -> bool:
        """Find candidates among those not tried yet; return False when nobody can be asked."""
        order = self._selector.order(self._untried, self._route, self._wish)
        self._queue = deque(order)
        return bool(order) or (bool(self._untried) and (await self._wait() or self._least_bad()))

    async def _wait(self) -> bool:
        """Wait for the first that is back, if that is soon enough and there is room to wait."""
        with self._selector.room.place([each.id for each in self._untried]) as placed:
            while placed:
                back = self._selector.back_in(self._untried, self._route, self._wish)
                if back is None or back > self._patience or not self._patience:
                    return False
                await self._pause(back or self._patience)
                order = self._selector.order(self._untried, self._route, self._wish, queued=True)
                if order:
                    self._queue, self._queued = deque(order), True
                    return True
        return False

    async def _pause(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        await self._selector.room.pause(min(seconds, self._patience))
        self._patience = max(0.0, self._patience - (loop.time() - started))

    def _least_bad(self) -> bool:
        """Choose the one to ask although it rests: a model is never left without anyone that may have it."""
        choose = self._selector.doubtful if self._answered else self._selector.least_bad
        found = choose(self._untried, self._route)
        self._anyway = found is not None
        self._queue = deque([found] if found is not None else [])
        return self._anyway

    async def _budgeted(self, credential: Credential) -> bool | None:
        """Return True when an attempt was taken from the budget, False when it needs none, None when there is none.

        One with a credential that answered well of late is free. Of one that nothing is known of yet, or that answers
        now and then, the answer to those that were let through is waited for: it tells whether the rest may follow.
        """
        if not self._asked or self._free:
            return False
        with self._selector.room.place(()) as placed:
            while not (good := self._selector.good(credential)):
                if self._selector.budget.take():
                    return True
                if good is False or not placed or not self._patience:
                    return None
                await self._pause(self._patience)
        return False


def _place(credential: Credential) -> tuple[str, str]:
    """Return where a credential's requests go: to a provider, at an address."""
    return credential.provider, str(credential.attributes.get("base_url", ""))
