from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from jackfield.config.watch import LINGER, Contents, changed

ONE, OTHER = Path("one"), Path("other")
A, B, MISSING = b"digest a", b"digest b", b""


@pytest.fixture
def contents() -> Contents:
    """What was seen: one file, with content A."""
    contents = Contents()
    assert contents.update({ONE: A}, 0) == [ONE]
    return contents


def test_a_content_counts_once(contents: Contents) -> None:
    assert contents.update({ONE: A}, 1) == []
    assert contents.update({ONE: B}, 2) == [ONE]
    assert contents.update({ONE: B}, 3) == []
    assert contents.update({ONE: A}, 4) == [ONE]


def test_a_file_named_later_counts_when_it_is_first_seen(contents: Contents) -> None:
    assert contents.update({ONE: A, OTHER: A}, 1) == [OTHER]


def test_a_file_that_is_missing_for_a_moment_has_not_changed(contents: Contents) -> None:
    assert contents.update({ONE: MISSING}, 1) == []
    assert contents.update({ONE: A}, 2) == []
    assert contents.update({ONE: MISSING}, 1 + LINGER) == []
    assert contents.update({ONE: MISSING}, 1 + LINGER + LINGER - 0.1) == []


def test_a_file_that_stays_away_has_changed_once(contents: Contents) -> None:
    assert contents.update({ONE: MISSING}, 1) == []
    assert contents.update({ONE: MISSING}, 1 + LINGER) == [ONE]
    assert contents.update({ONE: MISSING}, 1 + LINGER * 3) == []
    assert contents.update({ONE: A}, 20) == [ONE]


def test_a_file_that_comes_back_with_another_content_counts_at_once(contents: Contents) -> None:
    assert contents.update({ONE: MISSING}, 1) == []
    assert contents.update({ONE: B}, 1.1) == [ONE]


def test_a_file_that_was_never_there_counts_when_it_comes() -> None:
    contents = Contents()

    assert contents.update({ONE: MISSING}, 0) == []
    assert contents.update({ONE: MISSING}, LINGER * 2) == []
    assert contents.update({ONE: A}, LINGER * 3) == [ONE]


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

    async with aclosing(changed(lambda: [file], threading.Event())) as looks:
        assert await anext(looks) == [file]
        how(file)
        assert await anext(looks) == [file]


async def test_a_file_in_a_folder_that_is_made_later_is_found(tmp_path: Path) -> None:
    file = tmp_path / "later" / "file"

    async with aclosing(changed(lambda: [file, tmp_path / "there"], threading.Event())) as looks:
        (tmp_path / "there").write_text("old")
        assert await anext(looks) == [tmp_path / "there"]
        file.parent.mkdir()
        file.write_text("new")
        assert await anext(looks) == [file]


async def test_it_ends_when_it_is_told_to_stop(tmp_path: Path) -> None:
    file, stop = tmp_path / "file", threading.Event()
    file.write_text("old")

    seen = []
    async for fresh in changed(lambda: [file], stop):
        seen.append(fresh)
        stop.set()

    assert seen == [[file]]
