"""How fast providers are, against upstreams of a known pace: the event, `/tps` and `jackfield tps` agree with it.

The pace is one of a clock that stands still while a token travels: the figures are exact, however busy the machine is.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from jackfield.api import Usage
from jackfield.cli import cli
from jackfield.metering.account import Meter
from jackfield.testing import (
    FakeClock,
    FakeUpstream,
    Pause,
    RecordedRequest,
    RunningServer,
    Script,
    jackfield_server,
    text_answer,
)

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "a-management-key-of-the-tests"
PACES = {"fox": (40, 0.02), "owl": (80, 0.01)}
"""Of each provider how many tokens an answer has, and the seconds before each: 50 and 100 a second."""
INPUT = 200
EXACTLY = 0.001
"""By how much a figure may differ: what rounding does."""
WITHIN = 30.0
"""Seconds that a wait lasts at most; reached only when a test fails."""
DIALECTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "/v1/responses": lambda text: {"input": text},
    "/v1/chat/completions": lambda text: {"messages": [{"role": "user", "content": text}]},
    "/v1/messages": lambda text: {"messages": [{"role": "user", "content": text}], "max_tokens": 500},
}


def paced(tokens: int) -> Script:
    """Return an answer that stands still at its beginning and before each token.

    What is told first is counted as none: time and tokens both begin with it.
    """
    script = text_answer("x " * (tokens + 1), deltas=["x "] * (tokens + 1), usage=Usage(INPUT, tokens))
    places = [place for place, event in enumerate(script.events) if event["type"].endswith("output_text.delta")]
    steps = (
        each
        for place, step in enumerate(script.steps)
        for each in ((Pause(), step) if place in places[1:] else (step,))
    )
    return dataclasses.replace(script, steps=(Pause(), *steps))


class Orchestra:
    """Providers that play at their own pace on one clock, which goes on when all have been heard."""

    def __init__(self, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = clock
        self.upstreams = {name: FakeUpstream() for name in (*PACES, "elk")}
        self._heard = self._given = 0
        self._news = asyncio.Event()
        see = Meter.see

        def heard(meter: Meter, events: Sequence[Any]) -> None:
            before = meter.outputs
            see(meter, events)
            self._heard += meter.outputs - before
            self._news.set()

        monkeypatch.setattr(Meter, "see", heard)

    async def play(self, each: int) -> None:
        """Give so many answers of each provider, all at once."""
        heard = self._heard
        self._given += each
        playing = {name: (await self.upstreams[name].wait_for_requests(self._given))[-each:] for name in PACES}
        heard += self._go_on([request for requests in playing.values() for request in requests])
        await self._until_heard(heard)

        beat = min(pause for _, pause in PACES.values())
        for number in range(1, max(tokens for tokens, _ in PACES.values()) + 1):
            self.clock.advance(beat)
            due = [request for name in PACES if not number % round(PACES[name][1] / beat) for request in playing[name]]
            heard += self._go_on(due)
            await self._until_heard(heard)

    def _go_on(self, requests: Sequence[RecordedRequest]) -> int:
        for request in requests:
            request.resume()
        return len(requests)

    async def _until_heard(self, count: int) -> None:
        async with asyncio.timeout(WITHIN):
            while self._heard < count:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
async def orchestra(fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Orchestra]:
    """Two providers, each at its own pace, and elk, which sends everything at once."""
    orchestra = Orchestra(fake_clock, monkeypatch)
    async with AsyncExitStack() as stack:
        for name, upstream in orchestra.upstreams.items():
            await stack.enter_async_context(upstream)
            if name in PACES:
                upstream.default = paced(PACES[name][0])
        yield orchestra


@pytest.fixture
def config(orchestra: Orchestra) -> dict[str, Any]:
    """A configuration of these providers, elk the last."""
    providers = [
        {
            "name": name,
            "enabled": True,
            "base-url": upstream.base_url,
            "api-key": f"sk-{name}-0123",
            "priority": 0 if name in PACES else -1,
        }
        for name, upstream in orchestra.upstreams.items()
    ]
    return {
        "tps-log": True,
        "log-format": "json",
        "remote-management": {"secret-key": KEY},
        "routing": {"strategy": "round-robin"},
        "tppc": {"providers": providers},
    }


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every event of the JSON log so far."""
    found: list[dict[str, Any]] = []

    class Log:
        def write(self, text: str) -> None:
            found.extend(json.loads(line) for line in text.splitlines() if '"per-request-tps"' in line)

        def flush(self) -> None:
            pass

    class Handler(logging.StreamHandler):  # type: ignore[type-arg]  # of our own stream
        def emit(self, record: logging.LogRecord) -> None:
            house = next(each for each in logging.getLogger("jackfield").handlers if each.get_name() == "jackfield")
            self.setFormatter(house.formatter)
            super().emit(record)

    handler = Handler(Log())
    logger = logging.getLogger("jackfield.plugin.tps")
    monkeypatch.setattr(logger, "handlers", [handler])
    return found


