"""The proxy with its management API, on a configuration file that a test can look at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from jackfield.testing import FakeClock, RunningServer, jackfield_server

KEY = "correct horse battery staple"
HASH = "$2b$04$h5RhFIYaHuV37AIkk8qKj.4wJ5L.VzH9ARlDp8m/MOY.3nMJx7LAO"
PREFIX = "/v0/management"


@dataclass
class Managed:
    """A running proxy: `client` has the management key, `path` is the configuration file."""

    server: RunningServer
    client: httpx.AsyncClient
    path: Path

    @property
    def text(self) -> str:
        """What the file says."""
        return self.path.read_bytes().decode()

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self.client.request(method, f"{PREFIX}{path}", **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.ask("GET", path, **options)

    async def put(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return await self.ask("PUT", path, content=json.dumps(body), **options)

    async def patch(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return await self.ask("PATCH", path, content=json.dumps(body), **options)

    async def until(self, done: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something has come about."""
        for _ in range(400):
            if await done():
                return
            await asyncio.sleep(0.025)
        raise AssertionError("it does not come about")


Manage = Callable[..., AbstractAsyncContextManager[Managed]]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no key or provider of the machine take part."""
    for name in ("MANAGEMENT_PASSWORD", "PACKYCODE_BASE_URL", "PACKYCODE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "no-codex"))


@pytest.fixture
def manage(tmp_path: Path) -> Manage:
    """Serve a configuration: `manage(yaml, key=..., clock=...)`; the management key is added unless it names one."""

    @asynccontextmanager
    async def start(config: str = "", *, key: str = KEY, clock: FakeClock | None = None) -> AsyncIterator[Managed]:
        if "remote-management" not in config:
            config += f"remote-management:\n  secret-key: {HASH}\n"
        path = tmp_path / "config.yaml"
        async with (
            jackfield_server(config, path=path, clock=clock) as server,
            server.client(key, timeout=30) as client,
        ):
            yield Managed(server, client, path)

    return start
