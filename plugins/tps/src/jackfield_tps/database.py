"""The SQLite file: opened, recognised as ours, kept within bounds, and set aside when it is broken.

Everything here blocks, and belongs into the one thread that has the connection.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from .options import Place

PATIENCE = 2.0
"""Seconds that a lock of another process is waited for."""

APPLICATION = 0x4A46_5450
"""What marks a file as ours ("JFTP")."""
VERSION = 1

MOST_SAMPLES = 1_000_000
LEAST_SAMPLES = 10
KEPT = 24 * 3600 * 1000
"""Milliseconds for which samples are kept; the last ten stay longer."""
HOUR = 3600 * 1000

LARGEST_JOURNAL = 4 * 1024 * 1024
"""Bytes of the write-ahead log that stay on the disk."""

_FULLEST = 0.8
"""The share of the limit that may be in use; beyond, the oldest goes. What is written at once fits into the rest."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS series"
    " (id INTEGER PRIMARY KEY, provider TEXT NOT NULL, model TEXT NOT NULL, UNIQUE (provider, model))",
    "CREATE TABLE IF NOT EXISTS samples"
    " (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, series INTEGER NOT NULL, completion INTEGER, total INTEGER,"
    " ttft INTEGER, kind INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS samples_at ON samples (at)",
    "CREATE TABLE IF NOT EXISTS usage"
    " (hour INTEGER, provider TEXT, model TEXT, client TEXT, requests INTEGER NOT NULL, failures INTEGER NOT NULL,"
    " cancelled INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, cached INTEGER NOT NULL,"
    " reasoning INTEGER NOT NULL, PRIMARY KEY (hour, provider, model, client)) WITHOUT ROWID",
)


_TABLES = sum(statement.startswith("CREATE TABLE") for statement in _SCHEMA)


Row: TypeAlias = tuple[object, ...]


class UnusableFileError(Exception):
    """There is a file in the way that must not be touched; the message says what it is."""