@asynccontextmanager
async def asked(
    config: dict[str, Any], orchestra: Orchestra, path: Path, *, named: bool = True
) -> AsyncIterator[RunningServer]:
    """Serve, and have every dialect answered by both providers, streamed and not, all at once.

    `named`: each request names its provider; otherwise the proxy's rotation lets the two take turns.
    """
    serving = jackfield_server(config, path=path, clock=orchestra.clock)
    async with serving as server, server.client(timeout=30) as client:
        for path, body in DIALECTS.items():
            await client.post(path, json={"model": "elk/gpt-5", "stream": True, **body("Hi")})
        requests = [
            client.post(
                path, json={"model": f"{name}/gpt-5-high" if named else "gpt-5-high", "stream": stream, **body("Hi")}
            )
            for path, body in DIALECTS.items()
            for stream in (True, False)
            for name in PACES
        ]
        answers = await asyncio.gather(*requests, orchestra.play(6))
        assert [answer.status_code for answer in answers[:-1]] == [200] * 12
        assert not any("tps" in answer.text for answer in answers[:-1])
        yield server


async def figures(server: RunningServer, **query: str) -> dict[str, Any]:
    async with server.client(KEY, timeout=30) as client:
        answer = await client.get("/v0/management/tps", params=query)
    told: dict[str, Any] = answer.json()["tps"]
    return told


async def printed(server: RunningServer, *arguments: str) -> Any:
    """Return what `jackfield tps --json` prints."""
    line = ["tps", "--url", server.base_url, "--key", KEY, "--json", *arguments]
    result = await asyncio.to_thread(CliRunner().invoke, cli, line)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def near(tokens: int, pause: float) -> Any:
    return pytest.approx(1 / pause, rel=EXACTLY)


async def test_every_figure_agrees_with_the_pace(
    config: dict[str, Any], orchestra: Orchestra, events: list[dict[str, Any]], tmp_path: Path
) -> None:
    schema = json.loads((ROOT / "schemas" / "per-request-tps.schema.json").read_text("utf-8"))

    async with asked(config, orchestra, tmp_path / "config.yaml") as server:
        whole = await figures(server, **{"group-by": "provider_model"})
        for name, pace in PACES.items():
            told = await figures(server, provider=name, window="5m")
            shown = await printed(server, "--provider", name)
            of_provider = [event for event in events if event["provider"] == name]

            assert [event["tps_completion"] for event in of_provider] == [near(*pace)] * 6
            assert sorted(event["is_streaming"] for event in of_provider) == [False] * 3 + [True] * 3
            assert {event["provider_model"] for event in of_provider} == {f"{name}/gpt-5-high"}
            for figure in ("avg", "median", "p90"):
                assert told["completion"][figure] == near(*pace)
            assert told["total"]["avg"] == pytest.approx((pace[0] + INPUT) / (pace[0] * pace[1]), rel=EXACTLY)
            assert told["completion"]["count"] == shown["requests"] == 6
            assert shown["completion"] == told["completion"]
            [group] = shown["groups"]
            assert (group["provider"], group["completion"]) == (name, told["completion"])
            assert group["last-hour"][-1] == told["completion"]["avg"]

    counts = [(group["provider"], group["requests"], group["bursts"]) for group in whole["groups"]]
    assert counts == [("elk", 3, 3), ("fox", 6, 0), ("owl", 6, 0)]
    assert len(events) == 15
    for event in events:
        jsonschema.validate(event, schema, format_checker=jsonschema.FormatChecker())


async def test_two_providers_that_take_turns_and_a_restart_in_between_which_loses_nothing(
    config: dict[str, Any], orchestra: Orchestra, events: list[dict[str, Any]], tmp_path: Path
) -> None:
    async with asked(config, orchestra, tmp_path / "config.yaml", named=False) as server:
        before = [await figures(server, provider=name) for name in PACES]
    async with asked(config, orchestra, tmp_path / "config.yaml", named=False) as server:
        after = [await figures(server, provider=name) for name in PACES]
        shown = await printed(server)

    assert [each["requests"] for each in before] == [6, 6]
    assert [each["requests"] for each in after] == [12, 12]
    assert [group["requests"] for group in shown["groups"]] == [6, 12, 12]
    for told, group, pace in zip(after, shown["groups"][1:], PACES.values(), strict=True):
        for figure in ("avg", "median", "p90"):
            assert told["completion"][figure] == near(*pace)
        assert group["completion"] == told["completion"]
    assert len({event["request_id"] for event in events}) == 30
