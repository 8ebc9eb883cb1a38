"""K9: what lets a command of this machine in without the management key, and what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jackfield.api import TOKEN_HEADER
from jackfield.testing import make_app

PREFIX = "/v0/management"


def token_in(folder: Path) -> str:
    return (folder / ".config.yaml.token").read_text()


async def test_the_token_opens_every_route_without_the_key(manage: Any, tmp_path: Path) -> None:
    async with manage(key="") as proxy:
        shown = {TOKEN_HEADER: token_in(tmp_path)}

        assert (await proxy.get("/debug")).status_code == 401
        assert (await proxy.get("/debug", headers=shown)).status_code == 200
        assert (await proxy.put("/debug", {"value": True}, headers=shown)).status_code == 200
        assert (await proxy.get("/nothing", headers=shown)).json()["error"] == "not found"


@pytest.mark.parametrize(
    "headers",
    [
        {TOKEN_HEADER: "guessed"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Origin": "https://app.example.com"},
    ],
)
async def test_the_token_opens_nothing_for_others(manage: Any, tmp_path: Path, headers: dict[str, str]) -> None:
    async with manage(key="") as proxy:
        answer = await proxy.get("/debug", headers={TOKEN_HEADER: token_in(tmp_path), **headers})

    assert answer.status_code in (401, 403)


async def test_the_token_opens_nothing_from_another_machine(tmp_path: Path) -> None:
    app = make_app({"remote-management": {"secret-key": "a-long-management-key"}}, path=tmp_path / "config.yaml")
    async with app.test_app():
        client, shown = app.test_client(), {TOKEN_HEADER: token_in(tmp_path)}
        statuses = [
            (await client.get(f"{PREFIX}/debug", headers=shown, scope_base={"client": (address, 1)})).status_code
            for address in ("127.0.0.1", "::1", "192.0.2.7", "")
        ]

    assert statuses == [200, 200, 403, 403]


async def test_wrong_tokens_ban_nobody(manage: Any) -> None:
    async with manage() as proxy:
        for _ in range(10):
            await proxy.get("/debug", headers={TOKEN_HEADER: "stale"})

        assert (await proxy.get("/debug")).status_code == 200


async def test_without_a_management_key_the_token_alone_opens_it(manage: Any, tmp_path: Path) -> None:
    async with manage("remote-management: {secret-key: ''}\n", key="") as proxy:
        assert (await proxy.get("/debug")).status_code == 404
        assert (await proxy.get("/debug", headers={TOKEN_HEADER: token_in(tmp_path)})).status_code == 200
