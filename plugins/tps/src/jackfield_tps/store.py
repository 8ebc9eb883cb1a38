"""The store as the event loop sees it: items are handed over and never waited for; one thread writes and answers.

Whatever happens to the file, requests do not notice: items that cannot be written wait for a while, then they are lost
and counted.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from .database import Database, Row, UnusableFileError, is_broken
from .options import Place

T = TypeVar("T")
Item = TypeVar("Item")
Rows: TypeAlias = tuple[Row | None, Row | None]
"""A sample, and a line of usage."""
Query = Callable[[sqlite3.Connection], T]

LINGER = 0.2
"""Seconds that items wait for more, so that one commit serves many requests."""
AGAIN = 5.0
"""Seconds after a failure until it is tried again."""
CAPACITY = 20_000
"""Items that wait at most."""
AT_ONCE = 1_000
"""Items of a transaction."""
TIDY = 60_000
"""Milliseconds between two looks at what is too old."""
LAST_WISH = 5.0
"""Seconds that the end waits for what is left to be written."""


_NO_PLACE = (
    errno.EACCES,
    errno.EEXIST,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
)


class StoreError(Exception):
    """The store cannot answer now; the message says why."""


class Store(Generic[Item]):
    """Keeps at a place what `rows` makes of the items that are added. `now` tells the wall clock.

    Both are called in the store's thread: many items at a time cost much less than one at a time, each in between
    other work.
    """

    def __init__(
        self, place: Place, rows: Callable[[Item], Rows], now: Callable[[], datetime], logger: logging.Logger
    ) -> None:
        self.place = place
        self._rows = rows
        self._now = now
        self._log = logger
        self._thread = ThreadPoolExecutor(1, "jackfield statistics")
        self._lock = threading.Lock()
        self._pending: list[Item] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[None] | None = None
        self._database: Database | None = None
        self._tidied = 0
        self._failed_at: float | None = None
        self._lost = 0
        self._closed = False

    # In the event loop.

    def add(self, item: Item) -> None:
        """Take an item to store; never waits and never raises."""
        if self._closed:
            return
        if len(self._pending) >= CAPACITY:
            self._lost += 1
            return
        with self._lock:
            self._pending.append(item)
        if self._timer is None and self._writing is None:
            self._plan()

    def _plan(self) -> None:
        """See to it that what is pending will be written."""
        delay = LINGER if self._failed_at is None else AGAIN
        self._timer = asyncio.get_running_loop().call_later(delay, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._writing = asyncio.get_running_loop().run_in_executor(self._thread, self._write)
        self._writing.add_done_callback(self._end)

    def _end(self, done: asyncio.Future[None]) -> None:
        self._writing = None
        if not done.cancelled() and (error := done.exception()) is not None:
            self._log.error("statistics could not be written", exc_info=error)
        if self._pending and not self._closed:
            self._plan()

    async def ask(self, query: Query[T]) -> T:
        """Return what a query finds, in which everything added before takes part. Raises StoreError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, query)

    async def close(self) -> None:
        """Write what is left and let go of the file; after `LAST_WISH` seconds no longer waited for."""
        closed, self._closed = self._closed, True
        if self._timer is not None:
            self._timer.cancel()
        if closed or (self._database is None and self._writing is None and not self._pending):
            return
        closing = asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)
        done, _ = await asyncio.wait({closing}, timeout=LAST_WISH)
        if not done:
            self._log.warning("statistics: the last figures could not be written in time")

    # In the store's thread.

    def _write(self) -> None:
        """Write what is pending; what cannot be written goes back to where it was."""
        while True:
            with self._lock:
                items = self._pending[:AT_ONCE]
                del self._pending[:AT_ONCE]
            if not items:
                return
            try:
                self._mended(partial(self._insert, items))
            except (sqlite3.OperationalError, OSError) as error:
                with self._lock:
                    self._pending[:0] = items
                self._failed(error)
                return
            except (sqlite3.Error, ValueError, OverflowError):
                self._log.exception("%d statistics cannot be stored and are lost", len(items))
            else:
                self._succeeded()

    def _insert(self, items: Sequence[Item], database: Database) -> None:
        rows = [self._rows(item) for item in items]
        samples = [sample for sample, _ in rows if sample is not None]
        usage = [used for _, used in rows if used is not None]
        if samples or usage:
            database.add(samples, usage)

    def _answer(self, query: Query[T]) -> T:
        if self._failed_at is None or time.monotonic() - self._failed_at > AGAIN:
            self._write()
        try:
            return self._mended(lambda database: query(database.connection))
        except (sqlite3.Error, OSError) as error:
            raise StoreError(str(error)) from error

    def _mended(self, act: Callable[[Database], T]) -> T:
        """Act on the database; when the file turns out to be broken, do so once more on a new one."""
        try:
            return act(self._ready())
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            self._set_aside(error)
            return act(self._ready())

    def _ready(self) -> Database:
        """Return the database, open and tidy."""
        if self._database is not None and self._database.replaced:
            self._database.close()
            self._database = None
        if self._database is None:
            self._database = Database(self.place)
            self._open(self._database)
        self._tidy(self._database)
        return self._database

    def _open(self, database: Database) -> None:
        """Open the file; memory takes its place when that can never succeed."""
        try:
            database.open()
        except (UnusableFileError, OSError, sqlite3.OperationalError) as error:
            if not _is_final(error):
                self._database = None
                raise
            path, self.place = self.place.path, replace(self.place, path=None)
            self._log.warning("statistics are kept in memory only: %s: %s; see statistics.path", path, error)
            self._database = Database(self.place)
            self._database.open()

    def _tidy(self, database: Database) -> None:
        """Forget what is too old, once in a while."""
        now = int(self._now().timestamp() * 1000)
        if abs(now - self._tidied) < TIDY:
            return
        self._tidied = now
        try:
            database.prune(now)
        except sqlite3.OperationalError as error:  # locked or full: what is too old can wait
            self._log.debug("statistics are not tidied: %s", error)

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        database, self._database = self._database, None
        if database is None or database.path is None:
            raise error
        if (name := database.set_aside()) is not None:
            self._log.error("statistics: %s is broken (%s) and was set aside as %s", database.path, error, name)

    def _failed(self, error: Exception) -> None:
        if self._failed_at is None:
            self._log.warning("statistics cannot be written: %s; it is tried again every %g s", error, AGAIN)
        self._failed_at = time.monotonic()

    def _succeeded(self) -> None:
        if self._failed_at is not None:
            self._log.info("statistics are written again; %d figures were lost", self._lost)
            self._failed_at, self._lost = None, 0

    def _close(self) -> None:
        self._write()
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
            self._database = None


def _is_final(error: Exception) -> bool:
    """Return True for what trying again will not mend: a place where no file can be, or one that is not ours."""
    if isinstance(error, sqlite3.Error):
        code: int = error.sqlite_errorcode
        return code & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
    if isinstance(error, OSError):
        return error.errno in _NO_PLACE
    return isinstance(error, UnusableFileError)
