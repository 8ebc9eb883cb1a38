"""What the journeys share: the proxy behind a real server, fake upstreams behind it, and every record it writes."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import httpx
import orjson
import pytest
from hypercorn.config import Config
from jackfield.api import CompletionRecord, hookimpl
from jackfield.server import ServerConfig
from jackfield.testing import FakeUpstream, RunningServer, ServerSentEvent, make_app, read_sse, running

INSTALLED = ("codex", "demo", "tppc")
"""The installed plugins that the journeys are about; what others bring is tested beside them."""
NAMES = ("fox", "owl", "elk")
ASK = {"model": "gpt-5", "input": "Hi"}
WITHIN = 30.0
"""Seconds that a wait lasts at most; reached only when a test fails."""


def provider(name: str, base_url: str, **keys: Any) -> dict[str, Any]:
    """Return an entry of `tppc.providers`."""
    return {"name": name, "enabled": True, "base-url": base_url, "api-key": f"sk-{name}-0123456789", **keys}


class Records:
    """A plugin that keeps every completion record."""

    def __init__(self) -> None:
        self.all: list[CompletionRecord] = []
        self._came = asyncio.Event()

    @hookimpl
    def on_request_complete(self, record: CompletionRecord) -> None:
        """Keep the record."""
        self.all.append(record)
        self._came.set()

    def of(self, scope: str) -> list[CompletionRecord]:
        """Return those of requests, or of attempts."""
        return [record for record in self.all if record.scope == scope]

    async def request(self, count: int = 1) -> CompletionRecord:
        """Return the record of the latest request once there are `count` of them; fail when there are more."""
        async with asyncio.timeout(WITHIN):
            while len(self.of("request")) < count:
                self._came.clear()
                await self._came.wait()
        await asyncio.sleep(0)
        found = self.of("request")
        assert len(found) == count, found
        return found[-1]


class Wire:
    """A client that is nothing but a socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, method: str, target: str, body: bytes = b"", *headers: str, length: bool = True) -> None:
        """Send a request's head and this much of its body; `length=False` leaves the length to `headers`."""
        lines = [f"{method} {target} HTTP/1.1", "host: jackfield", *headers]
        lines += [f"content-length: {len(body)}"] if length and body else []
        self.writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        await self.writer.drain()

    async def ask(self, **fields: Any) -> None:
        """Send a whole `POST /v1/responses` that asks for a stream."""
        await self.send("POST", "/v1/responses", orjson.dumps({**ASK, "stream": True, **fields}))

    async def until(self, mark: bytes) -> bytes:
        """Return what arrives up to a mark."""
        async with asyncio.timeout(WITHIN):
            return await self.reader.readuntil(mark)

    async def answer(self) -> httpx.Response:
        """Return a whole answer that has a length."""
        status, _, head = (await self.until(b"\r\n\r\n")).partition(b"\r\n")
        pairs = [line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if line]
        response = httpx.Response(int(status.split()[1]), headers=[(name, value) for name, value in pairs])
        length = int(response.headers.get("content-length", 0))
        async with asyncio.timeout(WITHIN):
            body = await self.reader.readexactly(length)
        return httpx.Response(response.status_code, headers=response.headers, content=body)

    def leave(self) -> None:
        """Close at once."""
        self.writer.transport.abort()


@dataclasses.dataclass
class House:
    """The proxy as clients meet it."""

    server: RunningServer
    client: httpx.AsyncClient
    records: Records
    wires: list[Wire] = dataclasses.field(default_factory=list)

    @property
    def host(self) -> Any:
        """The `Host` of the app, for what cannot be seen from outside."""
        return self.server.app.extensions["jackfield"]

    async def post(self, headers: Mapping[str, str] | None = None, /, **fields: Any) -> httpx.Response:
        """Ask without a stream; `fields` go beside model and input, None leaves one out."""
        body = {key: value for key, value in {**ASK, **fields}.items() if value is not None}
        return await self.client.post("/v1/responses", json=body, headers=headers)

    async def stream(self, headers: Mapping[str, str] | None = None, /, **fields: Any) -> httpx.Response:
        """Ask for a stream and read all of it."""
        return await self.post(headers, stream=True, **fields)

    async def events(self, **fields: Any) -> list[ServerSentEvent]:
        """Ask for a stream, which must begin well, and return its events."""
        answer = await self.stream(**fields)
        assert answer.status_code == 200, answer.text
        return read_sse(answer.content)

    @contextlib.asynccontextmanager
    async def open(self, **fields: Any) -> AsyncIterator[httpx.Response]:
        """Ask for a stream and read its head alone."""
        async with self.client.stream("POST", "/v1/responses", json={**ASK, "stream": True, **fields}) as answer:
            yield answer

    async def wire(self) -> Wire:
        """Return a bare connection, left at the end of the test at the latest."""
        self.wires.append(Wire(*await asyncio.open_connection("127.0.0.1", self.server.port)))
        return self.wires[-1]

    def leave(self) -> None:
        """Close every bare connection."""
        for wire in self.wires:
            wire.leave()


Serve = Callable[..., Awaitable[House]]


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    """Return the upstream of the provider `fox`."""
    async with FakeUpstream() as upstream:
        yield upstream


@pytest.fixture
async def second() -> AsyncIterator[FakeUpstream]:
    """Return the upstream of the provider `owl`, which comes after `fox` where both are configured."""
    async with FakeUpstream() as upstream:
        yield upstream


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Return a function that starts the proxy for these upstreams, the first one preferred.

    `config` adds keys to the configuration; `keys` to every provider's entry; `plugins` are further plugin objects;
    `quart` and `hypercorn` are settings of theirs; `clock` takes the place of the machine's.
    """
    async with contextlib.AsyncExitStack() as stack:

        async def start(
            *upstreams: FakeUpstream | str,
            config: Mapping[str, Any] | None = None,
            keys: Mapping[str, Any] | None = None,
            plugins: Mapping[str, object] | None = None,
            quart: Mapping[str, Any] | None = None,
            hypercorn: Mapping[str, Any] | None = None,
            clock: Any = None,
            **client: Any,
        ) -> House:
            urls = [upstream if isinstance(upstream, str) else upstream.base_url for upstream in upstreams]
            providers = [
                provider(name, url, **{"priority": -place, **(keys or {})})
                for place, (name, url) in enumerate(zip(NAMES, urls, strict=False))
            ]
            section = {"tppc": {"providers": providers}} if providers else {}
            records = Records()
            added = {"records": records, **(plugins or {})}
            used = {"plugins": {"allow": [*INSTALLED, *added]}}
            app = make_app({**section, **used, **(config or {})}, plugins=added, clock=clock)
            app.config.update(quart or {})
            settings = Config() if hypercorn else ServerConfig()
            for name, value in (hypercorn or {}).items():
                setattr(settings, name, value)
            server = await stack.enter_async_context(running(app, config=settings, grace=0.2))
            http = await stack.enter_async_context(server.client(timeout=WITHIN, verify=False, **client))
            house = House(server, http, records)
            stack.callback(house.leave)
            return house

        yield start


@pytest.fixture
async def house(serve: Serve, upstream: FakeUpstream) -> House:
    """Return the proxy with the provider `fox`."""
    return await serve(upstream)
