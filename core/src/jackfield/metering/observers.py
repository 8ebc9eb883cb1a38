"""The way of completion records to whoever observes: a bounded queue, emptied by one task, never in a request's own."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from ..model.types import CompletionRecord
from . import request_log

logger = logging.getLogger("jackfield.observers")

CAPACITY = 10_000
BATCH = 100
"""Records shown before the event loop gets its turn again."""


class Observers:
    """Queue records for `show`. When the queue is full, records are dropped and counted.

    `wanted` says whether anybody is shown them, `logged` whether `request-log` is on, which an edit of the
    configuration may change at any time; where neither is true, nothing is queued.
    """

    def __init__(
        self, show: Callable[[CompletionRecord], None], *, wanted: Callable[[], bool], logged: Callable[[], bool]
    ) -> None:
        self._shown_to = show
        self._wanted = wanted
        self._logged = logged
        self._queue: deque[CompletionRecord] = deque()
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def emit(self, record: CompletionRecord) -> None:
        """Queue a record; never waits and never raises."""
        if not (self._wanted() or self._logged()):
            return
        if len(self._queue) >= CAPACITY:
            self.dropped += 1
            if self.dropped == 1 or self.dropped % CAPACITY == 0:
                logger.warning("observers are too slow: %d completion records dropped so far", self.dropped)
            return
        self._queue.append(record)
        self._ready.set()

    def start(self) -> None:
        """Begin to show records."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="jackfield observers")

    async def stop(self) -> None:
        """Show what is queued, then end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        while self._queue:
            self._show()

    async def _run(self) -> None:
        while True:
            await self._ready.wait()
            self._show()
            if not self._queue:
                self._ready.clear()
            await asyncio.sleep(0)

    def _show(self) -> None:
        for _ in range(min(BATCH, len(self._queue))):
            record = self._queue.popleft()
            if self._logged() and record.scope == "request":
                request_log.write(record)
            self._shown_to(record)
