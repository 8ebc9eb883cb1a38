"""The configuration as a whole: as JSON, and as the file it is."""

from __future__ import annotations

from typing import Any

import pytest

HASH = "$2b$04$h5RhFIYaHuV37AIkk8qKj.4wJ5L.VzH9ARlDp8m/MOY.3nMJx7LAO"
MANAGEMENT = f"remote-management:\n  secret-key: {HASH} # hashed\n"
FILE = f"""\
# mine
{MANAGEMENT}proxy-url: http://anna:proxy-canary-1@127.0.0.1:9
api-keys: [sk-client-canary-01]
later: {{api-key: sk-later-canary-01}}   # of a plugin to come
codex-api-key:
  - api-key: env:HOME
    base-url: https://one.example/v1
"""


async def test_the_configuration_is_shown_complete_without_a_secret(manage: Any) -> None:
    async with manage(FILE, key="correct horse battery staple") as proxy:
        shown = (await proxy.get("/config")).json()

    assert shown["remote-management"]["secret-key"] == "********"
    assert shown["remote-management"]["allow-remote"] is False
    assert [] == shown["remote-management"]["allowed-origins"] == shown["remote-management"]["allowed-references"]
    assert shown["api-keys"] == ["sk-c...01"]
    assert shown["codex-api-key"][0]["api-key"] == "env:HOME"
    assert shown["limits"]["max-streams"] == 2000
    assert shown["tppc"] == {"providers": []}
    assert "later" not in shown
    assert "canary" not in str(shown)


async def test_not_even_a_part_of_the_management_key_is_shown(manage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jackfield_management.keys.plain_key", lambda *_: "")
    async with manage("remote-management: {secret-key: a-plain-management-key}\n", key="a-plain-management-key") as it:
        assert (await it.get("/config")).json()["remote-management"]["secret-key"] == "********"


async def test_the_file_is_given_as_it_stands(manage: Any) -> None:
    async with manage(FILE) as proxy:
        answer = await proxy.get("/config.yaml")
        assert answer.content == proxy.path.read_bytes()

    assert answer.headers["content-type"] == "application/yaml"
    assert answer.headers["cache-control"] == "no-store"


async def test_the_file_is_replaced_and_in_force_at_once(manage: Any) -> None:
    new = f"# new\n{MANAGEMENT}debug: true # loud\ntppc:\n  providers: []\n"
    async with manage(FILE) as proxy:
        answer = await proxy.ask("PUT", "/config.yaml", content=new)

        assert answer.status_code == 200
        assert answer.text == new == proxy.text
        assert (await proxy.client.get("/v1/models")).status_code == 200, "the client keys are gone"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("debug: [\n", ""),
        ("- a\n", ""),
        ("debug: 3\n", "debug"),
        ("debug: true\ndebug: false\n", "debug"),
        ("debugg: true\n", "debugg"),
        ("packycode: {enabled: true}\n", "packycode.base-url"),
        ("host: 0.0.0.0\n", "host"),
        ("api-keys: [sk-c...01]\n", "api-keys[0]"),
        ("remote-management: {secret-key: '********'}\n", "remote-management.secret-key"),
        (f"remote-management: {{secret-key: {'long' * 20}}}\n", "remote-management.secret-key"),
        ("debug: \0\n", ""),
        ("[" * 3000, ""),
    ],
)
async def test_a_text_that_does_not_hold_is_refused(manage: Any, text: str, path: str) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        answer = await proxy.ask("PUT", "/config.yaml", content=text)

        assert (answer.status_code, answer.json()["error"]) == (422, "invalid_config")
        assert answer.json()["message"].startswith("invalid configuration: ")
        assert path in [problem["path"] for problem in answer.json()["problems"]]
        assert proxy.text == before


async def test_a_text_that_is_no_text_is_400(manage: Any) -> None:
    async with manage(FILE) as proxy:
        answer = await proxy.ask("PUT", "/config.yaml", content=b"debug: \xff")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid text")


async def test_a_new_management_key_never_reaches_the_disk(manage: Any) -> None:
    async with manage(FILE) as proxy:
        new = "remote-management:\n  secret-key: the-new-management-key # mine\n"
        answer = await proxy.ask("PUT", "/config.yaml", content=new)

        assert answer.status_code == 200
        assert "the-new-management-key" not in proxy.text
        assert proxy.text.startswith("remote-management:\n  secret-key: $2b$10$")
        assert proxy.text.endswith(" # mine\n")
        assert answer.text == proxy.text
        assert (await proxy.get("/debug")).status_code == 401
        renewed = {"Authorization": "Bearer the-new-management-key"}
        assert (await proxy.get("/debug", headers=renewed)).status_code == 200
