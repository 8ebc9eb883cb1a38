from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from jackfield.files import replace_text


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
