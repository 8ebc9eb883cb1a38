"""The store as the event loop sees it: whatever happens to its file, nobody waits and nobody fails."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from jackfield.testing import FakeClock
from jackfield_tps import database, store
from jackfield_tps.options import Place
from jackfield_tps.store import Store, StoreError

LOG = logging.getLogger("jackfield.plugin.tps")
AT = 1_767_225_600_000


def row(at: int = AT) -> tuple[object, ...]:
    return (at, "fox", "gpt-5", 100, 100, 50, 0)


def count(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("SELECT count(*) FROM samples").fetchone()[0]
    return found


def counted(path: Path) -> int:
    """Return how many samples a file has, as another process sees it."""
    connection = sqlite3.connect(path)
    try:
        made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'samples'").fetchall()
        return count(connection) if made else 0
    finally:
        connection.close()


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def spoil(path: Path) -> None:
    path.write_bytes(b"this is no database")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(store, "AGAIN", 0.05)
    monkeypatch.setattr(store, "LINGER", 0.01)
    monkeypatch.setattr(database, "PATIENCE", 0.01)
    caplog.set_level(logging.INFO, LOG.name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "statistics.sqlite3"


@pytest.fixture
async def make(path: Path) -> AsyncIterator[Callable[..., Store[Any]]]:
    """A function that makes a store; it is closed at the end."""
    made: list[Store[Any]] = []

    def at(place: Path | None = path, limit: int = 10_000_000) -> Store[Any]:
        made.append(Store(Place(place, limit, 30), lambda rows: rows, FakeClock().now, LOG))
        return made[-1]

    yield at
    for each in made:
        await each.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the other side is a thread or a file
            await asyncio.sleep(0.01)


async def counts(stores: Sequence[Any], number: int) -> None:
    """Return when each store counts so many rows: one that found the file locked tries again a little later."""
    async with asyncio.timeout(60):
        while await asked(stores) != [number] * len(stores):  # noqa: ASYNC110 - files tell nobody of a writer
            await asyncio.sleep(0.1)


async def asked(stores: Sequence[Any]) -> list[Any]:
    """Return each store's count, or the StoreError of one that found the file locked for longer than it waits."""
    return await asyncio.gather(*(each.ask(count) for each in stores), return_exceptions=True)


async def test_a_question_sees_all_that_was_added_before(make: Any) -> None:
    kept = make()
    for number in range(5):
        kept.add((row(AT + number), None))

    assert await kept.ask(count) == 5


async def test_rows_are_written_soon_without_a_question(make: Any, path: Path) -> None:
    kept = make()
    kept.add((row(), None))
    await until(lambda: path.name in files(path.parent) and counted(path) == 1)
    kept.add((row(), None))

    await until(lambda: counted(path) == 2)


async def test_many_rows_are_written_in_order(make: Any) -> None:
    kept = make()
    for number in range(3500):
        kept.add((row(AT + number), None))

    found = await kept.ask(lambda connection: connection.execute("SELECT at FROM samples ORDER BY id").fetchall())

    assert [at - AT for (at,) in found] == list(range(3500))


async def test_adding_touches_no_file_and_waits_for_nothing(make: Any, path: Path) -> None:
    kept = make()
    kept.add((row(), None))

    assert files(path.parent) == set()


async def test_what_nobody_uses_makes_no_file(make: Any, path: Path) -> None:
    await make().close()

    assert files(path.parent) == set()


async def test_closing_writes_what_is_left(make: Any, path: Path) -> None:
    kept = make()
    kept.add((row(), None))
    await kept.close()
    assert counted(path) == 1
    kept.add((row(), None))
    await kept.close()

    assert counted(path) == 1


async def test_two_workers_share_a_file(make: Any) -> None:
    one, other = make(), make()
    for number in range(50):
        one.add((row(AT + number), None))
        other.add((row(AT + number), None))
    await asyncio.gather(one.ask(count), other.ask(count))

    await counts([one, other], 100)


async def test_memory_needs_no_file(make: Any, tmp_path: Path) -> None:
    kept = make(None)
    kept.add((row(), None))

    assert await kept.ask(count) == 1
    assert files(tmp_path) == set()


async def test_old_samples_go_without_a_restart(path: Path) -> None:
    clock = FakeClock()
    kept = Store(Place(path, 10_000_000, 30), lambda rows: rows, clock.now, LOG)
    for number in range(20):
        kept.add((row(AT + number), None))
    assert await kept.ask(count) == 20
    clock.advance(25 * 3600)

    assert await kept.ask(count) == 10
    await kept.close()


# -- trouble


