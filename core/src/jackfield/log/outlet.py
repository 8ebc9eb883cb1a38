"""Where the log leaves the process: a queue and a thread, so that nobody who does not read it stops anything."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import TextIO

HELD = 4 * 1024 * 1024
"""Bytes of lines that wait to be written; beyond that new ones are lost, and counted."""
PIECE = 64 * 1024
"""Bytes that are written at once."""
RETRY = 0.05
"""Seconds until a place that takes nothing now is tried again."""

logger = logging.getLogger("jackfield")


class Outlet:
    """A stream for log handlers that takes every line at once and writes it from a thread.

    Lines that nobody takes are lost and counted: those that find the queue full, and those that cannot be written
    (a closed pipe, a full disk, a terminal that is gone). `lost` is called with their number, in the thread, as soon
    as lines are written again.
    """

    def __init__(self, descriptor: int, lost: Callable[[int], None]) -> None:
        self._descriptor = descriptor
        self._lost = lost
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        # Each number has one writer, so none needs a lock: whoever calls `write` (log handlers have a lock of their
        # own), and the thread.
        self._taken = 0
        self._refused = 0
        self._done = 0
        self._failed = 0
        self._told = 0
        self._torn = False
        self._thread = threading.Thread(target=self._work, name="jackfield log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Take a line; never waits."""
        data = text.encode("utf-8", "replace")
        if self._taken - self._done + len(data) > HELD:
            self._refused += 1
        else:
            self._taken += len(data)
            self._queue.put(data)
        return len(text)

    def flush(self) -> None:
        """Do nothing: lines are on their way already."""

    def close(self, within: float = 1.0) -> None:
        """Write what waits, for so many seconds at most, and end; what is taken later is lost."""
        self._queue.put(None)
        self._thread.join(within)

    def _work(self) -> None:
        ended = False
        while not ended:
            waiting = [self._queue.get()]
            size = len(waiting[0] or b"")
            while size < PIECE and not self._queue.empty():
                waiting.append(self._queue.get())
                size += len(waiting[-1] or b"")
            ended = None in waiting
            lines = [line for line in waiting if line is not None]
            if self._written(b"".join(lines)):
                self._tell()
            else:
                self._failed += len(lines)
            self._done += sum(map(len, lines))

    def _written(self, data: bytes) -> bool:
        """Write all of it; return False when it cannot be written."""
        view = memoryview(b"\n" + data if self._torn and data else data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
                self._torn = True
            except BlockingIOError:
                time.sleep(RETRY)
            except OSError:
                return False
        self._torn = False
        return True

    def _tell(self) -> None:
        """Say how many lines were lost since that was last said, once there is room for the line that says so."""
        lost = self._refused + self._failed - self._told
        if lost and self._taken - self._done < HELD // 2:
            self._told += lost
            self._lost(lost)


def open_outlet(stream: TextIO | None) -> Outlet | None:
    """Return an outlet to where a stream writes; None for one that is closed or no file."""
    if stream is None:  # standard error was closed: its number may be another file's by now
        return None
    with suppress(OSError, ValueError):
        return Outlet(os.dup(stream.fileno()), _tell_lost)
    return None


def _tell_lost(count: int) -> None:
    logger.warning("%d lines of the log were lost: what reads it did not take them", count)
