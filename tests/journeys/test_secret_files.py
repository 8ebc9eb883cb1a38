"""K3: a secret written as `file:` is followed, however its file is changed; what came of the old one is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from jackfield.testing import FakeUpstream, RunningServer, http_error, jackfield_server, text_answer

OLD, NEW = "sk-old-0123456789abcdef", "sk-new-0123456789abcdef"
MANAGEMENT = "a-management-key-of-the-tests"
WITHIN = 30.0


def rewrite(file: Path, text: str) -> None:
    file.write_text(text)


def rename(file: Path, text: str) -> None:
    fresh = file.with_name("fresh")
    fresh.write_text(text)
    fresh.rename(file)


def swap_links(file: Path, text: str) -> None:
    """Change a file as Kubernetes does: a link to a folder is swapped, of which the file is a link into."""
    folder = file.parent / f"..{len(list(file.parent.iterdir()))}"
    folder.mkdir()
    (folder / file.name).write_text(text)
    link = file.parent / "..new"
    link.symlink_to(folder.name)
    link.replace(file.parent / "..data")
    if not file.is_symlink():
        file.unlink(missing_ok=True)
        file.symlink_to(Path("..data") / file.name)


def vanish_and_return(file: Path, text: str) -> None:
    file.unlink()
    file.write_text(text)


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(WITHIN):
        while not await holds():  # noqa: ASYNC110 - a file is followed
            await asyncio.sleep(0.05)


async def ask(server: RunningServer, key: str = "") -> httpx.Response:
    async with server.client(key, timeout=WITHIN) as client:
        return await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})


def only(key: str) -> Callable[[Any], Any]:
    return lambda request: text_answer("Hi") if request.key == key else http_error(401, "wrong key")


@pytest.mark.parametrize("change", [rewrite, rename, swap_links, vanish_and_return])
async def test_a_providers_new_key_is_sent_and_the_old_ones_rest_is_forgotten(
    tmp_path: Path, change: Callable[[Path, str], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "jackfield")
    key = tmp_path / "keys" / "key"
    key.parent.mkdir()
    (swap_links if change is swap_links else rewrite)(key, f"{OLD}\n")
    async with FakeUpstream(only(OLD)) as upstream:
        fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "file:keys/key"}
        async with jackfield_server({"tppc": {"providers": [fox]}}, path=tmp_path / "config.yaml") as server:
            assert (await ask(server)).status_code == 200
            upstream.default = only(NEW)
            assert (await ask(server)).status_code != 200  # and now the credential rests

            change(key, f"{NEW}\n")

            async def served() -> bool:
                return (await ask(server)).status_code == 200

            await until(served)
            assert upstream.last.key == NEW
    assert "tppc.providers[fox].api-key: updated" in caplog.text
    assert NEW not in caplog.text


async def test_a_file_that_is_gone_or_empty_leaves_the_old_secret_in_use(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = tmp_path / "key"
    key.write_text(OLD)
    async with FakeUpstream(only(OLD)) as upstream:
        fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "file:key"}
        async with jackfield_server({"tppc": {"providers": [fox]}}, path=tmp_path / "config.yaml") as server:
            config = server.app.extensions["jackfield"].config
            for ruin in (key.unlink, lambda: key.write_text("")):
                ruin()
                await config.reread()
                assert (await ask(server)).status_code == 200
            assert "what was read before serves on" in caplog.text
            upstream.default = only(NEW)
            key.write_text(NEW)
            await config.reread()  # what SIGHUP does
            assert (await ask(server)).status_code == 200


async def test_client_keys_and_the_management_key_are_followed_too(tmp_path: Path) -> None:
    client, manager = tmp_path / "client", tmp_path / "manager"
    client.write_text(OLD)
    manager.write_text(MANAGEMENT)
    config = {"api-keys": ["file:client"], "remote-management": {"secret-key": "file:manager"}}
    async with jackfield_server(config, path=tmp_path / "config.yaml") as server:

        async def status(key: str, path: str) -> int:
            async with server.client(key) as asking:
                return (await asking.get(path)).status_code

        assert await status(OLD, "/v1/models") == 200
        client.write_text(NEW)
        manager.write_text(MANAGEMENT[::-1])

        async def followed() -> bool:
            return await status(NEW, "/v1/models") == 200

        await until(followed)
        assert await status(OLD, "/v1/models") == 401
        assert await status(MANAGEMENT[::-1], "/v0/management/debug") == 200
        assert await status(MANAGEMENT, "/v0/management/debug") == 401


async def test_a_reference_to_another_file_with_the_same_secret_is_followed_there(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(OLD)
    file = tmp_path / "config.yaml"
    async with jackfield_server({"api-keys": ["file:one"]}, path=file) as server:
        host = server.app.extensions["jackfield"]
        file.write_text("api-keys: ['file:two']\n")
        await host.config.reread()

        assert host.settings.secret_files == (tmp_path / "two",)
