"""Long work on bytes, where it holds nobody up: in a thread, with the garbage collector paused.

Parsing makes many objects and no garbage: the collector would walk them again and again, which costs more than the
parsing itself. Two threads are enough: they would only take the interpreter from the event loop in turns.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

LARGE = 256 * 1024
"""Bytes from which on parsing and translating is done in a thread. What is shorter costs less than changing threads."""

_THREADS = 2


async def aside(size: int, work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise what it raises; done in a thread where `size` bytes are much."""
    if size < LARGE:
        return work()
    import asyncio  # here: whoever imports the plugins' API may never run a loop

    return await asyncio.get_running_loop().run_in_executor(_pool(), _unhindered, work)


@cache
def _pool() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(_THREADS, thread_name_prefix="jackfield-parsing")


def _unhindered(work: Callable[[], T]) -> T:
    with collector_paused():
        return work()


class _Pauses:
    """How many parts of the house want the collector to pause. Whoever had switched it off finds it off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._was_on = False

    def begin(self) -> None:
        with self._lock:
            if not self._count:
                self._was_on = gc.isenabled()
                gc.disable()
            self._count += 1

    def end(self) -> None:
        with self._lock:
            self._count -= 1
            if not self._count and self._was_on:
                gc.enable()


_pauses = _Pauses()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector from running, from any thread."""
    _pauses.begin()
    try:
        yield
    finally:
        _pauses.end()
