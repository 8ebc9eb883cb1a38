"""What the proxy tells of itself: providers, models, credentials, plugins."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from jackfield.testing import http_error, rate_limited, text_answer

FILE = """\
tppc:
  providers:
  - {name: fox, enabled: true, base-url: "https://fox.example.com/v1", api-key: sk-fox-123, models: [fox-1]}
  - {name: owl, enabled: true, base-url: "https://owl.example.com/v1", api-key: sk-owl-123, openai-models: false}
  - {name: elk, enabled: false}
codex-api-key:
- {api-key: sk-codex-12345678, base-url: "https://one.example/v1", priority: 2}
"""


async def test_providers_with_a_model_are_listed(manage: Any) -> None:
    async with manage(FILE) as proxy:
        answer = await proxy.get("/providers")

    assert answer.json() == {"providers": ["codex", "fox", "owl"]}


async def test_models_are_listed_with_who_serves_them(manage: Any) -> None:
    async with manage(FILE) as proxy:
        every = (await proxy.get("/models")).json()
        of_fox = (await proxy.get("/models?provider=fox")).json()
        of_nobody = (await proxy.get("/models?provider=elk")).json()

    assert every["object"] == "list"
    assert [model["id"] for model in every["data"]] == sorted(model["id"] for model in every["data"])
    by_id = {model["id"]: model for model in every["data"]}
    assert by_id["gpt-5"] == {
        "id": "gpt-5",
        "object": "model",
        "owned_by": "openai",
        "providers": ["codex", "fox"],
    }
    assert by_id["fox-1"]["providers"] == ["fox"]
    assert {model["id"] for model in of_fox["data"]} == set(by_id)
    assert of_fox["data"][0]["providers"]
    assert of_nobody == {"object": "list", "data": []}


async def test_health_tells_every_credential(manage: Any) -> None:
    async with manage(FILE) as proxy:
        told = (await proxy.get("/health")).json()["credentials"]

    by_provider = {each["provider"]: each for each in told}
    assert by_provider["fox"] == {
        "id": "tppc:fox:7f2ac0170603",
        "provider": "fox",
        "label": "fox",
        "source": "config:tppc[fox]",
        "priority": 0,
        "weight": 1,
        "state": "active",
        "toggle-by": None,
        "last-error": None,
        "last-error-at": None,
        "last-error-message": None,
        "cooling-until": None,
        "breaker": "closed",
        "success-share": None,
        "all-models-until": None,
        "reason": None,
        "models": [],
        "in-flight": 0,
        "max-concurrency": None,
        "waiting": 0,
        "check": None,
    }
    assert by_provider["codex"]["priority"] == 2
    assert by_provider["demo"]["state"] == "standby"
    assert "elk" not in by_provider


async def test_health_tells_who_took_a_credential_out(manage: Any) -> None:
    async with manage(FILE) as proxy:
        block = {"enabled": True, "base-url": "https://p.example/v1", "credentials": {"openai-api-key": "sk-packy-1"}}
        await proxy.put("/packycode", block)
        off = {each["provider"]: each for each in (await proxy.get("/health")).json()["credentials"]}
        providers = (await proxy.get("/providers")).json()["providers"]
        await proxy.patch("/packycode", {"enabled": False})
        on = {each["provider"]: each for each in (await proxy.get("/health")).json()["credentials"]}

    assert (off["codex"]["state"], off["codex"]["toggle-by"]) == ("disabled", "packycode")
    assert (off["packycode"]["state"], off["packycode"]["label"]) == ("active", "packycode")
    assert providers == ["fox", "owl", "packycode"]
    assert (on["codex"]["state"], on["codex"]["toggle-by"]) == ("active", None)


def served_by(url: str) -> str:
    return f"tppc: {{providers: [{{name: fox, enabled: true, base-url: '{url}', api-key: sk-fox-123}}]}}\n"


async def ask(proxy: Any, words: str = "Hi") -> int:
    answer = await proxy.client.post("/v1/responses", json={"model": "gpt-5-low", "input": words})
    return int(answer.status_code)


async def test_health_tells_what_attempts_came_to(manage: Any, upstream: Any, fake_clock: Any) -> None:
    upstream.script(text_answer(), text_answer(), rate_limited(60))
    async with manage(served_by(upstream.base_url), clock=fake_clock) as proxy:
        statuses = [await ask(proxy) for _ in range(4)]
        [fox] = [each for each in (await proxy.get("/health")).json()["credentials"] if each["provider"] == "fox"]

    assert statuses == [200, 200, 429, 429]
    assert len(upstream.requests) == 3, "one that rests is not asked"
    assert fox["state"] == "resting"
    assert (fox["last-error"], fox["last-error-at"]) == ("rate_limited", "2026-01-01T00:00:00Z")
    assert fox["success-share"] == pytest.approx(2 / 3)
    assert fox["last-error-message"] == "Rate limit reached."
    assert fox["models"] == [
        {"model": "gpt-5", "cooling-until": "2026-01-01T00:01:00Z", "breaker": "closed", "reason": "load"}
    ]
    assert (fox["all-models-until"], fox["reason"]) == (None, None)
    assert (fox["cooling-until"], fox["breaker"]) == ("2026-01-01T00:01:00Z", "closed")


async def test_health_tells_of_a_rest_with_all_models(manage: Any, upstream: Any, fake_clock: Any) -> None:
    upstream.script(http_error(401, "No such key"))
    async with manage(served_by(upstream.base_url), clock=fake_clock) as proxy:
        await ask(proxy)
        [fox] = [each for each in (await proxy.get("/health")).json()["credentials"] if each["provider"] == "fox"]

    assert (fox["state"], fox["reason"], fox["all-models-until"]) == ("resting", "key", "2026-01-01T00:30:00Z")
    assert "No such key" in fox["last-error-message"]
    assert (fox["in-flight"], fox["max-concurrency"], fox["waiting"], fox["models"]) == (0, None, 0, [])


async def test_health_tells_of_the_breaker(manage: Any, upstream: Any, fake_clock: Any) -> None:
    upstream.default = http_error(500)
    async with manage(served_by(upstream.base_url), clock=fake_clock) as proxy:
        told = []
        for number, seconds in enumerate((0, 0, 0, 15)):
            await ask(proxy, f"Hi {number}")
            fake_clock.advance(seconds)
            health = (await proxy.get("/health")).json()["credentials"]
            told.append(next(each["breaker"] for each in health if each["provider"] == "fox"))

    assert told == ["closed", "closed", "open", "half-open"]
    assert len(upstream.requests) == 4, "a model is never left without anyone to ask"


async def test_health_tells_the_latest_check(manage: Any, upstream: Any, fake_clock: Any) -> None:
    checked = served_by(upstream.base_url).replace("}]}", ", health-check: {}}]}")

    async def after(count: int) -> Any:
        fake_clock.advance(40)
        async with asyncio.timeout(30):
            while True:
                health = (await proxy.get("/health")).json()["credentials"]
                [fox] = [each for each in health if each["provider"] == "fox"]
                if fox["check"] and fox["check"]["at"].endswith(f":{40 * count % 60:02}Z"):
                    return fox
                await asyncio.sleep(0.01)

    async with manage(checked, clock=fake_clock) as proxy:
        [before] = [
            each["check"] for each in (await proxy.get("/health")).json()["credentials"] if each["provider"] == "fox"
        ]
        well = await after(1)
        upstream.models = http_error(401)
        ill = await after(2)

    assert before is None
    assert (well["state"], well["check"]) == (
        "active",
        {"at": "2026-01-01T00:00:40Z", "ok": True, "status": 200, "latency-seconds": 0, "error": None, "failures": 0},
    )
    assert (ill["state"], ill["last-error"], ill["check"]) == (
        "resting",
        None,
        {
            "at": "2026-01-01T00:01:20Z",
            "ok": False,
            "status": 401,
            "latency-seconds": 0,
            "error": "upstream_auth",
            "failures": 1,
        },
    )


@pytest.mark.parametrize("body", [None, {"credential": "its own"}], ids=["all", "one"])
async def test_a_credential_that_rests_serves_again_once_reset(
    manage: Any, upstream: Any, fake_clock: Any, body: Any
) -> None:
    upstream.script(http_error(401), text_answer())
    async with manage(served_by(upstream.base_url), clock=fake_clock) as proxy:
        [name] = [
            each["id"] for each in (await proxy.get("/health")).json()["credentials"] if each["provider"] == "fox"
        ]
        statuses = [await ask(proxy), await ask(proxy)]
        sent = {"json": {"credential": name}} if body else {}
        reset = (await proxy.ask("POST", "/reset-cooldown", **sent)).json()
        statuses.append(await ask(proxy))

    assert reset == {"reset": [name]}
    assert statuses == [502, 502, 200]
    assert len(upstream.requests) == 2


async def test_cooldowns_are_reset_for_all_or_one(manage: Any) -> None:
    async with manage(FILE) as proxy:
        every = await proxy.ask("POST", "/reset-cooldown")
        none = await proxy.ask("POST", "/reset-cooldown", json={})
        one = await proxy.ask("POST", "/reset-cooldown", json={"credential": "tppc:fox:7f2ac0170603"})
        unknown = await proxy.ask("POST", "/reset-cooldown", json={"credential": "tppc:elk:000000000000"})
        odd = [
            await proxy.ask("POST", "/reset-cooldown", content=content)
            for content in (b"{", b"[]", b"null", b'"x"', b'{"credential": 3}', b'{"id": "x"}')
        ]

    assert [answer.json() for answer in (every, none, one)] == [{"reset": []}] * 3, "nothing rests"
    assert (unknown.status_code, unknown.json()["error"]) == (404, "no such credential")
    assert {answer.status_code for answer in odd} == {400}


async def test_plugins_are_listed_with_their_hooks_and_state(manage: Any) -> None:
    async with manage("plugins: {disabled: [demo]}\n") as proxy:
        told = {plugin["name"]: plugin for plugin in (await proxy.get("/plugins")).json()["plugins"]}

    assert told["management"]["distribution"] == "jackfield-management"
    assert told["management"]["version"] == "0.1.0"
    assert told["management"]["state"] == "active"
    assert "register_routes" in told["management"]["hooks"]
    assert told["management"]["error"] is None
    assert told["management"]["load-seconds"] >= 0
    assert told["demo"]["state"] == "disabled"
