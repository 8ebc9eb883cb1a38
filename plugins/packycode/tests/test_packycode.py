"""The provider packycode as clients and operators meet it."""

from __future__ import annotations

from typing import Any

from jackfield.testing import FakeUpstream, jackfield_server
from jackfield.testing.conformance import ProviderConformance
from jackfield_codex import openai_models

ASK = {"model": "gpt-5", "input": "Hi"}


class TestConformance(ProviderConformance):
    provider = "packycode"

    def config(self, base_url: str) -> dict[str, Any]:
        return {"packycode": {"enabled": True, "base-url": base_url, "credentials": {"openai-api-key": self.api_key}}}


def test_it_is_a_credential_of_its_own_name(kit: Any) -> None:
    [found] = [each for each in kit.credentials(kit.block()) if not each.standby]

    assert (found.id, found.provider, found.label) == ("packycode:codex:db7cb639a3a1", "packycode", "packycode")
    assert found.attributes["source"] == "config:packycode"
    assert found.attributes["base_url"] == kit.url


def test_a_slash_at_the_end_of_the_url_makes_no_other_credential(kit: Any) -> None:
    [found] = [each for each in kit.credentials(kit.block(**{"base-url": f" {kit.url}/ "})) if not each.standby]

    assert found.id == "packycode:codex:db7cb639a3a1"


CODEX = {"api-key": "sk-codex-123456", "base-url": "https://api.openai.com/v1"}


def test_it_lets_codex_rest_and_brings_exactly_those_back(kit: Any) -> None:
    config = {
        "codex-api-key": [CODEX],
        "codex-login": ["missing.json"],
        "tppc": {"providers": [{"name": "fox", "enabled": True, "base-url": "https://fox/v1", "api-key": "sk-f"}]},
    }

    on = {each.id: each for each in kit.credentials(kit.block(), **config)}
    off = {each.id: each for each in kit.credentials(kit.block(enabled=False), **config)}

    resting = {name: each.metadata.get("toggle_by") for name, each in on.items() if each.status == "disabled"}
    assert resting == {"codex:apikey:" + next(iter(on))[-12:]: "packycode", "missing.json": None}
    assert {name: each.status for name, each in off.items() if each.provider == "codex"} == {
        "codex:apikey:" + next(iter(on))[-12:]: "active",
        "missing.json": "disabled",
    }
    assert not any("toggle_by" in each.metadata for each in off.values())


async def test_it_is_packycode_outside_and_codex_inside(kit: Any) -> None:
    async with FakeUpstream() as upstream:
        block = kit.block(**{"base-url": upstream.base_url})
        config = {"packycode": block, "codex-api-key": [{**CODEX, "base-url": upstream.base_url}]}
        async with jackfield_server(config) as proxy, proxy.client() as client:
            answer = await client.post("/v1/responses", json=ASK)
            pinned = await client.post("/v1/responses", json={**ASK, "model": "packycode/gpt-5-codex-low"})
            resting = await client.post("/v1/responses", json={**ASK, "model": "codex/gpt-5"})
            models = (await client.get("/v1/models")).json()["data"]
            ready = (await client.get("/readyz")).json()

    assert (answer.status_code, pinned.status_code, resting.status_code) == (200, 200, 404)
    assert {request.key for request in upstream.requests} == {kit.key}
    assert upstream.last.json()["model"] == "gpt-5-codex"
    assert upstream.last.json()["reasoning"]["effort"] == "low"
    assert ready["providers"] == ["packycode"]
    assert [model["id"] for model in models] == sorted(model.id for model in openai_models())
    assert {model["owned_by"] for model in models} == {"openai"}


async def test_its_defaults_serve_claude_code_and_requests_without_an_effort(kit: Any) -> None:
    message = {"model": "claude-sonnet-4-5", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]}
    async with FakeUpstream() as upstream:
        defaults = {"model": "gpt-5-codex", "model-reasoning-effort": "low"}
        config = {"packycode": kit.block(**{"base-url": upstream.base_url, "defaults": defaults})}
        async with jackfield_server(config) as proxy, proxy.client() as client:
            claude = await client.post("/v1/messages", json=message)
            plain = await client.post("/v1/responses", json=ASK)
            chosen = await client.post("/v1/responses", json={**ASK, "reasoning": {"effort": "medium"}})

    assert [answer.status_code for answer in (claude, plain, chosen)] == [200, 200, 200]
    sent = [(body["model"], body["reasoning"]["effort"]) for body in upstream.bodies]  # type: ignore[index]  # JSON
    assert sent == [("gpt-5-codex", "low"), ("gpt-5", "low"), ("gpt-5", "medium")]
