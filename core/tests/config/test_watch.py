from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from jackfield.config.watch import LINGER, LOOK, SETTLE, Contents, digest_of, looks

ONE, OTHER = Path("one"), Path("other")
A, B, MISSING = b"digest a", b"digest b", b""


@pytest.fixture
def contents() -> Contents:
    """What was seen: one file, with content A."""
    contents = Contents()
    assert contents.update({ONE: A}, 0) == {ONE: A}
    return contents


def test_a_content_counts_once(contents: Contents) -> None:
    assert contents.update({ONE: A}, 1) == {}
    assert contents.update({ONE: B}, 2) == {ONE: B}
    assert contents.update({ONE: B}, 3) == {}
    assert contents.update({ONE: A}, 4) == {ONE: A}


def test_a_file_named_later_counts_when_it_is_first_seen(contents: Contents) -> None:
    assert contents.update({ONE: A, OTHER: A}, 1) == {OTHER: A}


def test_a_file_that_is_missing_for_a_moment_has_not_changed(contents: Contents) -> None:
    assert contents.update({ONE: MISSING}, 1) == {}
    assert contents.update({ONE: A}, 2) == {}
    assert contents.update({ONE: MISSING}, 1 + LINGER) == {}
    assert contents.update({ONE: MISSING}, 1 + LINGER + LINGER - 0.1) == {}


def test_a_file_that_stays_away_has_changed_once(contents: Contents) -> None:
    assert contents.update({ONE: MISSING}, 1) == {}
    assert contents.update({ONE: MISSING}, 1 + LINGER) == {ONE: MISSING}
    assert contents.update({ONE: MISSING}, 1 + LINGER * 3) == {}
    assert contents.update({ONE: A}, 20) == {ONE: A}


def test_a_file_that_comes_back_with_another_content_counts_at_once(contents: Contents) -> None:
    assert contents.update({ONE: MISSING}, 1) == {}
    assert contents.update({ONE: B}, 1.1) == {ONE: B}


def test_nothing_is_the_digest_of_nothing() -> None:
    assert digest_of(b"") == MISSING != digest_of(b" ")


def test_a_file_that_was_never_there_counts_when_it_comes() -> None:
    contents = Contents()

    assert contents.update({ONE: MISSING}, 0) == {}
    assert contents.update({ONE: MISSING}, LINGER * 2) == {}
    assert contents.update({ONE: A}, LINGER * 3) == {ONE: A}


def write(file: Path) -> None:
    file.write_text("new")


def replace(file: Path) -> None:
    (file.parent / "other").write_text("new")
    (file.parent / "other").replace(file)


def behind_a_link(file: Path) -> None:
    file.resolve().write_text("new")


@pytest.mark.parametrize("how", [write, replace, behind_a_link])
async def test_files_are_followed_through_links_and_replacements(tmp_path: Path, how: Callable[[Path], None]) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("old")
    file = tmp_path / "file"
    file.symlink_to(tmp_path / "real" / "file")

    async with aclosing(looks(lambda: [file], threading.Event())) as found:
        assert await anext(found) == {file: digest_of(b"old")}
        how(file)
        assert await anext(found) == {file: digest_of(b"new")}


async def test_a_file_in_a_folder_that_is_made_later_is_found(tmp_path: Path) -> None:
    file = tmp_path / "later" / "file"

    async with aclosing(looks(lambda: [file], threading.Event())) as found:
        assert await anext(found) == {file: MISSING}
        file.parent.mkdir()
        file.write_text("new")
        assert await anext(found) == {file: digest_of(b"new")}


async def test_files_that_are_named_later_are_followed_too(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    files = [tmp_path / "file", tmp_path / "other" / "file"]
    for file in files:
        file.write_text("old")
    named = files[:1]

    async with aclosing(looks(lambda: named, threading.Event())) as found:
        assert set(await anext(found)) == {files[0]}
        named.append(files[1])
        assert set(await anext(found)) == set(files)


async def test_it_ends_when_it_is_told_to_stop(tmp_path: Path) -> None:
    stop, count = threading.Event(), 0

    async for _ in looks(lambda: [tmp_path / "file"], stop):
        count += 1
        stop.set()

    assert count == 1


def test_an_edit_is_seen_within_two_seconds() -> None:
    """The contract's bound: what the system does not report is found at the next look."""
    assert SETTLE + LOOK < 2
