"""What the tests of the statistics share: records as the core writes them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import orjson
import pytest
from jackfield.api import CompletionRecord, Usage
from jackfield.testing import FakeClock, FakeUpstream, RunningServer, jackfield_server
from jackfield_tps import events

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

Make = Callable[..., CompletionRecord]


@pytest.fixture
def record() -> Make:
    """A function that makes a record: `record(output=120, took=3.0)` for one that was not streamed, with
    `stream=(0.5, 3.0)` for one whose first and last output came so many seconds after its start.
    """

    def make(
        output: int = 0,
        took: float = 0.0,
        stream: tuple[float, float] | None = None,
        *,
        inputs: int = 0,
        start: float = 1000.0,
        **fields: Any,
    ) -> CompletionRecord:
        given: dict[str, Any] = {
            "scope": "request",
            "request_id": "req_" + "0" * 32,
            "attempt": 1,
            "dialect": "responses",
            "provider": "fox",
            "model": "gpt-5",
            "credential": "tppc:fox:1",
            "client": "0123456789ab",
            "streaming": stream is not None,
            "status": 200,
            "error": "",
            "started": start,
            "attempt_started": start,
            "ended": start + took,
            "measured_at": NOON,
            "first_output": None if stream is None else start + stream[0],
            "last_output": None if stream is None else start + stream[1],
            "outputs": output,
            "usage": Usage(inputs, output),
        }
        return CompletionRecord(**{**given, **fields})

    return make


class Judge(logging.Handler):
    """Holds every event that is logged against the schema."""

    _PLAIN = frozenset((*vars(logging.makeLogRecord({})), "message", "asctime"))
    _VALIDATOR = jsonschema.Draft202012Validator(events.schema(), format_checker=jsonschema.FormatChecker())

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Any] = []
        self.problems: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == events.MESSAGE:
            fields = {name: value for name, value in vars(record).items() if name not in self._PLAIN}
            written = orjson.dumps(fields, default=lambda figure: orjson.Fragment(str(figure)))
            self.found.append(orjson.loads(written))
            self.problems += [
                f"{error.message} in {written!r}" for error in self._VALIDATOR.iter_errors(self.found[-1])
            ]


@pytest.fixture(autouse=True)
def judge() -> Iterator[Judge]:
    """Every event that any of these tests brings about fits the schema; `judge.found` are their fields so far."""
    judge = Judge()
    logger = logging.getLogger("jackfield.plugin.tps")
    logger.addHandler(judge)
    yield judge
    logger.removeHandler(judge)
    assert judge.problems == []


KEY = "a-management-key-of-the-tests"


@dataclass
class Proxy:
    """A running proxy with the providers fox and owl: `client` has the management key."""

    server: RunningServer
    client: httpx.AsyncClient

    async def ask(self, model: str = "gpt-5", **fields: Any) -> httpx.Response:
        """Ask for an answer, which must come."""
        answer = await self.client.post("/v1/responses", json={"model": model, "input": "Hi", **fields})
        assert answer.status_code == 200, answer.text
        return answer

    async def get(self, path: str, **query: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in query.items()}
        return await self.client.get(f"/v0/management{path}", params=named)

    async def tps(self, **query: str) -> Any:
        """Return what `/tps` tells, figures as they are written."""
        answer = await self.get("/tps", **query)
        assert answer.status_code == 200, answer.text
        return answer.json(parse_float=str)["tps"]

    async def usage(self, **query: str) -> Any:
        answer = await self.get("/usage", **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["usage"]

    async def switch(self, key: str, value: bool) -> None:
        answer = await self.client.put(f"/v0/management/{key}", json={"value": value})
        assert answer.status_code == 200, answer.text


Serve = Callable[..., AbstractAsyncContextManager[Proxy]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The configuration file."""
    return tmp_path / "config.yaml"


@pytest.fixture
def serve(upstream: FakeUpstream, path: Path, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Serve two providers on one upstream, on the fake clock: `serve({"tps-log": True})`; None leaves a key out."""
    monkeypatch.delenv("MANAGEMENT_PASSWORD", raising=False)

    def provider(name: str) -> dict[str, Any]:
        return {"name": name, "enabled": True, "base-url": upstream.base_url, "api-key": f"sk-{name}-0123456789"}

    @asynccontextmanager
    async def start(config: dict[str, Any] | None = None, **options: Any) -> AsyncIterator[Proxy]:
        settings = {
            "tppc": {"providers": [provider("fox"), provider("owl")]},
            "remote-management": {"secret-key": KEY},
            **(config or {}),
        }
        async with (
            jackfield_server(settings, path=path, clock=fake_clock, **options) as server,
            server.client(KEY, timeout=30) as client,
        ):
            yield Proxy(server, client)

    return start
