"""SIGTERM: no new request, a time of grace for those under way, then an error that tells to ask again.

`core/tests/cli/test_serve.py` shows that open streams may end within the time of grace.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from jackfield.testing import FakeUpstream, Hang, Text, answer, hang, read_sse, text_answer

WITHIN = 30.0
"""Seconds that a wait lasts at most; reached only when a test fails."""

SAID = [{"role": "user", "content": "hi"}]
ASK: dict[str, dict[str, Any]] = {
    "/v1/responses": {"input": "hi"},
    "/v1/chat/completions": {"messages": SAID},
    "/v1/messages": {"messages": SAID, "max_tokens": 99},
}
TOLD = "the proxy is stopping; send the request again"
STAGES = {
    "before the headers": hang(),
    "in the handshake": text_answer().cut(2, Hang()),
    "in mid-stream": answer(Text("Hello you there")).cut(6, Hang()),
}


class Server:
    """A server in a process of its own, in front of one upstream."""

    def __init__(self, folder: Path, upstream: FakeUpstream) -> None:
        self._log = folder / "server.log"
        fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789abcdef"}
        config = folder / "config.yaml"
        config.write_bytes(orjson.dumps({"tppc": {"providers": [fox]}, "limits": {"shutdown-grace": 0.3}}))
        command = [sys.executable, "-m", "jackfield", "serve", "--port", "0", "--config", str(config)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("JACKFIELD")}
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(command, cwd=folder, env=clean, stdout=output, stderr=output)

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def url(self) -> str:
        async with asyncio.timeout(WITHIN):
            while "listens on " not in self.log:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.02)
        return self.log.split("listens on ")[1].split()[0]


@pytest.fixture
async def server(tmp_path: Path, upstream: FakeUpstream) -> AsyncIterator[Server]:
    started = Server(tmp_path, upstream)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()


def error_of(path: str, stream: bool, answer: httpx.Response) -> dict[str, Any]:
    """Return the error that an answer ends with, in the envelope of its API."""
    if answer.status_code != 200:
        return dict(answer.json()["error"])
    assert stream
    last = read_sse(answer.content)[-1].data
    return dict(last["response"]["error"] if path == "/v1/responses" else last["error"])


@pytest.mark.parametrize("stage", STAGES)
async def test_past_the_time_of_grace_every_client_is_told_to_ask_again(
    server: Server, upstream: FakeUpstream, stage: str
) -> None:
    upstream.default = STAGES[stage]
    asked = [(path, stream) for path in ASK for stream in (True, False)]
    async with httpx.AsyncClient(base_url=await server.url(), trust_env=False, timeout=WITHIN) as client:
        waiting = [
            asyncio.create_task(client.post(path, json={"model": "gpt-5", "stream": stream, **ASK[path]}))
            for path, stream in asked
        ]
        for request in await upstream.wait_for_requests(len(asked), within=WITHIN):
            while request.sent < len(STAGES[stage].body):  # noqa: ASYNC110 - bytes sent set no event
                await asyncio.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)
        answers = await asyncio.gather(*waiting)

    for (path, stream), told in zip(asked, answers, strict=True):
        begun = stream and stage == "in mid-stream"
        assert told.status_code == (200 if begun else 503), (path, stream)
        assert error_of(path, stream, told)["message"] == TOLD, (path, stream)
        assert begun or told.headers["retry-after"] == "1"
        assert begun or path != "/v1/messages" or told.json()["type"] == "error"
    assert await asyncio.to_thread(server.process.wait, WITHIN) == 0
    assert "Traceback" not in server.log


async def test_once_told_it_takes_no_new_request(server: Server, upstream: FakeUpstream) -> None:
    upstream.default = hang()
    url = await server.url()
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=WITHIN) as client:
        assert (await client.get("/healthz")).status_code == 200  # its connection is kept, and idle
        waiting = asyncio.create_task(client.post("/v1/responses", json={"model": "gpt-5", "input": "hi"}))
        await upstream.wait_for_requests(1, within=WITHIN)
        server.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN):
            while True:
                try:
                    await client.post("/v1/responses", json={"model": "gpt-5", "input": "too late"})
                except httpx.TransportError:
                    break
        assert (await waiting).json()["error"]["message"] == TOLD

    assert await asyncio.to_thread(server.process.wait, WITHIN) == 0
