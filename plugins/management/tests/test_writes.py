"""What a write does to the file, to other writers, and where it cannot be done."""

from __future__ import annotations

import asyncio
import errno
import gzip
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from jackfield.testing import make_app

PREFIX = "/v0/management"
HASH = "$2b$04$h5RhFIYaHuV37AIkk8qKj.4wJ5L.VzH9ARlDp8m/MOY.3nMJx7LAO"
BACKED = ["/packycode", "/tppc", "/debug", "/request-log", "/api-keys", "/codex-api-key", "/config", "/config.yaml"]
MANAGEMENT = f"remote-management:\n  secret-key: {HASH}\n"


@pytest.mark.parametrize("path", BACKED)
async def test_what_comes_from_the_file_carries_its_version(manage: Any, path: str) -> None:
    async with manage() as proxy:
        first = (await proxy.get(path)).headers["etag"]
        assert (await proxy.get(path)).headers["etag"] == first
        written = (await proxy.put("/debug", {"value": True})).headers["etag"]

        assert written != first
        assert (await proxy.get(path)).headers["etag"] == written


@pytest.mark.parametrize("path", ["/providers", "/models", "/health", "/plugins", "/openapi.json"])
async def test_what_does_not_come_from_the_file_carries_none(manage: Any, path: str) -> None:
    async with manage() as proxy:
        assert "etag" not in (await proxy.get(path)).headers


