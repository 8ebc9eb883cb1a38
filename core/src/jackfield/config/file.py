"""The configuration file on disk: read with its version, and replaced whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from filelock import FileLock

from ..model.errors import JackfieldError
from ..model.files import MountedAloneError, is_full, read_whole, remove_unfinished, replace_text
from .locks import lock_file, own_lock

LOCK_TIMEOUT = 10.0
"""Seconds that a writer waits for another process to finish."""

ROOM = "make room on its disk, or raise its user's quota"
"""How a full disk is mended."""


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
        return read_whole(self.path).decode("utf-8")

    def replace(self, change: Callable[[str], str], expected: str | None = None) -> str:
        """Write what `change` makes of the content, and return it.

        `expected` is the version that the content must have, None for any. What `change` raises leaves the file alone.
        Raises VersionConflictError, or ConfigFileError when the file cannot be written.
        """
        target = self.path.resolve()  # a link stays a link: what it points to is replaced
        try:
            with self._turn(target):
                old = self.text()
                if expected is not None and version_of(old) != expected:
                    raise VersionConflictError("the configuration file has changed since it was read; read it again")
                new = change(old)
                remove_unfinished(target)
                if new != old:
                    replace_text(target, new)
                return new
        except MountedAloneError as error:
            reason = (error.strerror or str(error)).lower()
            mend = "it is mounted as a single file; mount its folder instead"
            mend += f", or {ROOM}" if is_full(error) else ""
            raise ConfigFileError(f"{self.path} cannot be written: {reason}; {mend}") from error
        except OSError as error:
            reason = error.strerror or str(error)
            mend = ROOM if is_full(error) else "make it and its folder writable"
            raise ConfigFileError(f"{self.path} cannot be written: {reason}; {mend}") from error

    @contextmanager
    def _turn(self, target: Path) -> Iterator[None]:
        """Be the one writer inside. Raises OSError."""
        beside = lock_file(target)
        with FileLock(str(beside), timeout=LOCK_TIMEOUT) if beside else nullcontext(), own_lock(target, LOCK_TIMEOUT):
            yield