class Database:
    """A store at a place. What uses it raises sqlite3.Error or OSError."""

    def __init__(self, place: Place) -> None:
        self.path = place.path
        self._place = place
        self._inode: int | None = None
        self._connection: sqlite3.Connection | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        """The open connection."""
        if self._connection is None:
            raise RuntimeError("the database is not open")
        return self._connection

    def open(self) -> None:
        """Open or make it. Raises UnusableFileError for a file that is not ours, sqlite3.Error, OSError."""
        if self.path is not None:
            self._inode = _touch(self.path)
        self._connection = sqlite3.connect(self.path or ":memory:", timeout=PATIENCE, isolation_level=None)
        try:
            self._prepare(self._connection)
        except BaseException:
            self.close()
            raise

    def _prepare(self, connection: sqlite3.Connection) -> None:
        ready = _check_ours(connection)
        for setting in ("journal_mode = WAL", "synchronous = NORMAL", f"journal_size_limit = {LARGEST_JOURNAL}"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute(f"PRAGMA max_page_count = {max(self._place.limit // self._one('page_size'), 64)}")
        if not ready:
            with self.transaction():
                for statement in _SCHEMA:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")

    @property
    def replaced(self) -> bool:
        """True when the file that is open is no longer the one at its path."""
        return self.path is not None and _inode(self.path) != self._inode

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all of what is done inside, or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def add(self, samples: Sequence[Row], usage: Sequence[Row]) -> None:
        """Store rows of samples (at, provider, model, completion, total, ttft, kind) and of usage."""
        try:
            self._insert(samples, usage)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL or not self._make_room():
                raise
            self._insert(samples, usage)

    def _insert(self, samples: Sequence[Row], usage: Sequence[Row]) -> None:
        with self.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO series (provider, model) VALUES (?, ?)", {row[1:3] for row in samples}
            )
            connection.executemany(
                "INSERT INTO samples (at, series, completion, total, ttft, kind) VALUES"
                " (?1, (SELECT id FROM series WHERE provider = ?2 AND model = ?3), ?4, ?5, ?6, ?7)",
                samples,
            )
            connection.executemany(
                "INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " requests = requests + excluded.requests, failures = failures + excluded.failures,"
                " cancelled = cancelled + excluded.cancelled, input = input + excluded.input,"
                " output = output + excluded.output, cached = cached + excluded.cached,"
                " reasoning = reasoning + excluded.reasoning",
                usage,
            )

    def prune(self, now: int) -> None:
        """Forget what is too old or too much, as of `now` (milliseconds since 1970)."""
        with self.transaction() as connection:
            connection.execute(
                "DELETE FROM samples WHERE at < ?"
                " AND id NOT IN (SELECT id FROM samples ORDER BY at DESC, id DESC LIMIT ?)",
                (now - KEPT, LEAST_SAMPLES),
            )
            connection.execute(
                "DELETE FROM samples WHERE id <= (SELECT id FROM samples ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (MOST_SAMPLES,),
            )
            connection.execute("DELETE FROM usage WHERE hour < ?", (now // HOUR - 24 * self._place.usage_days,))
            connection.execute("DELETE FROM series WHERE id NOT IN (SELECT series FROM samples)")
        self._make_room()

    def _make_room(self) -> bool:
        """Forget the oldest until the limit is not near; return False when it was not, as when the disk is full."""
        forgot = False
        while self._used() > _FULLEST * self._place.limit and self._forget_some():
            forgot = True
        return forgot

    def _used(self) -> int:
        """Return how many bytes hold something."""
        return (self._one("page_count") - self._one("freelist_count")) * self._one("page_size")

    def _forget_some(self) -> bool:
        """Forget the oldest eighth of everything; return False when nothing is left to forget."""
        before = self.connection.total_changes
        with self.transaction() as connection:
            connection.execute(
                "DELETE FROM samples WHERE id IN (SELECT id FROM samples ORDER BY at, id LIMIT"
                " (SELECT max(count(*) - ?, 0) / 8 + 1 FROM samples)) AND (SELECT count(*) FROM samples) > ?",
                (LEAST_SAMPLES, LEAST_SAMPLES),
            )
            connection.execute(
                "DELETE FROM usage WHERE hour <= (SELECT hour FROM usage ORDER BY hour LIMIT 1 OFFSET"
                " (SELECT count(*) / 8 FROM usage)) AND hour < (SELECT max(hour) FROM usage)"
            )
        return self.connection.total_changes > before

    def _one(self, pragma: str) -> int:
        value: int = self.connection.execute(f"PRAGMA {pragma}").fetchone()[0]
        return value

    def close(self) -> None:
        """Close it, if it is open; what was stored is there at the next opening."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def set_aside(self) -> Path | None:
        """Close the broken file and give it another name, unless another process has done so; return that name."""
        self.close()
        return _set_aside(self.path, self._inode) if self.path is not None else None


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Have all that is read inside be of one moment, whatever other workers write and forget meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:  # some errors end it
            connection.execute("ROLLBACK")


def is_broken(error: BaseException) -> bool:
    """Return True for an error that means the file's content is damaged, or no database at all."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _set_aside(path: Path, inode: int | None) -> Path | None:
    """Rename a broken file, with what belongs to it; return the new name, None when it is not there any more."""
    from filelock import FileLock  # here: few files ever break

    with FileLock(str(path.with_name(f".{path.name}.lock"))):
        if _inode(path) != inode:
            return None
        target = _free_name(path)
        for ending in ("-wal", "-shm", ""):
            source = path.with_name(path.name + ending)
            if source.exists():
                source.rename(target.with_name(target.name + ending))
        return target


def _free_name(path: Path) -> Path:
    name = f"{path.name}.broken-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    target, number = path.with_name(name), 1
    while target.exists():
        number += 1
        target = path.with_name(f"{name}-{number}")
    return target


def _touch(path: Path) -> int:
    """Make an empty file that others cannot read, with its folder, if there is none; return its inode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        return os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)


def _inode(path: Path | None) -> int | None:
    try:
        return None if path is None else path.stat().st_ino
    except FileNotFoundError:
        return None


def _check_ours(connection: sqlite3.Connection) -> bool:
    """Return True when all tables are there, False when they are to be made.

    Raises UnusableFileError for a database of another program, or of a newer version of this one.
    """
    tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]
    marked = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if tables and marked != APPLICATION:
        raise UnusableFileError("it is a database of another program")
    if version > VERSION:
        raise UnusableFileError("a newer version of jackfield made it")
    return bool(tables >= _TABLES)
