"""The configuration file on disk: read with its version, and replaced whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from ..errors import JackfieldError

LOCK_TIMEOUT = 10.0
"""Seconds that a writer waits for another process to finish."""


class ConfigFileError(JackfieldError):
    """The file cannot be written; the message says why and what to do."""


class VersionConflictError(JackfieldError):
    """The file is not the version that the writer had read."""


def version_of(text: str) -> str:
    """Return what names a content: its sha256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


class ConfigFile:
    """One configuration file. Writers of all processes take turns; a reader sees the old content or the new one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def text(self) -> str:
        """Return the content. Raises OSError or UnicodeDecodeError."""
        return self.path.read_bytes().decode("utf-8")

    def replace(self, change: Callable[[str], str], expected: str | None = None) -> str:
        """Write what `change` makes of the content, and return it.

        `expected` is the version that the content must have, None for any. What `change` raises leaves the file alone.
        Raises VersionConflictError, or ConfigFileError when the file cannot be written.
        """
        target = self.path.resolve()  # a link stays a link: what it points to is replaced
        try:
            with FileLock(str(target.with_name(f".{target.name}.lock")), timeout=LOCK_TIMEOUT):
                old = self.text()
                if expected is not None and version_of(old) != expected:
                    raise VersionConflictError("the configuration file has changed since it was read; read it again")
                new = change(old)
                if new != old:
                    _write(target, new)
                return new
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConfigFileError(
                f"{self.path} cannot be written: {reason}; make it and its folder writable"
            ) from error


def _write(target: Path, text: str) -> None:
    """Put the text in place of the file: temporary file, flush to disk, rename, flush of the folder."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".new", dir=target.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _keep_access(target, Path(name))
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _flush_folder(target.parent)


def _keep_access(old: Path, new: Path) -> None:
    """Give the new file the mode of the old one, and its owner where we may."""
    shutil.copymode(old, new)
    if hasattr(os, "chown"):
        with suppress(PermissionError):
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
