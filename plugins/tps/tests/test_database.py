"""The SQLite file: what it keeps, for how long, and what becomes of one that cannot be used."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jackfield_tps import database as module
from jackfield_tps.database import Database, UnusableFileError, is_broken
from jackfield_tps.options import Place

HOUR = 3_600_000
DAY = 24 * HOUR
NOW = 1_767_268_800_000


def sample(at: int, completion: int | None = 100, provider: str = "fox") -> tuple[object, ...]:
    return (at, provider, "gpt-5", completion, completion, 50, 0)


def usage(hour: int, requests: int = 1, client: str = "me") -> tuple[object, ...]:
    return (hour, "fox", "gpt-5", client, requests, 0, 0, 10, 20, 3, 4)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "deep" / "statistics.sqlite3", 1_000_000, 30)


@pytest.fixture
def store(place: Place) -> Iterator[Database]:
    opened = Database(place)
    opened.open()
    yield opened
    opened.close()


def rows(database: Database, query: str) -> list[Any]:
    return database.connection.execute(query).fetchall()


def ages(database: Database) -> list[int]:
    return [NOW - at for (at,) in rows(database, "SELECT at FROM samples ORDER BY at DESC")]


def test_what_is_stored_is_there_after_a_restart(store: Database, place: Place) -> None:
    store.add([sample(NOW), sample(NOW + 1)], [usage(5), usage(5), usage(6)])
    store.close()
    again = Database(place)
    again.open()

    assert rows(again, "SELECT at, provider, model FROM samples JOIN series ON series = series.id") == [
        (NOW, "fox", "gpt-5"),
        (NOW + 1, "fox", "gpt-5"),
    ]
    assert rows(again, "SELECT hour, requests, input, output, cached, reasoning FROM usage") == [
        (5, 2, 20, 40, 6, 8),
        (6, 1, 10, 20, 3, 4),
    ]
    again.close()


def test_two_have_it_open_at_once(store: Database, place: Place) -> None:
    other = Database(place)
    other.open()
    store.add([sample(NOW)], [usage(5)])
    other.add([sample(NOW, provider="owl")], [usage(5)])

    assert rows(store, "SELECT count(*) FROM samples") == rows(other, "SELECT count(*) FROM samples") == [(2,)]
    assert rows(store, "SELECT requests FROM usage") == [(2,)]
    other.close()


def test_it_is_read_while_it_is_written(store: Database, place: Place) -> None:
    assert rows(store, "PRAGMA journal_mode") == [("wal",)]
    other = Database(place)
    other.open()
    store.add([sample(NOW)], [])

    with store.transaction() as writing:
        writing.execute("DELETE FROM samples")
        assert rows(other, "SELECT count(*) FROM samples") == [(1,)]
    assert rows(other, "SELECT count(*) FROM samples") == [(0,)]
    other.close()


def test_nobody_else_can_read_it(store: Database, place: Place) -> None:
    assert place.path is not None
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o600


def test_all_of_a_write_or_nothing(store: Database) -> None:
    with pytest.raises(sqlite3.Error):
        store.add([sample(NOW)], [("too", "short")])

    assert rows(store, "SELECT count(*) FROM samples") == [(0,)]


def test_samples_go_after_24_hours_but_the_last_ten_stay(store: Database) -> None:
    store.add([sample(NOW - DAY - minute) for minute in range(1, 21)], [])
    store.prune(NOW)
    assert ages(store) == [DAY + minute for minute in range(1, 11)]

    store.add([sample(NOW - second) for second in range(8)], [])
    store.prune(NOW)
    assert ages(store) == [*range(8), DAY + 1, DAY + 2]

    store.add([sample(NOW - DAY), sample(NOW - DAY + 1)], [])
    store.prune(NOW)
    assert ages(store) == [*range(8), DAY - 1, DAY]


def test_no_more_samples_than_a_million(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.MOST_SAMPLES == 1_000_000
    monkeypatch.setattr(module, "MOST_SAMPLES", 50)
    store.add([sample(NOW - 200 + number) for number in range(200)], [])

    store.prune(NOW)

    assert ages(store) == list(range(1, 51))


def test_usage_goes_after_its_days(store: Database) -> None:
    hour = NOW // HOUR
    store.add([], [usage(hour), usage(hour - 30 * 24), usage(hour - 30 * 24 - 1)])

    store.prune(NOW)

    assert rows(store, "SELECT hour FROM usage ORDER BY hour") == [(hour - 30 * 24,), (hour,)]


def test_names_that_are_not_used_any_more_go(store: Database) -> None:
    store.add([sample(NOW - 2 * DAY, provider="old")] + [sample(NOW) for _ in range(10)], [])

    store.prune(NOW)

    assert rows(store, "SELECT provider FROM series") == [("fox",)]


@pytest.mark.parametrize("kind", ["samples", "usage", "both"])
def test_it_stays_below_its_limit_and_forgets_the_oldest(store: Database, place: Place, kind: str) -> None:
    assert place.path is not None
    for slice_ in range(60):
        numbers = range(slice_ * 1000, slice_ * 1000 + 1000)
        store.add(
            [sample(NOW + number) for number in numbers] if kind != "usage" else [],
            [usage(number, client=f"client-{number:08}") for number in numbers] if kind != "samples" else [],
        )
    size = place.path.stat().st_size

    assert 0.5 * place.limit < size <= place.limit
    if kind != "usage":
        kept = rows(store, "SELECT min(at), max(at), count(*) FROM samples")[0]
        assert (kept[1], kept[1] - kept[0] + 1) == (NOW + 59_999, kept[2])
    if kind != "samples":
        kept = rows(store, "SELECT min(hour), max(hour), count(*) FROM usage")[0]
        assert (kept[1], kept[1] - kept[0] + 1) == (59_999, kept[2])


def test_memory_is_bounded_the_same_way() -> None:
    store = Database(Place(None, 1_000_000, 30))
    store.open()
    for slice_ in range(60):
        store.add([sample(NOW + slice_ * 1000 + number) for number in range(1000)], [])
    pages = store.connection.execute("PRAGMA page_count").fetchone()[0]

    assert pages * 4096 <= 1_000_000
    assert rows(store, "SELECT max(at) FROM samples") == [(NOW + 59_999,)]
    store.close()


def test_a_full_disk_is_not_answered_by_forgetting(store: Database) -> None:
    store.add([sample(NOW + number) for number in range(100)], [])
    store.connection.execute("PRAGMA max_page_count = 1")  # no page more than there are now

    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.add([sample(NOW + number) for number in range(5000)], [])

    assert rows(store, "SELECT count(*) FROM samples") == [(100,)]


@pytest.mark.parametrize("content", [b"no database", b"\0" * 5000, b"SQLite format 3\0" + b"x" * 4080])
def test_a_file_that_is_no_database_is_told_and_set_aside(place: Place, content: bytes) -> None:
    assert place.path is not None
    place.path.parent.mkdir()
    place.path.write_bytes(content)
    broken = Database(place)

    with pytest.raises(sqlite3.DatabaseError) as raised:
        broken.open()
    assert is_broken(raised.value)
    name = broken.set_aside()

    assert name is not None
    assert name.read_bytes() == content
    assert not place.path.exists()


def test_it_is_set_aside_once_by_all_who_have_it_open(place: Place) -> None:
    assert place.path is not None
    place.path.parent.mkdir()
    place.path.write_bytes(b"no database")
    first, second = Database(place), Database(place)
    for each in (first, second):
        with pytest.raises(sqlite3.DatabaseError):
            each.open()

    assert first.set_aside() is not None
    healthy = Database(place)
    healthy.open()
    assert second.set_aside() is None
    assert not healthy.replaced
    healthy.close()


def test_two_broken_files_of_one_second_have_two_names(place: Place) -> None:
    assert place.path is not None
    place.path.parent.mkdir()
    names = set()
    for _ in range(2):
        place.path.write_bytes(b"no database")
        broken = Database(place)
        with pytest.raises(sqlite3.DatabaseError):
            broken.open()
        names.add(broken.set_aside())

    assert len(names) == 2


def test_a_file_that_was_taken_away_is_noticed(store: Database, place: Place) -> None:
    assert place.path is not None
    assert not store.replaced
    place.path.unlink()

    assert store.replaced


def test_the_database_of_another_program_is_not_touched(place: Place) -> None:
    assert place.path is not None
    place.path.parent.mkdir()
    foreign = sqlite3.connect(place.path)
    foreign.execute("CREATE TABLE mine (x)")
    foreign.close()
    before = place.path.read_bytes()

    with pytest.raises(UnusableFileError, match="another program"):
        Database(place).open()

    assert place.path.read_bytes() == before


def test_nor_is_that_of_a_newer_version(store: Database, place: Place) -> None:
    store.connection.execute("PRAGMA user_version = 99")

    with pytest.raises(UnusableFileError, match="newer version"):
        Database(place).open()


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR])
def test_not_every_error_means_a_broken_file(code: int) -> None:
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code

    assert not is_broken(error)
    assert not is_broken(sqlite3.ProgrammingError("x"))
