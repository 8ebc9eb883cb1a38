"""An edit of the configuration file takes effect, whatever program makes it and however it goes about it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from jackfield.testing import FakeUpstream, jackfield_server

WITHIN = 30.0
"""Seconds that a wait lasts at most; reached only when a test fails. The contract says two."""

Edit = Callable[[Path, str], Iterator[None]]
"""Makes a file say something else, in steps; the server may look at it between any two of them."""


def configuration(upstream: FakeUpstream, key: str) -> str:
    return f"""\
tppc:
  providers:
    - name: fox
      enabled: true
      base-url: {upstream.base_url}
      api-key: {key}
"""


def in_place(file: Path, text: str) -> Iterator[None]:
    file.write_text(text)
    yield


def emptied_first(file: Path, text: str) -> Iterator[None]:
    with file.open("w") as opened:
        yield
        opened.write(text)
    yield


def atomically(file: Path, text: str) -> Iterator[None]:
    new = file.with_suffix(".new")
    new.write_text(text)
    yield
    new.replace(file)
    yield


def as_vim_does(file: Path, text: str) -> Iterator[None]:
    """Swap file, probe, rename of the old one to a backup, a new file, its backup deleted."""
    swap = file.with_name(f".{file.name}.swp")
    swap.write_bytes(b"b0VIM 9.0")
    (file.with_name("4913")).write_text("")
    yield
    (file.with_name("4913")).unlink()
    backup = file.with_name(f"{file.name}~")
    file.rename(backup)
    yield
    file.write_text(text)
    yield
    backup.unlink()
    swap.unlink()
    yield


def deleted_and_made_anew(file: Path, text: str) -> Iterator[None]:
    file.unlink()
    yield
    file.write_text(text)
    yield


WAYS: list[Edit] = [in_place, emptied_first, atomically, as_vim_does, deleted_and_made_anew]


class Live:
    """A proxy with its file, whose provider's key tells which configuration is in force."""

    def __init__(self, upstream: FakeUpstream, ask: Callable[[], AsyncIterator[str]]) -> None:
        self.upstream = upstream
        self._keys = ask

    async def until(self, key: str) -> set[str]:
        """Ask until this key is used; return the keys that were used on the way. Every request must succeed."""
        seen: set[str] = set()
        async with asyncio.timeout(WITHIN):
            async for used in self._keys():
                seen.add(used)
                if used == key:
                    return seen
        raise AssertionError(seen)


@contextlib.asynccontextmanager
async def living(file: Path, upstream: FakeUpstream) -> AsyncIterator[Live]:
    """Serve with a file that is there already."""
    async with jackfield_server(file) as proxy, proxy.client() as client:

        async def keys() -> AsyncIterator[str]:
            while True:
                answer = await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})
                assert answer.status_code == 200, answer.text
                yield upstream.last.key

        yield Live(upstream, keys)


async def edited(steps: Iterator[None]) -> None:
    """Take the steps of an edit, with time in between for the server to look."""
    for _ in steps:
        await asyncio.sleep(0.25)


@pytest.mark.parametrize("edit", WAYS, ids=lambda edit: edit.__name__)
async def test_an_edit_takes_effect_whole(edit: Edit, upstream: FakeUpstream, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(configuration(upstream, "sk-first-0123456"))
    async with living(file, upstream) as proxy:
        assert await proxy.until("sk-first-0123456") == {"sk-first-0123456"}

        await edited(edit(file, configuration(upstream, "sk-second-0123456")))

        assert await proxy.until("sk-second-0123456") <= {"sk-first-0123456", "sk-second-0123456"}


@pytest.mark.parametrize("edit", WAYS, ids=lambda edit: edit.__name__)
async def test_a_second_edit_of_the_same_kind_does_too(edit: Edit, upstream: FakeUpstream, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(configuration(upstream, "sk-0-0123456789"))
    async with living(file, upstream) as proxy:
        for number in (1, 2):
            await edited(edit(file, configuration(upstream, f"sk-{number}-0123456789")))
            await proxy.until(f"sk-{number}-0123456789")


async def test_a_config_map_is_followed_when_its_folder_is_swapped(upstream: FakeUpstream, tmp_path: Path) -> None:
    """Kubernetes: the file links to `..data/`, which links to a dated folder and is replaced as a whole."""

    def publish(number: int) -> None:
        dated = tmp_path / f"..2026_{number}"
        dated.mkdir()
        (dated / "config.yaml").write_text(configuration(upstream, f"sk-{number}-0123456789"))
        (tmp_path / "..data_tmp").symlink_to(dated.name)
        (tmp_path / "..data_tmp").replace(tmp_path / "..data")

    publish(1)
    (tmp_path / "config.yaml").symlink_to("..data/config.yaml")
    async with living(tmp_path / "config.yaml", upstream) as proxy:
        await proxy.until("sk-1-0123456789")
        for number in (2, 3):
            publish(number)
            await proxy.until(f"sk-{number}-0123456789")


async def test_a_folder_behind_a_link_is_followed_when_it_is_swapped(upstream: FakeUpstream, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"release-{number}").mkdir()
        (tmp_path / f"release-{number}" / "config.yaml").write_text(configuration(upstream, f"sk-{number}-0123456789"))
    (tmp_path / "current").symlink_to("release-1")
    async with living(tmp_path / "current" / "config.yaml", upstream) as proxy:
        await proxy.until("sk-1-0123456789")

        (tmp_path / "next").symlink_to("release-2")
        (tmp_path / "next").replace(tmp_path / "current")

        await proxy.until("sk-2-0123456789")
        (tmp_path / "release-2" / "config.yaml").write_text(configuration(upstream, "sk-3-0123456789"))
        await proxy.until("sk-3-0123456789")


async def test_an_edit_before_the_first_look_is_not_lost(upstream: FakeUpstream, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(configuration(upstream, "sk-first-0123456"))
    async with living(file, upstream) as proxy:
        file.write_text(configuration(upstream, "sk-second-0123456"))

        await proxy.until("sk-second-0123456")


@pytest.mark.parametrize("spoil", [lambda file: file.write_text(""), lambda file: file.unlink()], ids=["empty", "gone"])
async def test_a_file_that_is_emptied_or_deleted_changes_nothing(
    spoil: Callable[[Path], None], upstream: FakeUpstream, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(configuration(upstream, "sk-first-0123456"))
    async with living(file, upstream) as proxy:
        spoil(file)
        async with asyncio.timeout(WITHIN):
            while "is empty or gone; the configuration before it stays in force" not in caplog.text:
                await proxy.until("sk-first-0123456")
                await asyncio.sleep(0.05)
        file.write_text(configuration(upstream, "sk-second-0123456"))

        await proxy.until("sk-second-0123456")