async def test_a_locked_file_costs_nothing_but_time(make: Any, path: Path, caplog: Any) -> None:
    kept = make()
    kept.add((row(), None))
    await kept.ask(count)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    kept.add((row(), None))
    await until(lambda: "statistics cannot be written: database is locked" in caplog.text)
    assert await kept.ask(count) == 1  # what is there can still be read
    other.execute("COMMIT")
    other.close()
    await until(lambda: "statistics are written again; 0 figures were lost" in caplog.text)

    assert await kept.ask(count) == 2
    assert caplog.text.count("cannot be written") == 1


async def test_a_file_that_is_locked_from_the_start_is_waited_for(make: Any, path: Path, caplog: Any) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    kept = make()
    kept.add((row(), None))

    with pytest.raises(StoreError, match="locked"):
        await kept.ask(count)
    other.execute("COMMIT")
    other.close()
    await until(lambda: counted(path) == 1)

    assert kept.place.path == path


async def test_what_cannot_wait_any_longer_is_lost_and_counted(
    make: Any, path: Path, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CAPACITY", 3)
    kept = make()
    await kept.ask(count)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(10):
        kept.add((row(), None))
    await until(lambda: "cannot be written" in caplog.text)
    other.execute("COMMIT")
    other.close()
    await until(lambda: "written again; 7 figures were lost" in caplog.text)

    assert await kept.ask(count) == 3


async def test_a_full_disk_costs_statistics_and_mends_itself(make: Any, caplog: Any) -> None:
    kept = make()
    await kept.ask(lambda connection: connection.execute("PRAGMA max_page_count = 1"))
    for number in range(5000):
        kept.add((row(AT + number), None))
    await until(lambda: "statistics cannot be written: database or disk is full" in caplog.text)
    await kept.ask(lambda connection: connection.execute("PRAGMA max_page_count = 100000"))

    await until(lambda: "written again" in caplog.text)
    assert await kept.ask(count) == 5000


async def test_a_broken_file_is_set_aside_and_a_new_one_begun(make: Any, path: Path, caplog: Any) -> None:
    spoil(path)
    kept = make()
    kept.add((row(), None))

    assert await kept.ask(count) == 1
    [aside] = path.parent.glob("statistics.sqlite3.broken-*")
    assert aside.read_bytes() == b"this is no database"
    assert str(aside) in caplog.text


async def test_a_file_that_breaks_while_it_is_used_is_set_aside_too(make: Any, path: Path) -> None:
    kept = make()
    for number in range(2000):
        kept.add((row(AT + number), None))
    await kept.ask(lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40_000)
    await kept.ask(lambda connection: connection.execute("PRAGMA shrink_memory"))  # it must read the file again
    kept.add((row(), None))

    assert await kept.ask(count) == 1
    assert len(list(path.parent.glob("*.broken-*"))) == 1


async def test_all_workers_go_on_with_the_same_new_file(make: Any, path: Path) -> None:
    spoil(path)
    workers = [make() for _ in range(4)]
    for each in workers:
        each.add((row(), None))
    await asked(workers)

    await counts(workers, 4)
    assert len(list(path.parent.glob("*.broken-*"))) == 1


async def test_a_file_that_was_removed_is_made_anew(make: Any, path: Path) -> None:
    kept = make()
    kept.add((row(), None))
    await kept.ask(count)
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()
    kept.add((row(), None))

    assert await kept.ask(count) == 1
    assert path.name in files(path.parent)


async def test_a_place_where_no_file_can_be_leads_to_memory(make: Any, tmp_path: Path, caplog: Any) -> None:
    (tmp_path / "file").write_text("in the way")
    kept = make(tmp_path / "file" / "statistics.sqlite3")
    kept.add((row(), None))

    assert await kept.ask(count) == 1
    assert "statistics are kept in memory only" in caplog.text
    assert "see statistics.path" in caplog.text


async def test_so_does_a_file_of_somebody_else(make: Any, path: Path, caplog: Any) -> None:
    foreign = sqlite3.connect(path)
    foreign.execute("CREATE TABLE mine (x)")
    foreign.close()
    kept = make()
    kept.add((row(), None))

    assert await kept.ask(count) == 1
    assert "another program" in caplog.text
    assert not list(path.parent.glob("*.broken-*"))


async def test_a_fault_of_ours_in_writing_is_told_and_does_not_stop_it(make: Any, caplog: Any) -> None:
    kept = make()
    kept.add((("a", "b"), None))
    await until(lambda: "1 statistics cannot be stored and are lost" in caplog.text)
    kept.add((row(), None))

    assert await kept.ask(count) == 1


async def test_the_end_does_not_wait_for_ever(make: Any, caplog: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LAST_WISH", 0.05)
    kept = make()
    held, begun = threading.Event(), threading.Event()

    def hang(connection: sqlite3.Connection) -> bool:
        begun.set()
        return held.wait(10)

    asking = asyncio.ensure_future(kept.ask(hang))
    await until(begun.is_set)
    kept.add((row(), None))
    await kept.close()
    assert "could not be written in time" in caplog.text
    held.set()
    assert await asking
