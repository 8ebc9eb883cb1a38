"""K8: who has a configuration file is never answered by the demo, whatever took the last provider away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jackfield.testing import FakeUpstream, RunningServer, jackfield_server

KEY = "sk-client-0123456789abcdef"
MANAGEMENT = "a-management-key-of-the-tests"
WITHIN = 30.0


def configuration(upstream: FakeUpstream, **fields: Any) -> dict[str, Any]:
    fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789", **fields}
    return {"api-keys": [KEY], "tppc": {"providers": [fox]}, "remote-management": {"secret-key": MANAGEMENT}}


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as upstream:
        yield upstream


async def ask(server: RunningServer, path: str = "/v1/responses", **more: Any) -> httpx.Response:
    async with server.client(KEY, timeout=WITHIN) as client:
        said = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9}
        body = {"input": "Hi"} if path == "/v1/responses" else said
        return await client.post(path, json={"model": "gpt-5", **body, **more})


async def is_left_with_nobody(server: RunningServer) -> None:
    """Fail unless every client is told so."""
    for path in ("/v1/responses", "/v1/messages", "/v1/chat/completions"):
        for model in ("gpt-5", "demo", "claude-sonnet-4-5"):
            answer = await ask(server, path, model=model)
            assert answer.status_code == 503, answer.text
            assert "no provider is enabled" in answer.text
    async with server.client() as client:
        assert (await client.get("/readyz")).status_code == 503


async def test_the_last_provider_switched_off_over_the_api(
    upstream: FakeUpstream, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with jackfield_server(configuration(upstream), path=tmp_path / "config.yaml") as server:
        assert (await ask(server)).status_code == 200
        async with server.client(MANAGEMENT) as client:
            patch = {"providers": [{"name": "fox", "enabled": False}]}
            assert (await client.patch("/v0/management/tppc", json=patch)).status_code == 200

        await is_left_with_nobody(server)
    [warning] = [record for record in caplog.records if "no provider is enabled" in record.getMessage()]
    assert warning.levelname == "WARNING"


async def test_a_start_with_all_off(upstream: FakeUpstream, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with jackfield_server(configuration(upstream, enabled=False), path=tmp_path / "config.yaml") as server:
        await is_left_with_nobody(server)
    assert "no provider is enabled" in caplog.text


@pytest.mark.parametrize("text", ["{}\n", "# nothing any more\n", "tppc: {providers: []}\n", "debug: true\n"])
async def test_a_reload_that_leaves_no_provider(upstream: FakeUpstream, tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.yaml"
    async with jackfield_server(configuration(upstream), path=file) as server:
        file.write_text(text)
        async with asyncio.timeout(WITHIN):
            while (await ask(server)).status_code == 200:  # noqa: ASYNC110 - a file is followed
                await asyncio.sleep(0.05)

        await is_left_with_nobody(server)


async def test_a_start_with_a_file_that_says_nothing(tmp_path: Path) -> None:
    for text in ("", "{}\n", "port: 9000\n"):
        async with jackfield_server(text, path=tmp_path / "config.yaml") as server:
            await is_left_with_nobody(server)


async def test_the_demo_answers_where_it_is_enabled_or_where_there_is_no_file(tmp_path: Path) -> None:
    for config, path in (({"demo": {"enabled": True, "delay": 0}}, tmp_path / "config.yaml"), (None, None)):
        async with jackfield_server(config, path=path) as server:
            answer = await ask(server)
            assert "demo provider" in answer.text


async def test_a_plugin_that_is_gone_is_named(upstream: FakeUpstream, tmp_path: Path) -> None:
    config = {**configuration(upstream), "plugins": {"disabled": ["tppc"]}}
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    async with jackfield_server(file) as server:
        answer = await ask(server)

    assert answer.status_code == 503
    assert "tppc" in answer.text
