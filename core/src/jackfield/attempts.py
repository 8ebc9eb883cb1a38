"""The attempts of one request: who is next, and what may follow a failure."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from .credentials import Selector, Trial, Wish
from .errors import Kind, UpstreamError, Verdict
from .registry import Route
from .types import Credential

PAUSE = 0.1
"""Seconds before the only credential is tried again; up to as much again is added by chance."""

_PASSING = frozenset({Kind.UNREACHABLE, Kind.STREAM_CUT})
"""Failures of the way rather than the upstream, which a second attempt often does not meet."""


class Attempts:
    """The candidates of one request, taken once, and the attempts that are left.

    `retries` is how many may follow the first. All requests together have a budget too (`Selector.may_retry`).
    """

    def __init__(
        self, selector: Selector, candidates: Iterable[Credential], route: Route, wish: Wish, retries: int
    ) -> None:
        self._selector = selector
        self._queue = deque(candidates)
        self._route = route
        self._wish = wish
        self._left = retries
        self._alone = len(self._queue) == 1

    def next(self) -> Trial | None:
        """Return the next attempt; candidates that came to rest meanwhile are passed over. None: nobody is left."""
        while self._queue:
            trial = self._selector.admit(self._queue.popleft(), self._route, self._wish)
            if trial is not None:
                return trial
        return None

    def repeat(self, credential: Credential) -> None:
        """Let the next attempt be with this credential: the request was changed for it."""
        self._queue.appendleft(credential)

    async def may_follow(self, credential: Credential, error: UpstreamError) -> bool:
        """Return True when a failure may be followed by another attempt.

        Each is on another credential. Where there is one alone, it gets a second chance after a short pause, once, if
        the connection failed and not the upstream.
        """
        elsewhere = error.kind.failover or error.kind is Kind.FORBIDDEN or error.verdict is Verdict.MODEL
        if not elsewhere or not self._left:
            return False
        again = not self._queue
        if again and not (self._alone and error.kind in _PASSING):
            return False
        if not self._selector.may_retry():
            return False
        self._left -= 1
        if again:
            self._alone = False
            self._queue.append(credential)
            await asyncio.sleep(PAUSE * (1 + self._selector.jitter()))
        return True
