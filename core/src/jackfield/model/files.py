"""Replacing a file whole or not at all; and, where a file is mounted alone, the next best."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def expanded(path: Path) -> Path:
    """Return a path with its `~` or `~name` replaced by that user's folder; as it is where there is no such user.

    That nothing is there is then told where it is read, like any other path that leads nowhere.
    """
    with suppress(RuntimeError):
        return path.expanduser()
    return path


_UNFINISHED = ".new"

_NOT_BESIDE = frozenset({errno.EBUSY, errno.EXDEV, errno.EROFS, errno.EACCES, errno.EPERM})
"""Errors that say nothing against the file itself: it is mounted alone, or its folder may not be written."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class MountedAloneError(OSError):
    """A file that is mounted without its folder cannot be written; `errno` and `strerror` say why."""


def is_full(error: OSError) -> bool:
    """Return True where room on the disk is wanting, not a right."""
    return error.errno in _FULL


def remove_unfinished(target: Path) -> None:
    """Mend what writers of a file left that were killed: finish one in place, remove what lies beside it.

    Only for who is its one writer now.
    """
    for left in target.parent.glob(f".{glob.escape(target.name)}.*{_UNFINISHED}"):
        with suppress(OSError):
            left.unlink()
    copy = _copy_of(target)
    with suppress(OSError):
        if copy.exists():
            content = read_whole(target)
            if content != target.read_bytes():
                _write_over(target, content)
            copy.unlink()


def read_whole(path: Path) -> bytes:
    """Return a file's content; what a writer in place is writing, or was killed at, from the copy beside it.

    Raises OSError.
    """
    content = path.read_bytes()
    with suppress(OSError):
        copy = _copy_of(path.resolve()).read_bytes()
        if len(content) < len(copy) and copy.startswith(content):
            return copy
    return content


def replace_text(target: Path, text: str, mode: int | None = None) -> None:
    """Put `text` in place of a file: temporary file, flush to disk, rename, flush of the folder.

    A reader sees the old content or the new one, also after a power cut. `mode` are the new file's permissions; None
    keeps the old one's, and its owner where we may. A link is replaced by a file: resolve it first.

    A file that is mounted alone, or whose folder may not be written, is written in place instead: only for who is its
    one writer, see `locks`. Raises OSError, MountedAloneError where that fails too; the old content is there still.
    """
    content = text.encode()
    try:
        _swap(target, content, mode)
    except OSError as error:
        alone = error.errno in (errno.EBUSY, errno.EXDEV) or is_mounted(target)
        if not (target.is_file() and (error.errno in _NOT_BESIDE or (error.errno in _FULL and alone))):
            raise
        try:
            _write_in_place(target, content, mode)
        except OSError as second:
            kind = MountedAloneError if alone else OSError
            raise kind(second.errno, second.strerror or str(second)) from error


def check_replaceable(target: Path, size: int = 0) -> None:
    """Raise OSError when `replace_text` could not store `size` bytes, as far as can be known without doing it."""
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", buffering=0) as file:
            file.write(bytes(size))
        if not is_mounted(target):
            return
    except OSError as error:
        if error.errno not in _NOT_BESIDE | _FULL or not target.is_file():
            raise
    with target.open("r+b") as file:
        _reserve(file, size)


def is_mounted(target: Path) -> bool:
    """Return True for a file that is mounted alone, as containers do it."""
    try:
        if target.stat().st_dev != target.parent.stat().st_dev:
            return True
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return False
    escaped = str(target.resolve()).replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011")
    return any(line.split(" ")[4] == escaped for line in mounts)


def _swap(target: Path, content: bytes, mode: int | None) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=_UNFINISHED, dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _flush(file, content)
        _give_access(Path(name), target, mode)
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _flush_folder(target.parent)


def _write_in_place(target: Path, content: bytes, mode: int | None) -> None:
    """Write over a file, with the new content in a copy beside it meanwhile, where the folder allows that."""
    copy = _copy_of(target)
    with suppress(OSError):
        descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            _flush(file, content)
    try:
        _write_over(target, content)
        if mode is not None:
            with suppress(OSError):  # the content is there, and was readable for the same people before
                target.chmod(mode)
    finally:
        with suppress(OSError):
            copy.unlink()


def _write_over(target: Path, content: bytes) -> None:
    """Write over a file; what fails leaves the old content, as room is made sure of before anything is cut."""
    with target.open("r+b") as file:
        old = file.read()
        _reserve(file, len(content))
        try:
            _put(file, content)
        except OSError:
            with suppress(OSError):
                _put(file, old)
            raise


def _put(file: BinaryIO, content: bytes) -> None:
    # Cut first, then written: what a kill leaves is the beginning of the new content, which `read_whole` knows by it.
    file.seek(0)
    file.truncate()
    _flush(file, content)


def _flush(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _reserve(file: BinaryIO, size: int) -> None:
    """Raise OSError when an open file cannot grow to `size` bytes; it is as it was afterwards."""
    status = os.fstat(file.fileno())
    if size <= status.st_size or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(file.fileno(), status.st_size, size - status.st_size)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):  # some network drives cannot tell
            raise
    finally:
        os.ftruncate(file.fileno(), status.st_size)


def _copy_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.copy")


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
