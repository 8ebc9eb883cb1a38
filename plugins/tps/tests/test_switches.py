"""`tps-log` and `usage-statistics-enabled` take effect at once, by file and by API, and no client sees a figure."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from pathlib import Path
from typing import Any

import pytest
import yaml
from jackfield.api import Usage
from jackfield.testing import FakeUpstream, text_answer

KEY = "a-management-key-of-the-tests"


async def through_the_api(proxy: Any, path: Path, key: str, value: bool) -> None:
    await proxy.switch(key, value)


async def through_the_file(proxy: Any, path: Path, key: str, value: bool) -> None:
    """Write a switch into the configuration, and wait until the server has read it."""
    rewrite(path, key, value)
    host = proxy.server.app.extensions["jackfield"]
    async with asyncio.timeout(30):
        while host.settings.section(key) != value:  # noqa: ASYNC110 - a file is followed
            await asyncio.sleep(0.02)


def rewrite(path: Path, key: str, value: bool) -> None:
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), key: value}))


@pytest.mark.parametrize("switch", [through_the_api, through_the_file])
async def test_the_log_is_switched_at_once(serve: Any, path: Path, judge: Any, switch: Any) -> None:
    logging.getLogger("jackfield.plugin.tps").setLevel(logging.INFO)

    async with serve() as proxy:
        for wanted, expected in ((None, 0), (True, 1), (False, 1), (True, 2)):
            if wanted is not None:
                await switch(proxy, path, "tps-log", wanted)
            await proxy.ask()
            await proxy.tps()  # by then the records are through
            assert len(judge.found) == expected
        assert (await proxy.tps())["requests"] == 4


async def test_counting_is_switched_by_the_file_too(serve: Any, path: Path) -> None:
    async with serve() as proxy:
        for wanted, expected in ((True, 1), (False, 1)):
            await through_the_file(proxy, path, "usage-statistics-enabled", wanted)
            await proxy.ask()
            assert (await proxy.usage())["total"]["requests"] == expected


async def test_usage_is_counted_while_it_is_enabled(serve: Any, upstream: FakeUpstream) -> None:
    upstream.default = text_answer("Hi", usage=Usage(11, 7, 3, 0, 2))
    async with serve() as proxy:
        await proxy.ask()
        assert (await proxy.usage())["total"]["requests"] == 0
        assert (await proxy.usage())["enabled"] is False
        await proxy.switch("usage-statistics-enabled", True)
        await proxy.ask("owl/gpt-5")
        await proxy.client.post("/v1/responses", json={"model": "no-such-model", "input": "Hi"})
        told = await proxy.usage()
        await proxy.switch("usage-statistics-enabled", False)
        await proxy.ask()
        again = await proxy.usage(window="30m")

    assert told["enabled"] is True
    assert told["since"] == "2026-01-01T00:00:00.000Z"
    assert told["total"]["total-tokens"] == 18
    assert {name: part["requests"] for name, part in told["by-provider"].items()} == {"other": 1, "owl": 1}
    assert {name: part["failures"] for name, part in told["by-model"].items()} == {"gpt-5": 0, "other": 1}
    assert list(told["by-client"]) == [hashlib.sha256(KEY.encode()).hexdigest()[:12]]
    assert list(told["by-day"]) == ["2026-01-01"]
    assert list(told["by-hour"]) == ["2026-01-01T00:00:00Z"]
    assert again["total"] == told["total"]


@pytest.mark.parametrize("dialect", ["responses", "chat/completions", "messages"])
async def test_no_answer_to_a_client_has_figures(serve: Any, judge: Any, dialect: str) -> None:
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9}
    async with serve({"tps-log": True, "usage-statistics-enabled": True}) as proxy:
        for stream in (True, False):
            if dialect == "responses":
                answer = await proxy.ask(stream=stream)
            else:
                answer = await proxy.client.post(f"/v1/{dialect}", json={**body, "stream": stream})
            assert answer.status_code == 200
            assert not any(word in f"{answer.headers}{answer.text}" for word in ("tps", "ttft", "burst"))
        await proxy.tps()
    assert len(judge.found) == 2
