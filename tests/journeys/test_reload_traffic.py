"""Requests while the configuration changes: those under way live, and none fails because of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jackfield.testing import FakeUpstream, Pause, jackfield_server, text_answer, validate_responses_stream

ASK = {"model": "gpt-5", "input": "Hi"}
WITHIN = 30.0
"""Seconds that a wait lasts at most; reached only when a test fails."""


class Live:
    """A running proxy, its file and a client."""

    def __init__(self, server: Any, file: Path, client: httpx.AsyncClient) -> None:
        self.client = client
        self.server = server
        self._file = file

    @property
    def host(self) -> Any:
        return self.server.app.extensions["jackfield"]

    def write(self, config: dict[str, Any]) -> None:
        """Replace the file at once."""
        new = self._file.with_suffix(".new")
        new.write_text(yaml.safe_dump(config, sort_keys=False))
        new.replace(self._file)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN):
            while not holds():  # noqa: ASYNC110 - what is waited for is a file that is followed
                await asyncio.sleep(0.02)

    async def providers(self) -> list[str]:
        """Return the providers that serve, as `/readyz` tells them."""
        found: list[str] = (await self.client.get("/readyz")).json()["providers"]
        return found

    async def until_providers(self, *names: str) -> None:
        async with asyncio.timeout(WITHIN):
            while await self.providers() != list(names):  # noqa: ASYNC110 - a file is followed
                await asyncio.sleep(0.02)


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Any]:
    """Return a function that starts the proxy with a configuration file."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(config: dict[str, Any]) -> Live:
            file = tmp_path / "config.yaml"
            server = await stack.enter_async_context(jackfield_server(config, path=file))
            client = await stack.enter_async_context(server.client(timeout=WITHIN))
            return Live(server, file, client)

        yield start


def provider(name: str, upstream: FakeUpstream, **fields: Any) -> dict[str, Any]:
    key = f"sk-{name}-0123456789"
    return {"name": name, "enabled": True, "base-url": upstream.base_url, "api-key": key, **fields}


def providers(*entries: dict[str, Any], **config: Any) -> dict[str, Any]:
    return {"tppc": {"providers": list(entries)}, **config}


async def test_a_request_under_way_lives_through_its_providers_end(
    live: Any, upstream: FakeUpstream, second: FakeUpstream
) -> None:
    upstream.script(text_answer("to the very end").after(6, Pause()))
    proxy = await live(providers(provider("fox", upstream)))

    async with proxy.client.stream("POST", "/v1/responses", json={**ASK, "stream": True}) as answer:
        [request] = await upstream.wait_for_requests(1)
        await request.wait_paused()
        proxy.write(providers(provider("owl", second)))
        await proxy.until_providers("owl")
        request.resume()
        body = await answer.aread()

    assert validate_responses_stream(body).text == "to the very end"
    assert (await proxy.client.post("/v1/responses", json=ASK)).status_code == 200
    assert (len(upstream.requests), len(second.requests)) == (1, 1)


async def test_a_provider_is_switched_off_and_on_under_load_without_a_failed_request(
    live: Any, upstream: FakeUpstream, second: FakeUpstream
) -> None:
    fox, owl = provider("fox", upstream), provider("owl", second)
    routing = {"session-affinity": False}
    proxy = await live(providers(fox, owl, routing=routing))
    statuses: list[int] = []
    ended = asyncio.Event()

    async def client(stream: bool) -> None:
        while not ended.is_set():
            answer = await proxy.client.post("/v1/responses", json={**ASK, "stream": stream})
            statuses.append(answer.status_code)
            assert not stream or validate_responses_stream(answer.content).text

    clients = [asyncio.create_task(client(stream)) for stream in (False, True) * 3]
    for enabled in (False, True, False):
        proxy.write(providers({**fox, "enabled": enabled}, owl, routing=routing))
        await proxy.until_providers(*(["fox", "owl"] if enabled else ["owl"]))
        so_far = len(second.requests)
        await proxy.until(lambda so_far=so_far: len(second.requests) > so_far + 5)  # type: ignore[misc]  # bound now
    before = len(upstream.requests)
    after = len(second.requests)
    await proxy.until(lambda: len(second.requests) > after + 10)
    ended.set()
    await asyncio.gather(*clients)

    assert set(statuses) == {200}
    assert before > 0
    assert len(upstream.requests) <= before + len(clients)  # those that had begun when the switch was seen


async def test_packycode_off_brings_codex_back_and_on_lets_it_rest(
    live: Any, upstream: FakeUpstream, second: FakeUpstream
) -> None:
    block = {"base-url": upstream.base_url, "credentials": {"openai-api-key": "sk-packy-0123456789"}}
    codex = [{"api-key": "sk-codex-0123456789", "base-url": second.base_url}]
    proxy = await live({"packycode": {"enabled": True, **block}, "codex-api-key": codex})
    assert await proxy.providers() == ["packycode"]

    for enabled, serving, key in ((False, "codex", "sk-codex-0123456789"), (True, "packycode", "sk-packy-0123456789")):
        proxy.write({"packycode": {"enabled": enabled, **block}, "codex-api-key": codex})
        await proxy.until_providers(serving)
        assert (await proxy.client.post("/v1/responses", json=ASK)).status_code == 200
        assert (second if serving == "codex" else upstream).last.key == key


async def test_registering_again_changes_nothing(live: Any, upstream: FakeUpstream) -> None:
    proxy = await live(providers(provider("fox", upstream, models=["fox-1"])))

    def registered() -> tuple[Any, ...]:
        runtime = proxy.host.runtime
        return runtime.credentials, runtime.registry, sorted(runtime.executors), runtime.settings

    before, listed = registered(), (await proxy.client.get("/v1/models")).json()
    for _ in range(3):
        proxy.host.config.rebuild()

    assert registered() == before
    assert (await proxy.client.get("/v1/models")).json() == listed
    assert len({model["id"] for model in listed["data"]}) == len(listed["data"]) == 20


async def test_a_client_key_that_is_taken_away_opens_nothing(live: Any, upstream: FakeUpstream) -> None:
    keys = ["client-one-0123456789", "client-two-0123456789"]
    proxy = await live(providers(provider("fox", upstream), **{"api-keys": keys}))
    opened = {"Authorization": f"Bearer {keys[1]}"}
    assert (await proxy.client.post("/v1/responses", json=ASK, headers=opened)).status_code == 200

    proxy.write(providers(provider("fox", upstream), **{"api-keys": keys[:1]}))
    await proxy.until(lambda: len(proxy.host.settings.api_keys) == 1)

    assert (await proxy.client.post("/v1/responses", json=ASK, headers=opened)).status_code == 401
    first = {"Authorization": f"Bearer {keys[0]}"}
    assert (await proxy.client.post("/v1/responses", json=ASK, headers=first)).status_code == 200


async def test_a_change_over_the_api_and_one_by_hand_take_turns(live: Any, upstream: FakeUpstream) -> None:
    """What is in force is what the file says last, whoever wrote it."""
    fox = provider("fox", upstream)
    proxy = await live(providers(fox))
    before = proxy.host.config.text()

    for _ in range(3):
        await proxy.host.config.change(lambda text: text + "debug: true\n")
        assert proxy.host.settings.debug is True
        proxy.write(yaml.safe_load(before))
        await proxy.until(lambda: proxy.host.settings.debug is False)
