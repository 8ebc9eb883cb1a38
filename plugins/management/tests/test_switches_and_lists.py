"""Keys that are true or false, and keys that are lists."""

from __future__ import annotations

from typing import Any

import pytest

FILE = """\
debug: false  # loud?
api-keys:
# of Anna
- sk-anna-canary-00001   # laptop
- sk-ben-canary-0000002
# of all
- env:SHARED_KEY
codex-api-key:
- api-key: sk-codex-canary-01   # of the team
  base-url: https://one.example/v1
- api-key: sk-codex-canary-02
  base-url: https://two.example/v1
  priority: 2
"""


@pytest.fixture(autouse=True)
def _shared_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARED_KEY", "sk-shared-canary-0003")


@pytest.mark.parametrize("key", ["debug", "request-log"])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_switch_takes_its_value_by_either_name(manage: Any, key: str, method: str) -> None:
    async with manage(FILE) as proxy:
        assert (await proxy.get(f"/{key}")).json() == {key: False}
        for body, value in (({"value": True}, True), ({key: False}, False), ({key: True}, True)):
            answer = await proxy.ask(method, f"/{key}", json=body)
            assert (answer.status_code, answer.json()) == (200, {key: value})
            assert (await proxy.get(f"/{key}")).json() == {key: value}
        assert f"\n{key}: true" in f"\n{proxy.text}"


async def test_a_switch_keeps_the_rest_of_its_line(manage: Any) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        await proxy.put("/debug", {"value": True})

        assert proxy.text == before.replace("debug: false  # loud?", "debug: true   # loud?")


@pytest.mark.parametrize(
    "body", [True, None, [], {}, {"value": 1}, {"value": "true"}, {"value": None}, {"other": True},
             {"value": True, "debug": True}]
)  # fmt: skip
async def test_a_switch_takes_nothing_but_true_and_false(manage: Any, body: Any) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        answer = await proxy.put("/debug", body)

        assert (answer.status_code, answer.json()["error"]) == (422, "invalid_debug")
        assert answer.json()["problems"][0]["fix"]
        assert proxy.text == before


async def test_lists_are_shown_with_masked_keys(manage: Any) -> None:
    async with manage(FILE) as proxy:
        keys = (await proxy.get("/api-keys")).json()
        codex = (await proxy.get("/codex-api-key")).json()

    assert keys == {"api-keys": ["sk-a...01", "sk-b...02", "env:SHARED_KEY"]}
    assert [entry["api-key"] for entry in codex["codex-api-key"]] == ["sk-c...01", "sk-c...02"]
    assert codex["codex-api-key"][0]["weight"] == 1


async def test_a_list_is_replaced_and_masks_are_kept(manage: Any) -> None:
    async with manage(FILE) as proxy:
        new = ["sk-b...02", "sk-carl-canary-00004", "env:SHARED_KEY"]
        answer = await proxy.put("/api-keys", new)

        assert answer.json() == {"api-keys": ["sk-b...02", "sk-c...04", "env:SHARED_KEY"]}
        assert "- sk-ben-canary-0000002\n" in proxy.text
        assert "- sk-carl-canary-00004\n" in proxy.text
        assert "sk-anna" not in proxy.text
        assert "# of all\n" in proxy.text

        both = {"Authorization": "Bearer sk-carl-canary-00004"}
        assert (await proxy.client.get("/v1/models", headers=both)).status_code == 200
        gone = {"Authorization": "Bearer sk-anna-canary-00001"}
        assert (await proxy.client.get("/v1/models", headers=gone)).status_code == 401


async def test_entries_are_added_once(manage: Any) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        new = ["sk-carl-canary-00004", "sk-a...01", "env:SHARED_KEY", "sk-ben-canary-0000002", "sk-carl-canary-00004"]
        answer = await proxy.patch("/api-keys", {"api-keys": new})

        assert answer.json() == {"api-keys": ["sk-a...01", "sk-b...02", "env:SHARED_KEY", "sk-c...04"]}
        assert proxy.text == before.replace("- env:SHARED_KEY\n", "- env:SHARED_KEY\n- sk-carl-canary-00004\n")


async def test_one_entry_is_changed(manage: Any) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        await proxy.patch("/api-keys", {"index": 1, "value": "sk-bert-canary-000005"})
        answer = await proxy.patch("/codex-api-key", {"index": 1, "value": {"priority": None, "models": ["x"]}})

        assert answer.status_code == 200
        assert answer.json()["codex-api-key"][1]["priority"] == 0
        assert proxy.text == before.replace("- sk-ben-canary-0000002", "- sk-bert-canary-000005").replace(
            "  priority: 2\n", "  models:\n  - x\n"
        )


async def test_one_entry_is_removed(manage: Any) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        answer = await proxy.ask("DELETE", "/api-keys", params={"index": 1})

        assert answer.json() == {"api-keys": ["sk-a...01", "env:SHARED_KEY"]}
        assert proxy.text == before.replace("- sk-ben-canary-0000002\n", "")

        await proxy.ask("DELETE", "/codex-api-key?index=0")
        assert [each["api-key"] for each in (await proxy.get("/codex-api-key")).json()["codex-api-key"]] == [
            "sk-c...02"
        ]


@pytest.mark.parametrize("query", ["", "?index=", "?index=-1", "?index=x", "?index=1&index=2", "?index=٣", "?value=a"])
async def test_what_to_remove_must_be_named(manage: Any, query: str) -> None:
    async with manage(FILE) as proxy:
        answer = await proxy.ask("DELETE", f"/api-keys{query}")

    assert (answer.status_code, answer.json()["error"]) == (400, "which entry?")


async def test_an_entry_that_is_not_there_is_404(manage: Any) -> None:
    async with manage(FILE) as proxy:
        removed = await proxy.ask("DELETE", "/api-keys?index=3")
        changed = await proxy.patch("/api-keys", {"index": 3, "value": "x" * 20})
        none = await proxy.ask("DELETE", "/codex-api-key?index=99999999")

    assert {answer.status_code for answer in (removed, changed, none)} == {404}
    assert removed.json()["error"] == "api-keys has no entry 3"


@pytest.mark.parametrize("body", [{"index": True, "value": "x"}, {"index": 0}, {"value": "x"}, "x", 5, None, {}])
async def test_a_list_is_not_changed_by_anything_else(manage: Any, body: Any) -> None:
    async with manage(FILE) as proxy:
        answer = await proxy.patch("/api-keys", body)

    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_api-keys")


async def test_keys_of_examples_are_refused(manage: Any) -> None:
    async with manage(FILE) as proxy:
        answer = await proxy.put("/api-keys", ["your-client-key"])

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["path"] == "api-keys[0]"
    assert "your-client-key" not in answer.text


async def test_two_keys_that_look_alike_are_not_mixed_up(manage: Any) -> None:
    async with manage("api-keys: [sk-a-first-canary-00, sk-a-other-canary-00]\n") as proxy:
        assert (await proxy.get("/api-keys")).json()["api-keys"] == ["sk-a...00"] * 2
        same = await proxy.put("/api-keys", ["sk-a...00", "sk-a...00", "sk-new-canary-00001"])
        unclear = await proxy.put("/api-keys", ["sk-new-canary-00001", "sk-x...00", "sk-a...00"])

        assert same.status_code == 200
        assert "[sk-a-first-canary-00, sk-a-other-canary-00, sk-new-canary-00001]" in proxy.text
        assert unclear.status_code == 422
