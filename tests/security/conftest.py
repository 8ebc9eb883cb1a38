"""What the numbered tests share: the proxy before fake upstreams, the real command, and a client that is a socket."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
from jackfield.testing import FakeUpstream, RunningServer, jackfield_server

WITHIN = 30.0
"""Seconds that a wait lasts at most; reached only when a test fails."""
ASK = {"model": "gpt-5", "input": "Hi"}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no key or provider of the machine take part."""
    for name in ("MANAGEMENT_PASSWORD", "PACKYCODE_BASE_URL", "PACKYCODE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "no-codex"))


def provider(name: str, base_url: str, **keys: Any) -> dict[str, Any]:
    """Return an entry of `tppc.providers`."""
    return {"name": name, "enabled": True, "base-url": base_url, "api-key": f"sk-{name}-0123456789", **keys}


class Proxy:
    """A running proxy, and ways to talk to it."""

    def __init__(self, server: RunningServer, path: Path) -> None:
        self.server = server
        self.path = path
        self.port = server.port
        self.client = server.client(timeout=WITHIN)
        self.host = server.app.extensions["jackfield"]

    async def post(self, path: str = "/v1/responses", **options: Any) -> Any:
        """Send a POST with JSON; the question of every test unless it brings one."""
        if "content" not in options:
            options.setdefault("json", ASK)
        return await self.client.post(path, **options)

    async def raw(self, data: bytes, *, local: str = "") -> bytes:
        """Send bytes over a connection of their own, from a loopback address, and return all that comes back."""
        return await raw(self.port, data, local=local)


async def raw(port: int, data: bytes, *, local: str = "") -> bytes:
    """Send bytes to a port and return everything up to the end of the connection, which must come."""
    if local and sys.platform != "linux":
        pytest.skip("only Linux has all of 127.0.0.0/8 on loopback")
    address = (local, 0) if local else None
    async with asyncio.timeout(WITHIN):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=address)
        try:
            writer.write(data)
            await writer.drain()
            return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.transport.abort()


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Proxy]]]:
    """Return what starts the proxy: `await proxy(upstream, ..., key=value)` with keys of the configuration.

    Underlines in keys stand for dashes. Upstreams become the providers fox, owl and elk, in order of preference;
    `provider` adds keys to each, `plugins` are plugin objects, `clock` replaces the machine's.
    """
    count = itertools.count()
    async with AsyncExitStack() as stack:

        async def start(
            *upstreams: FakeUpstream | str,
            provider_keys: dict[str, Any] | None = None,
            plugins: dict[str, object] | None = None,
            clock: Any = None,
            **config: Any,
        ) -> Proxy:
            urls = [each if isinstance(each, str) else each.base_url for each in upstreams]
            named = zip(("fox", "owl", "elk"), urls, strict=False)
            entries = [
                provider(name, url, **{"priority": -place, **(provider_keys or {})})
                for place, (name, url) in enumerate(named)
            ]
            keys = {name.replace("_", "-"): value for name, value in config.items()}
            section = {"tppc": {"providers": entries}} if entries else {}
            path = tmp_path / f"config{next(count)}.yaml"
            server = await stack.enter_async_context(
                jackfield_server({**section, **keys}, plugins=plugins, clock=clock, path=path)
            )
            started = Proxy(server, path)
            stack.push_async_callback(started.client.aclose)
            return started

        yield start


@pytest.fixture
async def fox() -> AsyncIterator[FakeUpstream]:
    """Return the upstream of the provider `fox`."""
    async with FakeUpstream() as upstream:
        yield upstream


@pytest.fixture
async def owl() -> AsyncIterator[FakeUpstream]:
    """Return the upstream of the provider `owl`."""
    async with FakeUpstream() as upstream:
        yield upstream


@pytest.fixture
def request_bytes() -> Callable[..., bytes]:
    """Return what writes an HTTP request: `request_bytes(method, target, *header_lines, body=..., length=True)`."""

    def write(method: str, target: str, *headers: str, body: bytes | None = None, length: bool = True) -> bytes:
        body = orjson.dumps(ASK) if body is None and method == "POST" else body or b""
        lines = [f"{method} {target} HTTP/1.1", "Host: jackfield", "Connection: close", *headers]
        lines += [f"Content-Length: {len(body)}"] if length and body else []
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    return write


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., Any]:
    """Return what runs `jackfield ARGUMENTS` to its end in `tmp_path`; keywords are environment variables."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("JACKFIELD")}
        return subprocess.run(
            [sys.executable, "-m", "jackfield", *map(str, arguments)],
            cwd=tmp_path,
            env=clean | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