WRITES = [
    ("PUT", "/packycode", {"enabled": False, "base-url": "https://a.example/v1"}),
    ("PATCH", "/tppc", {"providers": [{"name": "new"}]}),
    ("PUT", "/debug", {"value": True}),
    ("PUT", "/api-keys", ["sk-client-1234567890"]),
    ("PATCH", "/api-keys", ["sk-client-1234567890"]),
    ("PUT", "/config.yaml", f"{MANAGEMENT}debug: true\n"),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_a_write_to_another_version_is_412(manage: Any, method: str, path: str, body: Any) -> None:
    sent = {"content": body} if isinstance(body, str) else {"json": body}
    async with manage() as proxy:
        old = (await proxy.get(path)).headers["etag"]
        await proxy.put("/request-log", {"value": True})
        before = proxy.text

        for condition in (old, f'W/{old}, "x"', '"nothing"', "nonsense", ""):
            answer = await proxy.ask(method, path, headers={"If-Match": condition}, **sent)
            assert (answer.status_code, answer.json()["error"]) == (412, "the configuration has changed")
            assert proxy.text == before

        now = (await proxy.get(path)).headers["etag"]
        answer = await proxy.ask(method, path, headers={"If-Match": f'"x", {now}'}, **sent)
        assert answer.status_code == 200, answer.text
        assert proxy.text != before
        assert answer.headers["etag"] == (await proxy.get(path)).headers["etag"]
        assert (await proxy.ask(method, path, headers={"If-Match": "*"}, **sent)).status_code == 200


async def test_an_edit_by_hand_is_another_version(manage: Any) -> None:
    async with manage() as proxy:
        read = (await proxy.get("/tppc")).headers["etag"]
        proxy.path.write_text(proxy.text + "# by hand\n")
        answer = await proxy.put("/tppc", {"providers": []}, headers={"If-Match": read})

        assert answer.status_code == 412
        assert proxy.text.endswith("# by hand\n")


async def test_of_writers_with_one_version_one_succeeds(manage: Any) -> None:
    async with manage() as proxy:
        read = (await proxy.get("/tppc")).headers["etag"]
        answers = await asyncio.gather(
            *(
                proxy.patch("/tppc", {"providers": [{"name": f"p{number}"}]}, headers={"If-Match": read})
                for number in range(6)
            )
        )
        stored = (await proxy.get("/tppc")).json()["providers"]

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    assert len(stored) == 1


async def test_writers_without_a_version_lose_nothing(manage: Any) -> None:
    names = [f"p{number}" for number in range(8)]
    async with manage() as proxy:
        answers = await asyncio.gather(*(proxy.patch("/tppc", {"providers": [{"name": name}]}) for name in names))
        stored = (await proxy.get("/tppc")).json()["providers"]

    assert {answer.status_code for answer in answers} == {200}
    assert sorted(each["name"] for each in stored) == names


async def test_two_processes_take_turns(manage: Any) -> None:
    async with manage() as proxy:
        other = make_app(proxy.path).test_client()
        keyed = {"X-Management-Key": "correct horse battery staple"}
        client = {"client": ("127.0.0.1", 1)}

        async def elsewhere(name: str) -> int:
            body = {"providers": [{"name": name}]}
            answer = await other.patch(f"{PREFIX}/tppc", json=body, headers=keyed, scope_base=client)
            return int(answer.status_code)

        async def here(name: str) -> int:
            return int((await proxy.patch("/tppc", {"providers": [{"name": name}]})).status_code)

        statuses = await asyncio.gather(*(way(f"{way.__name__}{n}") for n in range(4) for way in (here, elsewhere)))
        stored = (await proxy.get("/tppc")).json()["providers"]

    assert set(statuses) == {200}
    assert len(stored) == 8


async def test_the_mode_of_the_file_is_kept_and_nothing_is_left_beside_it(manage: Any, tmp_path: Path) -> None:
    async with manage() as proxy:
        for mode in (0o600, 0o640):
            proxy.path.chmod(mode)
            await proxy.put("/debug", {"value": mode == 0o600})
            assert stat.S_IMODE(proxy.path.stat().st_mode) == mode

    assert names_in(tmp_path) - {".config.yaml.lock"} == {"config.yaml"}


async def test_what_a_killed_writer_left_goes_with_the_next_write(manage: Any, tmp_path: Path) -> None:
    async with manage() as proxy:
        for name in (".config.yaml.k1lled.new", ".other.yaml.k1lled.new", "config.yaml.new"):
            (tmp_path / name).write_text("half of")
        await proxy.put("/debug", {"value": True})

    assert names_in(tmp_path) - {".config.yaml.lock"} == {"config.yaml", ".other.yaml.k1lled.new", "config.yaml.new"}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_a_link_stays_a_link(manage: Any, tmp_path: Path) -> None:
    async with manage() as proxy:
        target = tmp_path / "real.yaml"
        proxy.path.rename(target)
        proxy.path.symlink_to(target)
        assert (await proxy.put("/debug", {"value": True})).status_code == 200

        assert proxy.path.is_symlink()
        assert "debug: true" in target.read_text()


async def test_windows_line_ends_stay(manage: Any) -> None:
    config = f"debug: false # x\r\n{MANAGEMENT}tppc:\r\n  providers:\r\n  - name: fox\r\n".replace("\r\n", "\n")
    async with manage(config) as proxy:
        proxy.path.write_bytes(config.replace("\n", "\r\n").encode())
        await proxy.patch("/tppc", {"providers": [{"name": "fox", "weight": 2}, {"name": "owl"}]})

        assert proxy.text == config.replace("\n", "\r\n") + "    weight: 2\r\n  - name: owl\r\n"


async def test_a_file_that_cannot_be_written_is_503(manage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with manage() as proxy:
        before = proxy.text
        monkeypatch.setattr("jackfield.config.file.FileLock", _refusing)
        answers = [
            await proxy.put("/debug", {"value": True}),
            await proxy.ask("PUT", "/config.yaml", content=f"{MANAGEMENT}debug: true\n"),
        ]

        for answer in answers:
            assert (answer.status_code, answer.json()["error"]) == (503, "the configuration file cannot be written")
            assert "make it and its folder writable" in answer.json()["message"]
        assert proxy.text == before
        assert (await proxy.get("/debug")).json() == {"debug": False}


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV, errno.EROFS])
async def test_k2_a_file_mounted_alone_is_written_in_place(
    manage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    async with manage("# kept\ndebug: false\ntppc: {providers: []}\n") as proxy:
        inode = proxy.path.stat().st_ino
        _refuse_renames(monkeypatch, number)

        answer = await proxy.patch("/tppc", {"providers": [{"name": "fox", "priority": 3}]})

        assert answer.status_code == 200, answer.text
        assert proxy.path.stat().st_ino == inode
        assert proxy.text.startswith("# kept\n")
        assert (await proxy.get("/tppc")).json()["providers"][0]["priority"] == 3
    assert names_in(tmp_path) - {".config.yaml.lock"} == {"config.yaml"}


async def test_k2_a_plain_management_key_in_a_file_mounted_alone_becomes_its_hash(
    manage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refuse_renames(monkeypatch, errno.EBUSY)
    async with manage("remote-management: {secret-key: a plain key to hash}\n", key="a plain key to hash") as proxy:
        assert (await proxy.get("/debug")).status_code == 200
        assert "a plain key" not in proxy.text
        assert "$2b$" in proxy.text


async def test_k2_what_cannot_be_written_in_place_either_is_503_with_the_file_whole(
    manage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with manage() as proxy:
        before = proxy.text
        _refuse_renames(monkeypatch, errno.EBUSY)
        monkeypatch.setattr(os, "posix_fallocate", _full)
        answer = await proxy.patch("/tppc", {"providers": [{"name": "fox"}]})

        assert answer.status_code == 503
        assert "no space left on device" in answer.json()["message"]
        assert "mounted as a single file; mount its folder" in answer.json()["message"]
        assert "make room on its disk" in answer.json()["message"]
        assert proxy.text == before


async def test_k2_on_a_full_disk_it_says_to_make_room_not_to_change_rights(
    manage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with manage() as proxy:
        before = proxy.text
        monkeypatch.setattr(os, "fsync", _full)
        answer = await proxy.patch("/tppc", {"providers": [{"name": "fox"}]})

        assert answer.status_code == 503
        assert answer.json()["message"].endswith("make room on its disk, or raise its user's quota")
        assert "writable" not in answer.json()["message"]
        assert proxy.text == before


def _refuse_renames(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", refuse)


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _refusing(*_: object, **__: object) -> Any:
    raise PermissionError(13, "Permission denied")


async def test_a_file_that_is_gone_is_503(manage: Any) -> None:
    async with manage() as proxy:
        proxy.path.unlink()
        read = await proxy.get("/debug")
        text = await proxy.get("/config.yaml")
        written = await proxy.put("/debug", {"value": True})

    assert [answer.status_code for answer in (read, text, written)] == [503] * 3


async def test_a_file_that_is_no_text_is_503(manage: Any) -> None:
    async with manage() as proxy:
        proxy.path.write_bytes(b"debug: \xff\n")
        assert (await proxy.get("/debug")).status_code == 503
        assert (await proxy.put("/debug", {"value": True})).status_code == 503


async def test_a_file_that_does_not_hold_is_mended_or_left_alone(manage: Any) -> None:
    broken = f"{MANAGEMENT}tppc:\n  providers:\n  - name: fox\n    enabled: true\n"
    async with manage() as proxy:
        proxy.path.write_text(broken)
        shown = await proxy.get("/tppc")
        elsewhere = await proxy.put("/debug", {"value": True})
        worse = await proxy.patch("/tppc", {"providers": [{"name": "fox", "weight": 2}]})
        left = proxy.text
        mended = await proxy.patch("/tppc", {"providers": [{"name": "fox", "enabled": False}]})

    assert shown.json()["providers"][0]["enabled"] is True
    assert (elsewhere.status_code, elsewhere.json()["error"]) == (409, "invalid_config")
    assert elsewhere.json()["message"].startswith("the configuration file does not hold; mend it first: ")
    assert elsewhere.json()["problems"][0]["path"] == "tppc.providers[0].base-url"
    assert (worse.status_code, worse.json()["error"]) == (422, "invalid_tppc")
    assert left == broken
    assert mended.status_code == 200


async def test_a_file_that_is_no_yaml_is_shown_and_replaced_as_text_only(manage: Any) -> None:
    async with manage() as proxy:
        proxy.path.write_text("debug: [\n")
        assert (await proxy.get("/debug")).status_code == 409
        assert (await proxy.put("/debug", {"value": True})).json()["error"] == "invalid_config"
        shown = await proxy.get("/config.yaml")
        assert shown.text == "debug: [\n"
        mended = await proxy.ask("PUT", "/config.yaml", content=MANAGEMENT, headers={"If-Match": shown.headers["etag"]})
        assert mended.status_code == 200


async def test_a_packed_body_is_unpacked_and_measured_as_it_is_then(manage: Any) -> None:
    """C6."""
    packed = {"content-encoding": "gzip"}
    async with manage() as proxy:
        good = await proxy.ask("PUT", "/debug", content=gzip.compress(b'{"value": true}'), headers=packed)
        assert (good.status_code, (await proxy.get("/debug")).json()) == (200, {"debug": True})
        bomb = await proxy.ask("PUT", "/debug", content=gzip.compress(b" " * 2_000_000), headers=packed)
        assert (bomb.status_code, bomb.json()["error"]) == (413, "body too large")
        cut = await proxy.ask("PUT", "/debug", content=gzip.compress(b"{}")[:9], headers=packed)
        assert (cut.status_code, "gzip" in cut.json()["error"]) == (400, True)
        unknown = await proxy.ask("PUT", "/debug", content=b"{}", headers={"content-encoding": "lzma"})
        assert (unknown.status_code, "lzma" in unknown.json()["error"]) == (415, True)
