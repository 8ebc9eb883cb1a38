"""A file is replaced whole or not at all; K1, K2: also where it is mounted alone or its folder cannot be written."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from jackfield.config.locks import own_lock, turn_at
from jackfield.model.files import MountedAloneError, check_replaceable, read_whole, remove_unfinished, replace_text


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    file.chmod(0o640)
    before = file.stat().st_ino

    replace_text(file, "new\r\nwith its own line ends\n")

    assert file.read_bytes() == b"new\r\nwith its own line ends\n"
    assert mode(file) == 0o640
    assert file.stat().st_ino != before
    assert list(tmp_path.iterdir()) == [file]


def test_a_mode_can_be_asked_for_also_for_a_new_file(tmp_path: Path) -> None:
    replace_text(tmp_path / "file", "secret", 0o600)

    assert mode(tmp_path / "file") == 0o600


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space left"):
        replace_text(file, "new")

    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_new_file_without_a_mode_needs_an_old_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_text(tmp_path / "file", "new")

    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that no other can take the place of."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(os, "replace", refuse)
    file = tmp_path / "file"
    file.write_text("what was there before")
    return file


@pytest.mark.parametrize("text", ["short", "longer than what was there before it, " * 1000, ""])
def test_a_file_mounted_alone_is_written_in_place(alone: Path, text: str) -> None:
    inode = alone.stat().st_ino

    replace_text(alone, text, 0o600)

    assert (alone.read_text(), alone.stat().st_ino, mode(alone)) == (text, inode, 0o600)
    assert list(alone.parent.iterdir()) == [alone]


def test_room_is_tested_before_a_file_in_place_is_cut(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(MountedAloneError, match="No space left"):
        replace_text(alone, "longer than what was there before")
    assert alone.read_text() == "what was there before"
    assert list(alone.parent.iterdir()) == [alone]


def test_a_write_in_place_that_fails_half_way_brings_the_old_content_back(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.fsync, []

    def third(descriptor: int) -> None:  # after the temporary file and the copy
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", third)
    with pytest.raises(MountedAloneError, match="Input/output error"):
        replace_text(alone, "new")

    assert alone.read_text() == "what was there before"
    assert list(alone.parent.iterdir()) == [alone]


def test_no_room_beside_a_file_is_no_reason_to_write_it_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    with pytest.raises(OSError, match="No space left"):
        replace_text(file, "new")
    assert file.read_text() == "old"


def test_what_a_kill_tore_is_read_whole_and_mended_by_the_next_writer(tmp_path: Path) -> None:
    file, copy = tmp_path / "file", tmp_path / ".file.copy"
    copy.write_text("new content")
    for torn in ("", "new", "new conten"):
        file.write_text(torn)
        assert read_whole(file) == b"new content"
    for other in ("new content", "edited by hand since"):
        file.write_text(other)
        assert read_whole(file) == other.encode()
    file.write_text("new")

    remove_unfinished(file)

    assert file.read_text() == "new content"
    assert list(tmp_path.iterdir()) == [file]


def test_whether_a_file_can_be_replaced_is_known_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    check_replaceable(file, 100_000)
    monkeypatch.setattr("jackfield.model.files.is_mounted", lambda _: True)
    check_replaceable(file, 100_000)
    assert (file.read_text(), list(tmp_path.iterdir())) == ("old", [file])

    monkeypatch.setattr(os, "posix_fallocate", lambda *_: (_ for _ in ()).throw(OSError(errno.EDQUOT, "Quota")))
    with pytest.raises(OSError, match="Quota"):
        check_replaceable(file, 100_000)


WRITER = """
import sys, time
from pathlib import Path
from jackfield.model.files import replace_text
from jackfield.config.locks import own_lock
target = Path(sys.argv[1])
with own_lock(target, 10):
    print("held", flush=True)
    sys.stdin.readline()
    replace_text(target, "theirs")
"""


async def test_two_processes_take_turns_at_a_file_though_they_see_no_lock_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    command = [sys.executable, "-c", WRITER, str(file)]
    with subprocess.Popen(  # noqa: ASYNC220 - the loop has nothing else to do
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(TimeoutError), own_lock(file, 0.1):
            pytest.fail("two hold one lock")
        with pytest.raises(TimeoutError):
            async with turn_at(file, 0.1):
                pytest.fail("two hold one lock")
        asyncio.get_running_loop().call_later(0.2, os.write, other.stdin.fileno(), b"go on\n")
        async with turn_at(file, 10):
            assert file.read_text() == "theirs"
