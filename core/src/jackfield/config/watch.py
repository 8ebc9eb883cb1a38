"""Noticing that files changed, however an editor, a deployment tool or a config map changes them."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import aclosing
from pathlib import Path

from watchfiles import awatch

from ..model.files import read_whole

LOOK = 1.0
"""Seconds until the files are looked at even though the system reported nothing (network drives, links)."""

SETTLE = 0.1
"""Seconds without a further change before a change is looked at."""

LINGER = 3.0
"""Seconds after which a file that is missing or empty is no longer taken for one that is being written."""

Files = Callable[[], Collection[Path]]
"""What gives the files to follow. It is asked at every look, so that they may be others later."""

NOTHING = b""
"""The digest of a file that is empty or not there."""


async def looks(files: Files, stop: threading.Event) -> AsyncIterator[Mapping[Path, bytes]]:
    """Yield the digest of each file's content whenever it is time to look at it, until `stop` is set.

    That is at once, soon after the system reported a change, else every LOOK seconds.
    """
    while not stop.is_set():
        folders = _folders(files())
        async with aclosing(_reports(folders, stop)) as reports:
            async for _ in reports:
                yield await _digests(files())
                if _folders(files()) != folders:
                    break


class Contents:
    """What each file was seen to hold, as a digest, to tell what changed.

    At first every file has changed, since nobody can say what happened before; so has one that is named only later. A
    file that vanishes or is emptied has changed when it stays so for LINGER seconds. `now` are seconds of any clock
    that does not run backwards.
    """

    def __init__(self) -> None:
        self._seen: dict[Path, bytes] = {}
        self._since: dict[Path, float] = {}

    def update(self, digests: Mapping[Path, bytes], now: float) -> dict[Path, bytes]:
        """Take in what the files hold now; return those that changed."""
        fresh = {path: digest for path, digest in digests.items() if self._changed(path, digest, now)}
        self._seen = {path: fresh.get(path, self._seen.get(path, NOTHING)) for path in digests}
        return fresh

    def _changed(self, path: Path, digest: bytes, now: float) -> bool:
        if path in self._seen and digest == self._seen[path]:
            self._since.pop(path, None)
            return False
        if digest == NOTHING:
            return now - self._since.setdefault(path, now) >= LINGER
        self._since.pop(path, None)
        return True


async def _digests(paths: Iterable[Path]) -> dict[Path, bytes]:
    return await asyncio.to_thread(lambda: {path: _digest(path) for path in paths})


def _digest(path: Path) -> bytes:
    try:
        return digest_of(read_whole(path)) if path.is_file() else NOTHING  # a pipe would be waited for
    except OSError:
        return NOTHING


def digest_of(content: bytes) -> bytes:
    """Return what names a file's content: its sha256, NOTHING for none."""
    return hashlib.sha256(content).digest() if content else NOTHING


def _folders(paths: Iterable[Path]) -> set[Path]:
    """Return the folders in which a change of these files can show, those behind links too."""
    return {folder for path in paths for folder in (path.parent, path.resolve().parent) if folder.is_dir()}


async def _reports(folders: Collection[Path], stop: threading.Event) -> AsyncGenerator[None]:
    """Yield whenever it is time to look."""
    yield
    step, look = int(SETTLE * 1000), int(LOOK * 1000)
    reports = awatch(
        *folders,
        watch_filter=None,
        recursive=False,
        step=step,
        debounce=look,
        rust_timeout=look,
        yield_on_timeout=True,
        stop_event=stop,
    )
    try:
        async with aclosing(reports):
            async for _ in reports:
                yield
    except OSError:  # no folder, or one that has just gone: looking does without reports
        await asyncio.sleep(LOOK)
        yield
