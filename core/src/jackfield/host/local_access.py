"""How commands of the same user on the same machine get into a running server without its management key.

A server writes a random token into a file that its user alone can read: `.config.yaml.token` beside the configuration,
else in the user's folder for such things. Whoever can read it may as well read and write the configuration. All servers
and workers of one configuration share the token. Each holds a shared lock on the file as long as it lives: a file that
nobody holds is what a killed server left, and its token opens nothing. The last one to stop removes it.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

logger = logging.getLogger("jackfield")

TOKEN_HEADER = "X-Jackfield-Token"  # noqa: S105 - a header's name
"""The header that carries the token."""

if sys.platform != "win32":
    import fcntl


class LocalAccess:
    """The token of one server; `open` makes it, `close` gives it up."""

    def __init__(self, config: Path | None) -> None:
        self._config = config
        self._token = ""
        self._file: Path | None = None
        self._descriptor = -1

    def open(self) -> None:
        """Make the token, or share the one of servers that run with this configuration. Without a place there is none.

        Blocking, for an instant.
        """
        for path in _places(self._config):
            with suppress(OSError):
                path.parent.mkdir(mode=0o700, exist_ok=True)
                self._descriptor, self._token = _shared(path)
                self._file = path
                return
        logger.info("local commands need the management key: no token file can be written")

    def move(self, config: Path) -> None:
        """Take the token's place beside another configuration. Blocking, for an instant."""
        was_open = self._file is not None
        self.close()
        self._config = config
        if was_open:
            self.open()

    def opens(self, token: str) -> bool:
        """Return True for the token."""
        known = hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self._token.encode())
        return known and bool(self._token)

    def close(self) -> None:
        """Give the token up; the file goes with the last server that shares it."""
        if self._file is None:
            return
        with suppress(OSError):
            if _hold(self._descriptor, alone=True) and _is_at(self._file, self._descriptor):
                self._file.unlink()
        os.close(self._descriptor)
        self._token, self._file, self._descriptor = "", None, -1


def local_token(config: Path | None, url: str) -> str:
    """Return the token that the servers of a configuration take from this user, for the one at `url`; "" for none.

    It goes to this machine alone: there is none for a URL of another.
    """
    if not _is_loopback(url):
        return ""
    for path in _places(config):
        with suppress(OSError, ValueError):
            descriptor = _opened(path, os.O_RDONLY)
            try:
                # Where this lock can be had, no server holds the file: who listens there may be anybody.
                if not _hold(descriptor, alone=True):
                    return os.read(descriptor, 200).decode().strip()
            finally:
                os.close(descriptor)
    return ""


def _places(config: Path | None) -> Iterator[Path]:
    if sys.platform == "win32":
        return
    name = "no configuration"
    if config is not None:
        beside = config.parent.resolve() / f".{config.name}.token"
        name = str(beside)
        yield beside
    own = f"{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:24]}.token"
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / "jackfield" / own
    yield Path(tempfile.gettempdir()) / f"jackfield-{os.getuid()}" / own


def _shared(path: Path) -> tuple[int, str]:
    """Return the open file, held with others, and the token in it. Raises OSError."""
    while True:
        descriptor = _opened(path, os.O_RDWR | os.O_CREAT)
        try:
            if _hold(descriptor, alone=True):  # nobody's: what may be in it is a dead server's
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, secrets.token_urlsafe(32).encode(), 0)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            # Only now is the token read: between the two locks another server may have written its own.
            if (token := os.pread(descriptor, 200, 0).decode()) and _is_at(path, descriptor):
                return descriptor, token
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # the last server removed it just now


def _opened(path: Path, flags: int) -> int:
    """Return the descriptor of a file that is this user's alone. Raises OSError for any other."""
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    status = os.fstat(descriptor)
    # A second name could be that of another file, linked here by who owns the folder, to have it written over.
    mine = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and status.st_nlink <= 1
    if mine and not status.st_mode & 0o077:
        return descriptor
    os.close(descriptor)
    raise PermissionError(None, f"{path} is not this user's alone")


def _hold(descriptor: int, *, alone: bool) -> bool:
    """Return False when another process holds the file."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
