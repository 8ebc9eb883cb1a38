"""The beginning of one answer, as its two sides share it: who looks for an upstream, and who has the client.

The client is told nothing until an answer has content, so that a failure may still be a status and another upstream
take over. That ends with `limits.handshake-hold`: from then on the client has its headers and signs of life. While no
upstream has said anything the search goes on behind them; the first event decides who serves. The request itself is
kept only as long as somebody may have to send it again (ADR 0015).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ..dialects.base import Parsed
from ..model.types import EMPTY
from .executor import EventStream

SETTLED = 5.0
"""Seconds after which an attempt that has no answer yet is taken to have been let in, and to be worked on."""


class Handshake:
    """What is known of an answer before it is shown. `spent` is True once the request can go nowhere more."""

    def __init__(self) -> None:
        self.spent = False
        self._deadline: float | None = None
        self._shown = False
        self._stream: EventStream | None = None
        self._last = False
        self._carried: Parsed | None = None
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the upstream that has answered; none before that."""
        return self._stream.headers if self._stream is not None else EMPTY

    @property
    def native_headers(self) -> Mapping[str, str]:
        """Those that only a client of the Responses API is shown."""
        found: Mapping[str, str] = getattr(self._stream, "native_headers", EMPTY)
        return found

    @property
    def left(self) -> float | None:
        """Seconds until the client gets its headers in any case; None for an answer that is no stream."""
        return None if self._deadline is None else max(0.0, self._deadline - asyncio.get_running_loop().time())

    def hold(self, seconds: float) -> None:
        """Hold the client's stream back for so long at most, from now on."""
        self._deadline = asyncio.get_running_loop().time() + seconds

    def attempt(self, parsed: Parsed, *, last: bool) -> None:
        """Note that the next attempt begins, which sends this request. `last`: should it fail, nobody else is asked."""
        self._stream, self._carried, self._last = None, parsed, last
        self._began = asyncio.get_running_loop().time()
        if self._shown:
            self._let_go()

    def answered(self, stream: EventStream) -> None:
        """Note that an upstream has answered with success."""
        self._stream = stream
        if self._shown:
            self._let_go()

    def show(self) -> None:
        """Note that the client has its headers."""
        self._shown = True
        self._let_go()

    def close(self) -> None:
        """The search is over: keep nothing."""
        self._stream = self._carried = None
        self._set(None)

    def _let_go(self) -> None:
        """Empty the request once the client waits in any case, an upstream works on it, and nobody else would.

        One that says nothing is given SETTLED seconds to refuse: a connection may yet fail, or a relay be full, after
        which it is asked again.
        """
        if not self._last or self._carried is None:
            return
        loop = asyncio.get_running_loop()
        left = self._began + SETTLED - loop.time()
        if self._stream is None and left > 0:
            self._set(loop.call_later(left, self._let_go))
            return
        self.spent = True
        # In place: frames that wait for the answer refer to the request, and would keep it until then.
        self._carried.body.clear()
        self._carried = None

    def _set(self, timer: asyncio.TimerHandle | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = timer
