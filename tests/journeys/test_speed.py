"""How fast providers are, against upstreams of a known pace: the event, `/tps` and `jackfield tps` agree with it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from jackfield.api import Usage
from jackfield.cli import cli
from jackfield.testing import Delay, FakeUpstream, RunningServer, Script, jackfield_server, text_answer

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "a-management-key-of-the-tests"
PACES = {"fox": (80, 0.02), "owl": (160, 0.01)}
"""Of each provider how many tokens an answer has, and the seconds before each: 50 and 100 a second."""
INPUT = 200
DIALECTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "/v1/responses": lambda text: {"input": text},
    "/v1/chat/completions": lambda text: {"messages": [{"role": "user", "content": text}]},
    "/v1/messages": lambda text: {"messages": [{"role": "user", "content": text}], "max_tokens": 500},
}


class Tick(Delay):
    """A delay up to a moment, counted from the first one, so that what oversleeps does not add up."""

    def __init__(self, beat: list[float], seconds: float) -> None:
        self.beat, self.due = beat, seconds

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def seconds(self) -> float:  # type: ignore[override]  # told when it is asked for
        """How long it is until then."""
        now = time.monotonic()
        self.beat[:] = self.beat or [now]
        return max(0.0, self.beat[0] + self.due - now)


def paced(tokens: int, pause: float) -> Script:
    """Return an answer with one token after each pause, the first pause right after the beginning."""
    script = text_answer("x " * tokens, deltas=["x "] * tokens, usage=Usage(INPUT, tokens))
    beat: list[float] = []
    places = [place for place, event in enumerate(script.events) if event["type"].endswith("output_text.delta")]
    opening, deltas, closing = (
        script.steps[: places[0]],
        script.steps[places[0] : places[-1] + 1],
        script.steps[places[-1] + 1 :],
    )
    ticking = [step for number, delta in enumerate(deltas, 1) for step in (Tick(beat, number * pause), delta)]
    return dataclasses.replace(script, steps=(*opening, Tick(beat, 0.0), *ticking, *closing))


@pytest.fixture
def config() -> Iterator[dict[str, Any]]:
    """A configuration of two providers, each at its own pace, and of elk, which sends everything at once."""
    with ExitStack() as stack:
        providers = []
        for name, pace in PACES.items():
            upstream = stack.enter_context(FakeUpstream.in_thread())
            upstream.script(*(paced(*pace) for _ in range(12)))
            providers.append(
                {"name": name, "enabled": True, "base-url": upstream.base_url, "api-key": f"sk-{name}-0123"}
            )
        swift = stack.enter_context(FakeUpstream.in_thread())
        providers.append(
            {"name": "elk", "enabled": True, "base-url": swift.base_url, "api-key": "sk-elk-0123", "priority": -1}
        )
        yield {
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
async def asked(config: dict[str, Any], path: Path, *, named: bool = True) -> AsyncIterator[RunningServer]:
    """Serve, and have every dialect answered by both providers, streamed and not, all at once.

    `named`: each request names its provider; otherwise the proxy's rotation lets the two take turns.
    """
    async with jackfield_server(config, path=path) as server, server.client(timeout=30) as client:
        for path, body in DIALECTS.items():  # what comes first is slow, and not the provider's fault
            await client.post(path, json={"model": "elk/gpt-5", "stream": True, **body("Hi")})
        requests = [
            client.post(
                path, json={"model": f"{name}/gpt-5-high" if named else "gpt-5-high", "stream": stream, **body("Hi")}
            )
            for path, body in DIALECTS.items()
            for stream in (True, False)
            for name in PACES
        ]
        answers = await asyncio.gather(*requests)
        assert [answer.status_code for answer in answers] == [200] * 12
        assert not any("tps" in answer.text for answer in answers)
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
    return pytest.approx(1 / pause, rel=0.05)


async def test_every_figure_agrees_with_the_pace(
    config: dict[str, Any], events: list[dict[str, Any]], tmp_path: Path
) -> None:
    schema = json.loads((ROOT / "schemas" / "per-request-tps.schema.json").read_text("utf-8"))

    async with asked(config, tmp_path / "config.yaml") as server:
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
            assert told["total"]["avg"] == pytest.approx((pace[0] + INPUT) / (pace[0] * pace[1]), rel=0.05)
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
    config: dict[str, Any], events: list[dict[str, Any]], tmp_path: Path
) -> None:
    async with asked(config, tmp_path / "config.yaml", named=False) as server:
        before = [await figures(server, provider=name) for name in PACES]
    async with asked(config, tmp_path / "config.yaml", named=False) as server:
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
