"""K1: what a token endpoint gave is not lost, however the login file can be written, or cannot."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jackfield_codex.refresh
import pytest
from jackfield.api import replace_text
from jackfield.testing import FakeUpstream, Pause


def refuse_renames(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let no file take the place of another one, as of one that is mounted alone."""

    def refuse(source: object, target: object, **_: object) -> None:
        raise OSError(number, os.strerror(number), str(target))

    monkeypatch.setattr(os, "replace", refuse)


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV, errno.EROFS, errno.EACCES, errno.EPERM])
async def test_a_login_that_cannot_be_renamed_is_written_in_place(
    stale: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any, monkeypatch: Any, number: int
) -> None:
    endpoint.script(kit.tokens(refresh_token="refresh-2"))
    house = await serve(stale)
    inode = inode_of(stale)
    refuse_renames(monkeypatch, number)

    answer = await house.ask()

    assert answer.status_code == 200, answer.text
    assert backend.last.key == kit.access(240, "second")
    assert house.stored["tokens"]["refresh_token"] == "refresh-2"
    assert inode_of(stale) == inode
    assert {each.name for each in stale.parent.iterdir()} <= {"auth.json", ".auth.json.lock"}
    assert "warning" not in house.credentials["auth.json"].metadata


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
async def test_a_login_that_cannot_be_stored_at_all_serves_from_memory_and_says_so(
    stale: Path,
    backend: FakeUpstream,
    endpoint: FakeUpstream,
    serve: Any,
    kit: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: int,
) -> None:
    endpoint.script(kit.tokens(refresh_token="refresh-2"), kit.tokens("third", refresh_token="refresh-3"))
    house = await serve(stale)
    monkeypatch.setattr(jackfield_codex.refresh, "replace_text", failing(number))

    assert [(await house.ask()).status_code for _ in range(2)] == [200, 200]

    assert {request.key for request in backend.requests} == {kit.access(240, "second")}
    warning = house.credentials["auth.json"].metadata["warning"]
    assert "auth.json is stale" in warning
    assert os.strerror(number).lower() in warning
    assert caplog.text.count("auth.json is stale") == 1
    assert house.stored["tokens"]["refresh_token"] == kit.refresh

    kit.clock.advance(240 * 3600)  # the next renewal begins with what is in memory
    assert (await house.ask()).status_code == 200
    assert endpoint.last.json()["refresh_token"] == "refresh-2"

    monkeypatch.undo()  # there is room again
    await jackfield_codex.refresh.Logins.of(house.host).store_again()
    assert house.stored["tokens"]["refresh_token"] == "refresh-3"
    assert "warning" not in house.credentials["auth.json"].metadata


def inode_of(file: Path) -> int:
    return file.stat().st_ino


def tear(file: Path) -> None:
    """Leave what a kill leaves while a file is written in place."""
    whole = file.read_text()
    file.with_name(f".{file.name}.copy").write_text(whole)
    file.write_text(whole[:40])


def failing(number: int) -> Any:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


async def test_a_login_kept_in_memory_is_stored_at_the_stop_where_it_can_be(
    stale: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.script(kit.tokens(refresh_token="refresh-2"))
    house = await serve(stale)
    monkeypatch.setattr(jackfield_codex.refresh, "replace_text", failing(errno.ENOSPC))
    await house.ask()
    monkeypatch.setattr(jackfield_codex.refresh, "replace_text", replace_text)

    await jackfield_codex.refresh.Logins.of(house.host).settle()

    assert house.stored["tokens"]["refresh_token"] == "refresh-2"


async def test_a_person_who_logs_in_again_meanwhile_is_not_overwritten(
    stale: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any
) -> None:
    endpoint.script(kit.tokens(refresh_token="refresh-2").first(Pause()))
    house = await serve(stale)
    asked = asyncio.create_task(house.ask())
    [request] = await endpoint.wait_for_requests(1)
    await request.wait_paused()
    theirs = kit.login(kit.access(5, "theirs"), backend.base_url)
    theirs["tokens"]["refresh_token"] = "refresh-of-theirs"
    kit.write(stale, theirs)
    request.resume()

    assert (await asked).status_code == 200
    assert backend.last.key == kit.access(5, "theirs")
    assert house.stored == theirs


async def test_a_login_that_a_kill_tore_in_place_is_read_from_the_copy_beside_it(
    stale: Path, backend: FakeUpstream, endpoint: FakeUpstream, serve: Any, kit: Any
) -> None:
    tear(stale)
    endpoint.script(kit.tokens(refresh_token="refresh-2"))
    house = await serve(stale)

    assert (await house.ask()).status_code == 200
    assert endpoint.last.json()["refresh_token"] == kit.refresh
    assert house.stored["tokens"]["refresh_token"] == "refresh-2"
    assert not stale.with_name(".auth.json.copy").exists()


MOUNTED = """
import os, sys
from pathlib import Path
from jackfield.model.files import check_replaceable, is_mounted, replace_text
for part in sys.argv[1:]:
    target = Path(part)
    assert is_mounted(target), part
    check_replaceable(target, 100)
    replace_text(target, "n" * 100, 0o600)
    assert target.read_text() == "n" * 100
"""


@pytest.mark.skipif(
    not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode != 0,
    reason="file systems cannot be mounted here",
)
def test_a_file_that_is_really_mounted_alone_can_be_replaced(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "tar get"
    for path in (source, target):
        path.write_text("old")
    script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
    python = [sys.executable, "-c", MOUNTED, str(target)]

    command = ["unshare", "-rm", "sh", "-c", script, "sh", str(source), str(target), *python]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert source.read_text() == "n" * 100
