"""Noticing that files changed, however an editor, a deployment tool or a config map changes them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from watchfiles import awatch

LOOK = 1000
"""Milliseconds until the files are looked at even though the system reported nothing (network drives, links)."""

SETTLE = 100
"""Milliseconds without a further change before a change is looked at."""

Digests = Mapping[Path, bytes | None]


def digests(paths: Sequence[Path]) -> Digests:
    """Return the sha256 of each file's content; None for one that is missing or cannot be read."""
    return {path: _digest(path) for path in paths}


def _digest(path: Path) -> bytes | None:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return None


async def changed(paths: Sequence[Path]) -> AsyncIterator[list[Path]]:
    """Yield the files whose content changed, whenever it did. A missing or empty file is one in between."""
    seen = dict(digests(paths))
    folders = {folder for path in paths for folder in (path.parent, path.resolve().parent) if folder.is_dir()}
    if not folders:
        return
    watcher = awatch(*folders, recursive=False, step=SETTLE, debounce=1000, rust_timeout=LOOK, yield_on_timeout=True)
    async for _ in watcher:
        now = digests(paths)
        fresh = [path for path, digest in now.items() if digest not in (None, _EMPTY, seen[path])]
        if fresh:
            seen.update({path: now[path] for path in fresh})
            yield fresh


_EMPTY = hashlib.sha256(b"").digest()
