"""Replacing a file whole or not at all."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path


def expanded(path: Path) -> Path:
    """Return a path with its `~` or `~name` replaced by that user's folder; as it is where there is no such user.

    That nothing is there is then told where it is read, like any other path that leads nowhere.
    """
    with suppress(RuntimeError):
        return path.expanduser()
    return path


_UNFINISHED = ".new"


def remove_unfinished(target: Path) -> None:
    """Remove what writers of a file left beside it that were killed. Only for who is its one writer now."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*{_UNFINISHED}"):
        with suppress(OSError):
            left.unlink()


def replace_text(target: Path, text: str, mode: int | None = None) -> None:
    """Put `text` in place of a file: temporary file, flush to disk, rename, flush of the folder.

    A reader sees the old content or the new one, also after a power cut. `mode` are the new file's permissions; None
    keeps the old one's, and its owner where we may. A link is replaced by a file: resolve it first. Raises OSError.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=_UNFINISHED, dir=target.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _give_access(Path(name), target, mode)
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _flush_folder(target.parent)


def _give_access(new: Path, old: Path, mode: int | None) -> None:
    if mode is None:
        shutil.copymode(old, new)
    else:
        new.chmod(mode)
    if hasattr(os, "chown"):
        with suppress(PermissionError, FileNotFoundError):
            status = old.stat()
            os.chown(new, status.st_uid, status.st_gid)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
