"""Blocks of the configuration over HTTP: /packycode and /tppc, and the file they are kept in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import pytest
from jackfield.testing import FakeUpstream, text_answer

FILE = """\
# The configuration of Anna
packycode:              # switched on below
  # https only
  base-url: 'https://api.packycode.example/v1'
  enabled: false        # not yet
  credentials:
    openai-api-key: "sk-packy-canary-01"   # of the team

# ---- the others

tppc:
    providers:
    # the cheap one
    - name: fox         # fast
      enabled: true
      base-url: https://fox.example.com/v1
      api-key: sk-fox-canary-0001
    # the good one
    - {name: owl, enabled: false, base-url: "https://owl.example.com/v1", api-key: env:OWL_KEY}
debug: no   # quiet
"""


def complete(schema: Mapping[str, Any], **written: Any) -> dict[str, Any]:
    """Return what is shown of a block: every key of its schema, with what was written or its default."""
    parts = schema["properties"].items()
    return {key: complete(part) if "properties" in part else part.get("default") for key, part in parts} | written


def schema_of(plugin: str) -> Any:
    return json.loads((resources.files(f"jackfield_{plugin}") / "schema.json").read_bytes())["properties"][plugin]


PACKYCODE = complete(
    schema_of("packycode"),
    **{"base-url": "https://api.packycode.example/v1", "credentials": {"openai-api-key": "sk-p...01"}},
    **{"headers": {}, "default-headers": {}, "query-params": {}},
)
FOX = complete(
    schema_of("tppc")["properties"]["providers"]["items"],
    **{"name": "fox", "enabled": True, "base-url": "https://fox.example.com/v1", "api-key": "sk-f...01"},
    **{"headers": {}, "default-headers": {}, "query-params": {}},
)


@pytest.fixture(autouse=True)
def _owl_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWL_KEY", "sk-owl-canary-0001")


def changed(old: str, new: str) -> list[str]:
    """Return the lines that differ, as `-old` and `+new`."""
    before, after = old.splitlines(), new.splitlines()
    gone = [f"-{line}" for line in before if line not in after]
    return gone + [f"+{line}" for line in after if line not in before]


async def test_a_block_is_shown_complete_with_secrets_masked(manage: Any) -> None:
    async with manage(FILE) as proxy:
        packycode = await proxy.get("/packycode")
        tppc = await proxy.get("/tppc")

    assert packycode.status_code == 200
    assert packycode.json() == PACKYCODE
    assert tppc.json() == {
        "providers": [
            FOX,
            {
                **FOX,
                "name": "owl",
                "enabled": False,
                "base-url": "https://owl.example.com/v1",
                "api-key": "env:OWL_KEY",
            },
        ]
    }


async def test_a_block_that_the_file_leaves_out_has_its_defaults(manage: Any) -> None:
    async with manage() as proxy:
        assert (await proxy.get("/tppc")).json() == {"providers": []}
        assert (await proxy.get("/packycode")).json()["enabled"] is False


async def test_switching_on_changes_one_word_of_the_file(manage: Any) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        answer = await proxy.patch("/packycode", {"enabled": True})
        after = proxy.text

    assert answer.status_code == 200
    assert answer.json() == PACKYCODE | {"enabled": True, "effective-source": "config.yaml"}
    assert after == before.replace("  enabled: false        # not yet", "  enabled: true         # not yet")


@pytest.mark.parametrize("wrap", [False, True], ids=["bare", "wrapped"])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_bodies_come_bare_or_wrapped_in_their_name(manage: Any, wrap: bool, method: str) -> None:
    block = {"enabled": False, "base-url": "https://new.example/v1"}
    async with manage(FILE) as proxy:
        answer = await proxy.ask(method, "/packycode", json={"packycode": block} if wrap else block)

    assert answer.status_code == 200
    assert answer.json()["base-url"] == "https://new.example/v1"
    key = answer.json()["credentials"]["openai-api-key"]
    assert key == ("sk-p...01" if method == "PATCH" else ""), "PUT replaces, PATCH merges"


async def test_what_was_shown_can_be_sent_back_and_changes_nothing(manage: Any) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        for path in ("/packycode", "/tppc"):
            shown = await proxy.get(path)
            for method in ("PUT", "PATCH"):
                answer = await proxy.ask(method, path, json=shown.json())
                assert (answer.status_code, answer.json()) == (200, shown.json())
        assert proxy.text == before


async def test_a_masked_secret_means_unchanged(manage: Any) -> None:
    async with manage(FILE) as proxy:
        sent = {"enabled": True, "base-url": "https://b.example/v1", "credentials": {"openai-api-key": "sk-p...01"}}
        assert (await proxy.put("/packycode", sent)).status_code == 200
        stars = {**sent, "credentials": {"openai-api-key": "********"}}
        assert (await proxy.put("/packycode", stars)).status_code == 200
        fox = {"name": "fox", "enabled": True, "base-url": "https://c.example/v1", "api-key": "sk-f...01"}
        owl = {"name": "owl", "enabled": True, "base-url": "https://owl.example.com/v2", "api-key": "env:OWL_KEY"}
        assert (await proxy.put("/tppc", {"providers": [owl, fox]})).status_code == 200

        assert 'openai-api-key: "sk-packy-canary-01"   # of the team' in proxy.text
        assert "api-key: sk-fox-canary-0001" in proxy.text
        assert "api-key: env:OWL_KEY" in proxy.text
        assert "..." not in proxy.text
        assert "***" not in proxy.text


@pytest.mark.parametrize("mask", ["sk-p...99", "********", "abcd...yz"])
async def test_a_mask_that_stands_for_nothing_is_not_stored(manage: Any, mask: str) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        new = {"name": "new", "enabled": False, "api-key": mask}
        answer = await proxy.patch("/tppc", {"providers": [new]})

        assert answer.status_code == 422
        [problem] = answer.json()["problems"]
        assert problem["message"] == "is masked, and there is no such value to keep"
        assert proxy.text == before


async def test_every_problem_of_a_block_is_told_and_nothing_is_stored(manage: Any) -> None:
    async with manage() as proxy:
        before = proxy.text
        answer = await proxy.put("/packycode", {"enabled": True, "defaults": {"model-reasoning-effort": "huge"}})

        assert answer.status_code == 422
        told = answer.json()
        assert told["error"] == "invalid_packycode"
        assert told["message"].startswith("invalid packycode configuration: ")
        assert {problem["path"] for problem in told["problems"]} == {
            "packycode.base-url",
            "packycode.credentials.openai-api-key",
            "packycode.defaults.model-reasoning-effort",
        }
        assert all(problem["fix"] for problem in told["problems"])
        assert proxy.text == before


async def test_problems_of_tppc_are_worded_as_the_contract_has_it(manage: Any) -> None:
    async with manage() as proxy:
        answer = await proxy.put("/tppc", {"providers": [{"name": "fox", "enabled": True}]})

    assert answer.status_code == 422
    assert answer.json() == {
        "error": "invalid_tppc",
        "message": "invalid tppc configuration: "
        "providers[0].base-url is required when providers[0].enabled=true; "
        "providers[0].api-key is required when providers[0].enabled=true",
        "problems": [
            {
                "path": "tppc.providers[0].base-url",
                "message": "providers[0].base-url is required when providers[0].enabled=true",
                "fix": "write the provider's URL, such as https://host/v1",
            },
            {
                "path": "tppc.providers[0].api-key",
                "message": "providers[0].api-key is required when providers[0].enabled=true",
                "fix": "write the key, or env:NAME",
            },
        ],
    }


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/packycode", {"enabld": True}, "packycode.enabld"),
        ("/packycode", {"enabled": False, "extra": None}, "packycode.extra"),
        ("/packycode", {"credentials": {"key": "x"}}, "packycode.credentials.key"),
        ("/packycode", {"enabled": "yes"}, "packycode.enabled"),
        ("/packycode", [], "packycode"),
        ("/packycode", "on", "packycode"),
        ("/packycode", None, "packycode"),
        ("/packycode", {"packycode": {"packycode": {}}}, "packycode.packycode"),
        ("/tppc", {"providers": [{"name": "fox", "url": "x"}]}, "tppc.providers[0].url"),
        ("/tppc", {"providers": {"fox": {}}}, "tppc.providers"),
        ("/tppc", {"providers": [{"name": "new"}, {"name": "NEW"}]}, "tppc.providers[1].name"),
        ("/tppc", {"providers": [{"enabled": True}]}, "tppc.providers[0].name"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_does_not_fit_is_refused_by_its_place(
    manage: Any, method: str, path: str, body: Any, place: str
) -> None:
    async with manage() as proxy:
        before = proxy.text
        answer = await (proxy.put if method == "PUT" else proxy.patch)(path, body)

        assert answer.status_code == 422, answer.text
        assert answer.json()["error"] == f"invalid_{path[1:]}"
        assert place in [problem["path"] for problem in answer.json()["problems"]]
        assert proxy.text == before


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"enabled: true", b"\xff\xfe", b'{"enabled": NaN}', b'{"a": "\\ud800"}', b"[" * 40 + b"]" * 40,
     b"[" * 100_000],
)  # fmt: skip
async def test_what_is_not_json_is_400(manage: Any, body: bytes) -> None:
    async with manage() as proxy:
        for method in ("PUT", "PATCH"):
            answer = await proxy.ask(method, "/packycode", content=body)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid JSON")


async def test_a_body_too_large_is_413(manage: Any) -> None:
    async with manage() as proxy:
        answer = await proxy.put("/packycode", {"base-url": "x" * 1_100_000})

    assert (answer.status_code, answer.json()["error"]) == (413, "body too large")


async def test_patch_merges_providers_by_name(manage: Any) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        new = {"name": "new", "enabled": True, "base-url": "https://new.example/v1", "api-key": "sk-new-canary-0001"}
        answer = await proxy.patch("/tppc", {"providers": [{"name": "FOX", "priority": 3}, new]})
        after = proxy.text

    assert answer.status_code == 200
    assert [entry["name"] for entry in answer.json()["providers"]] == ["fox", "owl", "new"]
    assert answer.json()["providers"][0] == FOX | {"priority": 3}
    assert "      api-key: sk-fox-canary-0001\n      priority: 3\n    # the good one\n" in after
    assert changed(before, after) == [
        "+      priority: 3",
        "+    - name: new",
        "+      base-url: https://new.example/v1",
        "+      api-key: sk-new-canary-0001",
    ]


async def test_patch_loses_no_provider_to_one_without_a_name_or_to_one_named_twice(manage: Any) -> None:
    async with manage(FILE) as proxy:
        nameless = await proxy.patch("/tppc", {"providers": [{"enabled": False}]})
        twice = await proxy.patch("/tppc", {"providers": [{"name": "fox", "weight": 2}, {"name": "fox", "weight": 3}]})

        assert nameless.status_code in (200, 422)
        assert twice.status_code == 422
        assert [each["name"] for each in (await proxy.get("/tppc")).json()["providers"]][:2] == ["fox", "owl"]


async def test_patch_with_null_takes_a_key_back_to_its_default(manage: Any) -> None:
    async with manage(FILE) as proxy:
        answer = await proxy.patch("/packycode", {"base-url": None, "credentials": None})

        assert answer.json()["base-url"] == ""
        assert "sk-packy-canary-01" not in proxy.text
        assert "# https only" in proxy.text


async def test_an_empty_list_of_providers_clears_them(manage: Any) -> None:
    async with manage(FILE) as proxy:
        answer = await proxy.patch("/tppc", {"providers": []})

        assert answer.json() == {"providers": []}
        assert "canary-0001" not in proxy.text
        assert (await proxy.get("/providers")).json()["providers"] == []


async def test_a_provider_that_goes_takes_no_comment_of_another(manage: Any) -> None:
    async with manage(FILE) as proxy:
        before = proxy.text
        owl = {"name": "owl", "enabled": False, "base-url": "https://owl.example.com/v1", "api-key": "env:OWL_KEY"}
        await proxy.put("/tppc", {"providers": [owl]})

        assert changed(before, proxy.text) == [
            "-    - name: fox         # fast",
            "-      enabled: true",
            "-      base-url: https://fox.example.com/v1",
            "-      api-key: sk-fox-canary-0001",
        ]


async def test_defaults_that_the_file_leaves_out_are_not_written(manage: Any) -> None:
    async with manage() as proxy:
        await proxy.put("/tppc", {"providers": [FOX | {"api-key": "sk-fox-canary-0001"}]})

        assert proxy.text.endswith(
            "tppc:\n  providers:\n  - name: fox\n    enabled: true\n    base-url: https://fox.example.com/v1\n"
            "    api-key: sk-fox-canary-0001\n"
        )


async def test_the_effective_source_is_told_and_never_stored(manage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKYCODE_BASE_URL", "https://env.example/v1")
    monkeypatch.setenv("PACKYCODE_API_KEY", "sk-env-canary-0001")
    async with manage() as proxy:
        off = await proxy.put("/packycode", {"enabled": False, "effective-source": "codex-cli"})
        on = await proxy.put("/packycode", {"enabled": True, "effective-source": 7})

        assert off.json()["effective-source"] is None
        assert on.json()["effective-source"] == "env"
        assert "sk-env-canary-0001" not in on.text
        assert "effective-source" not in proxy.text


async def test_the_next_request_is_served_by_what_was_stored(manage: Any, upstream: FakeUpstream) -> None:
    upstream.script(text_answer("from packycode"))
    block = {"enabled": True, "base-url": upstream.base_url, "credentials": {"openai-api-key": "sk-packy-canary-01"}}
    async with manage() as proxy:
        await proxy.put("/packycode", block)
        answer = await proxy.client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})

        assert answer.json()["output"][0]["content"][0]["text"] == "from packycode"
        assert upstream.last.key == "sk-packy-canary-01"

        await proxy.patch("/packycode", {"enabled": False})
        assert (await proxy.get("/providers")).json() == {"providers": []}


async def test_keys_of_other_plugins_have_routes_and_absent_plugins_have_none(manage: Any) -> None:
    async with manage("plugins: {disabled: [packycode]}\n") as proxy:
        assert (await proxy.get("/packycode")).status_code == 404
        assert (await proxy.put("/packycode", {"enabled": True})).status_code == 404
        assert (await proxy.get("/demo")).json() == {"enabled": None, "delay": 0.04}
        assert (await proxy.patch("/demo", {"delay": 1e-05})).json()["delay"] == 1e-05
        for core in ("/host", "/limits", "/remote-management", "/plugins/disabled"):
            assert (await proxy.get(core)).status_code == 404


async def test_text_that_yaml_would_take_for_something_else_arrives(manage: Any) -> None:
    models = ["on", "12:30", "1e3", "null", "# no", "a: b", "x\u0085y", "日本", "'", '"', " ", "-", "\t", "1_0"]
    async with manage() as proxy:
        answer = await proxy.put("/tppc", {"providers": [{"name": "on", "models": models}]})

        assert answer.status_code == 200
        assert answer.json()["providers"][0]["models"] == models
        assert (await proxy.get("/tppc")).json() == answer.json()
