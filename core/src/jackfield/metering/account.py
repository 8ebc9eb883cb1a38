"""Metering: what one request cost and how fast it was, told exactly once per attempt and once per request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..model.errors import Detail, Kind, RequestFailed
from ..model.types import Clock, CompletionRecord, Scope, Usage
from ..responses import read_usage
from ..responses.event_names import OUTPUT, TERMINAL, WHOLE
from ..responses.sse import Event
from ..responses.values import object_of, text_of

Emit = Callable[[CompletionRecord], None]

Settle = Callable[[CompletionRecord, RequestFailed | None], None]
"""Takes an attempt's record, and why it failed (None: it did not)."""


class Meter:
    """Watches the events of one attempt: when output came, how often, and what the upstream counted."""

    __slots__ = ("_clock", "first_output", "last_output", "outputs", "served", "terminal", "usage")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.first_output: float | None = None
        self.last_output: float | None = None
        self.outputs = 0
        self.served = ""
        self.usage = Usage()
        self.terminal: Event | None = None

    def see(self, events: Sequence[Event]) -> None:
        """Take in events that have just arrived. Only the terminal one is parsed."""
        now = self._clock.monotonic()
        for event in events:
            kind = event.type
            if kind in OUTPUT:
                self._output(now)
            elif kind in WHOLE:
                if not self.outputs:
                    self._output(now)
            elif kind in TERMINAL:
                self.terminal = event
                response = object_of(event.json().get("response"))
                self.usage = read_usage(response.get("usage"))
                self.served = text_of(response.get("model")) or self.served

    def _output(self, now: float) -> None:
        self.outputs += 1
        self.last_output = now
        if self.first_output is None:
            self.first_output = now


@dataclass(frozen=True, slots=True)
class End:
    """What became of something, and when: one reading of the clock for an attempt and the request it ends."""

    status: int
    error: str
    ended: float
    measured_at: datetime
    failure: RequestFailed | None = None


class Account:
    """The books of one request. Each attempt is opened and closed here; the request is closed last, and only once."""

    def __init__(self, clock: Clock, emit: Emit, *, request_id: str, dialect: str) -> None:
        self._clock = clock
        self._emit = emit
        self._started = clock.monotonic()
        self._last: AttemptAccount | None = None
        self._closed = False
        self._asked = ""
        self._streaming = False
        self._dialect = dialect
        self.request_id = request_id
        self.client = ""
        self.attempts = 0

    def asked(self, model: str, *, streaming: bool) -> None:
        """Note what the client wants, once its request is understood."""
        self._asked = model
        self._streaming = streaming

    def attempt(self, provider: str, model: str, credential: str, settle: Settle | None = None) -> AttemptAccount:
        """Open the books of the next attempt; `settle` learns how it ended before anybody else."""
        self.attempts += 1
        names = {"provider": provider, "model": model, "credential": credential, "attempt": self.attempts}
        self._last = AttemptAccount(self, Meter(self._clock), names, self._clock.monotonic(), settle)
        return self._last

    def close(self, status: int, why: RequestFailed | str = "", wait: float | None = None) -> None:
        """Tell what became of the request: the status towards the client, and why it failed.

        `why` is the failure, or its kind alone ("" for success) with the seconds to wait. An attempt still open ends
        the same way. A second call says nothing.
        """
        if self._closed:
            return
        self._closed = True
        end = _end(status, why, wait, self._clock)
        last = self._last
        if last is None:
            names = {"provider": "", "model": self._asked, "credential": "", "attempt": 0}
            self._emit(self._record("request", Meter(self._clock), names, self._started, None, end))
            return
        last.end(end)
        self._emit(self._record("request", last.meter, last.names, self._started, last.started, end))

    def _record(
        self,
        scope: Scope,
        meter: Meter,
        names: Mapping[str, Any],
        started: float,
        attempt_started: float | None,
        end: End,
    ) -> CompletionRecord:
        return CompletionRecord(
            scope=scope,
            status=end.status,
            error=end.error,
            started=started,
            attempt_started=attempt_started,
            ended=end.ended,
            measured_at=end.measured_at,
            first_output=meter.first_output,
            last_output=meter.last_output,
            outputs=meter.outputs,
            usage=meter.usage,
            served=meter.served,
            request_id=self.request_id,
            dialect=self._dialect,
            client=self.client,
            streaming=self._streaming,
            **names,
        )


class AttemptAccount:
    """The books of one attempt, which began at `started` (monotonic seconds)."""

    def __init__(
        self, account: Account, meter: Meter, names: Mapping[str, Any], started: float, settle: Settle | None = None
    ) -> None:
        self._account = account
        self._settle = settle
        self._closed = False
        self.started = started
        self.meter = meter
        self.names = names

    def close(self, status: int, why: RequestFailed | str = "", wait: float | None = None) -> None:
        """Tell what became of the attempt, as `Account.close` does; a second call says nothing."""
        self.end(_end(status, why, wait, self._account._clock))

    def end(self, end: End) -> None:
        """Tell how the attempt ended, unless it was told before."""
        if not self._closed:
            self._closed = True
            account = self._account
            record = account._record("attempt", self.meter, self.names, self.started, self.started, end)
            if self._settle is not None:
                self._settle(record, end.failure)
            account._emit(record)


def _end(status: int, why: RequestFailed | str, wait: float | None, clock: Clock) -> End:
    failure = why if isinstance(why, RequestFailed) else None
    if failure is None and why:
        failure = RequestFailed(Kind(why), "", Detail(retry_after=wait))
    error = failure.kind.value if failure is not None else ""
    return End(status, error, clock.monotonic(), clock.now(), failure)
