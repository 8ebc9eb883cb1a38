"""The statistics of one server: records in, events and rows out, answers for the API."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from jackfield.api import CompletionRecord, Host, Settings

from . import events, speeds, usage
from .figures import LONGEST_NAME, measured
from .options import Options
from .speeds import Question
from .store import Rows, Store

NAME = "tps"

Seen: TypeAlias = tuple[CompletionRecord, bool]
"""A request, and whether its usage is counted."""


class Recorder:
    """Watches one host from its start to its end; what its configuration says holds at once."""

    def __init__(self, host: Host) -> None:
        self._clock = host.clock
        self._host = host
        self._log = host.logger(NAME)
        self._started = host.clock.now()
        self._settings: Settings = host.settings
        self._options = Options.of(host.settings)
        self._store = self._opened()
        self._closing: set[asyncio.Task[None]] = set()

    def _opened(self) -> Store[Seen]:
        rows = partial(rows_of, names=usage.Names())  # names of its own: each store has its own thread
        return Store(self._options.place, rows, self._clock.now, self._log)

    @property
    def _current(self) -> Store[Seen]:
        """The store that the configuration in force names."""
        _ = self.options
        return self._store

    @property
    def options(self) -> Options:
        """The options in force. When they name another store, it is used from now on."""
        if self._host.settings is not self._settings:
            former, self._settings = self._options, self._host.settings
            self._options = Options.of(self._settings)
            if self._options.place != former.place:
                task = asyncio.get_running_loop().create_task(self._store.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
                self._store = self._opened()
        return self._options

    def observe(self, record: CompletionRecord) -> None:
        """Take in what became of an attempt, which may be an event, or of a request, which may be a sample."""
        options = self.options
        if record.scope == "request":
            self._store.add((record, options.usage))
        elif options.log and (figures := measured(record)) is not None:
            events.emit(self._log, record, figures)

    async def speeds(
        self, window: timedelta | None, *, provider: str = "", model: str = "", group: str = "", buckets: int = 0
    ) -> dict[str, Any]:
        """Return the answer to `GET /tps`, given the window (None: all that is kept). Raises StoreError."""
        now = self._clock.now()
        since = now - window if window else None
        begun = None if since is None else milliseconds(since)
        question = Question(begun, milliseconds(now), provider, model, group, buckets if since else 0)
        found, oldest = await self._current.ask(partial(speeds.answers, question=question))
        return {"since": self._since(since, oldest), **found}

    def _since(self, window: datetime | None, oldest: int | None) -> str:
        """Return from when on samples were looked at: the window's start, else the server's, or that of its history."""
        if window is not None:
            return events.moment(window)
        begun = self._started if oldest is None else min(self._started, moment_of(oldest))
        return events.moment(begun)

    async def usage(self, window: timedelta | None, provider: str, model: str) -> dict[str, Any]:
        """Return the answer to `GET /usage`, given the window (None: all that is kept). Raises StoreError."""
        counted = self.options.usage
        since = int((self._clock.now() - window).timestamp()) // 3600 if window else None
        found = await self._current.ask(partial(usage.totals, since=since, provider=provider, model=model))
        first = found.pop("first-hour") if since is None else since
        begun = None if first is None else events.moment(moment_of(first * 3_600_000))
        return {"enabled": counted, "since": begun, **found}

    async def close(self) -> None:
        """Store what is left."""
        await self._store.close()
        await asyncio.gather(*self._closing)


def rows_of(seen: Seen, names: usage.Names) -> Rows:
    """Return the rows to store of a request. It runs in a store's thread, of which `names` are."""
    record, used = seen
    figures = measured(record)
    if figures is None and not used:
        return None, None
    model, client = _bounded(record, names)
    sample = None
    if figures is not None:
        sample = speeds.row_of(milliseconds(record.measured_at), replace(figures, model=model))
    return sample, usage.row_of(record, model, client) if used else None


def _bounded(record: CompletionRecord, names: usage.Names) -> tuple[str, str]:
    """Return the names of model and client that are counted."""
    hour = usage.hour_of(record)
    model = record.model[:LONGEST_NAME] if record.provider else usage.OTHER
    client = record.client or usage.NOBODY
    model = model if names.known(hour, "model", record.provider, model) else usage.OTHER
    return model, client if names.known(hour, "client", client) else usage.OTHER


def milliseconds(when: datetime) -> int:
    """Return a moment as milliseconds since 1970."""
    return round(when.timestamp() * 1000)


def moment_of(at: int) -> datetime:
    """Return the moment that so many milliseconds since 1970 are."""
    return datetime.fromtimestamp(at / 1000, UTC)
