"""Taking turns at a file, among all processes that see it, whatever folder they see it in.

A lock file beside it is what older versions and a file that does not exist yet know. A file that is mounted alone has
another folder in every container, or one that cannot be written: then the lock on the file itself is what counts.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from filelock import AsyncFileLock

PAUSE = 0.02
"""Seconds between two attempts at a lock that another process holds."""


def lock_file(target: Path) -> Path | None:
    """Return the lock file of a file; None where its folder cannot hold one."""
    return target.with_name(f".{target.name}.lock") if os.access(target.parent, os.W_OK) else None


@asynccontextmanager
async def turn_at(target: Path, timeout: float) -> AsyncIterator[None]:  # noqa: ASYNC109 - one for both locks
    """Be the one writer of a file inside. Raises TimeoutError when others are for so many seconds, or OSError."""
    file = lock_file(target)
    beside: Any = AsyncFileLock(file, timeout=timeout) if file else nullcontext()
    async with beside:
        end = time.monotonic() + timeout
        while (descriptor := _try(target)) is None:
            _check(target, end)
            await asyncio.sleep(PAUSE)
        with _held(descriptor):
            yield


@contextmanager
def own_lock(target: Path, timeout: float) -> Iterator[None]:
    """Hold the lock on the file itself inside. Raises TimeoutError when others do for so many seconds."""
    end = time.monotonic() + timeout
    while (descriptor := _try(target)) is None:
        _check(target, end)
        time.sleep(PAUSE)
    with _held(descriptor):
        yield


def _check(target: Path, end: float) -> None:
    if time.monotonic() > end:
        raise TimeoutError(None, f"{target.name} is being written by another process")


_NONE = -1
"""Stands for a lock on a file that cannot be locked: one that is not there, or on a drive without locks."""

if sys.platform == "win32":

    def _try(target: Path) -> int | None:
        return _NONE

else:
    import fcntl

    def _try(target: Path) -> int | None:
        """Return the descriptor that holds the lock, None when another one does."""
        try:
            descriptor = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return _NONE
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            same = os.path.samestat(os.fstat(descriptor), target.stat())
        except BlockingIOError:
            same = False
        except OSError:
            return descriptor
        if same:
            return descriptor
        os.close(descriptor)  # another file has taken its place, whose lock it is that counts
        return None


@contextmanager
def _held(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        if descriptor != _NONE:
            os.close(descriptor)
