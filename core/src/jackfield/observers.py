"""The way of completion records to the plugins: a bounded queue, emptied by one task, never in a request's own."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from . import request_log
from .host import Host
from .plugins import Plugins
from .types import CompletionRecord

logger = logging.getLogger("jackfield.observers")

CAPACITY = 10_000
BATCH = 100
"""Records shown before the event loop gets its turn again."""


class Observers:
    """Queue records for `on_request_complete`. When the queue is full, records are dropped and counted."""

    def __init__(self, plugins: Plugins, host: Host | None = None) -> None:
        self._plugins = plugins
        self._host = host
        self._queue: deque[CompletionRecord] = deque()
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def emit(self, record: CompletionRecord) -> None:
        """Queue a record; never waits and never raises."""
        if not (self._plugins.observers or self._logged()):
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
            self._plugins.on_request_complete(record, self._host)

    def _logged(self) -> bool:
        """True while `request-log` is on, which an edit of the configuration may change at any time."""
        return self._host is not None and self._host.settings.request_log
