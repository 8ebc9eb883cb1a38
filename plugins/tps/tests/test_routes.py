"""`/tps` and `/usage` through the real server, on a clock that the test turns: exact figures, windows, history."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from jackfield.api import Usage
from jackfield.testing import FakeClock, FakeUpstream, Pause, cut_after, http_error, text_answer


def slow(clock: FakeClock, took: float, output: int, inputs: int = 0) -> Any:
    """Return an answer that takes so many seconds on the clock, from the request to its end."""

    def answer(request: Any) -> Any:
        clock.advance(took)
        return text_answer("one two", usage=Usage(inputs, output))

    return answer


def figures(distribution: Any) -> tuple[str, ...]:
    return tuple(str(distribution[name]) for name in ("count", "avg", "median", "p90"))


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_120_tokens_in_3_seconds_are_40(serve: Any, upstream: FakeUpstream, fake_clock: FakeClock) -> None:
    upstream.script(slow(fake_clock, 3.0, 120, 30))
    async with serve() as proxy:
        await proxy.ask()
        told = await proxy.tps()

    assert told == {
        "since": "2026-01-01T00:00:00.000Z",
        "requests": 1,
        "completion": {"count": 1, "avg": "40.00", "median": "40.00", "p90": "40.00"},
        "total": {"count": 1, "avg": "50.00", "median": "50.00", "p90": "50.00"},
        "ttft": {"count": 1, "avg": "3.00", "median": "3.00", "p90": "3.00"},
        "bursts": 0,
        "uncounted": 0,
    }


async def test_250_tokens_in_2_and_a_half_seconds_of_stream_are_100(
    serve: Any, upstream: FakeUpstream, fake_clock: FakeClock
) -> None:
    script = text_answer("one two", deltas=2, usage=Usage(0, 250))
    first = next(place for place, event in enumerate(script.events) if event["type"].endswith("output_text.delta"))
    upstream.script(script.after(first + 1, Pause()))
    async with serve() as proxy:
        body = {"model": "gpt-5", "input": "Hi", "stream": True}
        async with proxy.client.stream("POST", "/v1/responses", json=body) as answer:
            deltas = 0
            async for line in answer.aiter_lines():
                deltas += line.startswith("event: response.output_text.delta")
                if line.startswith("data:") and deltas == 1:
                    deltas += 1
                    [request] = await upstream.wait_for_requests(1)
                    fake_clock.advance(2.5)
                    request.resume()
        told = await proxy.tps()

    assert figures(told["completion"]) == ("1", "100.00", "100.00", "100.00")


async def test_an_answer_with_no_tokens_out_is_zero(serve: Any, upstream: FakeUpstream, fake_clock: FakeClock) -> None:
    upstream.script(lambda request: fake_clock.advance(2) or text_answer("Hello", usage=Usage(10, 0)))
    async with serve() as proxy:
        await proxy.ask()
        told = await proxy.tps()

    assert figures(told["total"])[1] == "5.00"
    assert figures(told["completion"]) == ("1", "0.00", "0.00", "0.00")


async def test_a_failure_without_output_is_no_sample_but_one_with_output_is(serve: Any, upstream: FakeUpstream) -> None:
    async with serve({"request-retry": 0, "usage-statistics-enabled": True}) as proxy:
        upstream.script(http_error(400))
        await proxy.client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})
        assert (await proxy.tps())["requests"] == 0
        upstream.script(cut_after(7, text_answer("a b c d e f")))
        await proxy.ask(stream=True)
        told, usage = await proxy.tps(), await proxy.usage()

    assert (told["requests"], told["uncounted"], figures(told["completion"])[0]) == (1, 1, "0")
    assert (usage["total"]["requests"], usage["total"]["failures"]) == (2, 2)


NAMED = [
    ("gpt-5-high", "fox/gpt-5-high"),  # a suffix stays
    ("owl/gpt-5-low", "owl/gpt-5-low"),  # what pins a provider goes
    ("mine", "owl/gpt-5"),  # another name gives way to the model's own
    ("claude-opus-5", "fox/gpt-5"),  # a name of Claude Code's to the provider's default
]


@pytest.mark.parametrize(("asked", "told"), NAMED, ids=[asked for asked, _ in NAMED])
async def test_samples_have_the_names_of_those_who_served(serve: Any, judge: Any, asked: str, told: str) -> None:
    aliases = [{"match": "mine", "model": "owl/gpt-5"}, {"match": "claude-*", "model": "fox/gpt-5"}]
    async with serve({"model-aliases": aliases, "tps-log": True}) as proxy:
        await proxy.ask(asked)
        groups = (await proxy.tps(group_by="provider_model"))["groups"]

    assert [group["provider_model"] for group in groups] == [event["provider_model"] for event in judge.found] == [told]


async def test_time_lost_to_a_provider_does_not_count_against_the_next(
    serve: Any, upstream: FakeUpstream, fake_clock: FakeClock
) -> None:
    upstream.script(
        lambda request: fake_clock.advance(60) or http_error(500),
        slow(fake_clock, 3.0, 120),
    )
    async with serve() as proxy:
        await proxy.ask()
        told = await proxy.tps(group_by="provider")

    assert [figures(group["completion"])[1] for group in told["groups"]] == ["40.00"]
    assert figures(told["ttft"])[1] == "3.00"


async def test_a_relay_that_sends_everything_at_once_is_a_burst(
    serve: Any, upstream: FakeUpstream, fake_clock: FakeClock
) -> None:
    upstream.default = slow(fake_clock, 3.0, 120)
    async with serve() as proxy:
        await proxy.ask(stream=True)
        await proxy.ask(stream=False)
        told = await proxy.tps()

    assert (told["requests"], told["bursts"]) == (2, 1)
    assert figures(told["completion"]) == ("1", "40.00", "40.00", "40.00")


WINDOWED = [
    ({}, 3),
    ({"window": "1h30m"}, 3),
    ({"window": "20m"}, 2),
    ({"window": "5m"}, 1),
    ({"window": "1s"}, 0),
    ({"window": "0s"}, 3),
    ({"window": "-5m"}, 3),
    ({"window": "soon"}, 3),
    ({"window": ""}, 3),
    ({"window": "20m", "provider": "fox"}, 1),
    ({"window": "20m", "model": "gpt-5-low"}, 1),
    ({"provider": "fox", "model": "gpt-5-low"}, 0),
    ({"provider": "owl", "model": "gpt-5-low"}, 1),
    ({"provider": " owl "}, 1),
    ({"provider": ""}, 3),
]


@pytest.fixture
async def three(serve: Any, upstream: FakeUpstream, fake_clock: FakeClock) -> Any:
    """A proxy with samples of an hour, of ten minutes and of two minutes ago."""
    upstream.default = slow(fake_clock, 1.0, 40)
    async with serve() as proxy:
        for model, later in (("fox/gpt-5", 3000), ("owl/gpt-5-low", 480), ("fox/gpt-5", 120)):
            await proxy.ask(model)
            fake_clock.advance(later)
        yield proxy


@pytest.mark.parametrize(("query", "count"), WINDOWED, ids=repr)
async def test_windows_and_filters(three: Any, query: dict[str, str], count: int) -> None:
    told = await three.tps(**query)

    assert told["requests"] == told["completion"]["count"] == count
    assert set(figures(told["completion"])[1:]) == ({"40.00"} if count else {"0.00"})


async def test_since_is_the_start_of_the_window_or_of_the_server(three: Any) -> None:
    assert (await three.tps(window="10m"))["since"] == "2026-01-01T00:50:03.000Z"
    assert (await three.tps(window="nonsense"))["since"] == "2026-01-01T00:00:00.000Z"


async def test_groups_are_told_apart(three: Any) -> None:
    told = await three.tps(group_by="provider_model")

    assert [(group["provider_model"], group["requests"]) for group in told["groups"]] == [
        ("fox/gpt-5", 2),
        ("owl/gpt-5-low", 1),
    ]


async def test_a_series_goes_with_a_window(three: Any) -> None:
    assert (await three.tps(window="2h", buckets="2"))["series"] == ["40.00", "40.00"]
    assert "series" not in await three.tps(buckets="2")


@pytest.mark.parametrize(
    "query",
    [
        {"group_by": "credential"},
        {"group_by": "provider,model"},
        {"buckets": "0"},
        {"buckets": "241"},
        {"buckets": "-1"},
    ],
    ids=repr,
)
async def test_parameters_that_cannot_be_used_are_told(three: Any, query: dict[str, str]) -> None:
    answer = await three.get("/tps", **query)

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid parameter"
    assert next(iter(query)).replace("_", "-") in answer.json()["message"]


async def test_the_answers_fit_their_description(three: Any, upstream: FakeUpstream) -> None:
    described = (await three.get("/openapi.json")).json()

    for path, queries in {"/tps": [{}, {"group_by": "model", "window": "1h", "buckets": "3"}], "/usage": [{}]}.items():
        operation = described["paths"][f"/v0/management{path}"]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        for query in queries:
            jsonschema.validate((await three.get(path, **query)).json(), schema)


# -- who may ask


async def test_the_key_of_the_management_api_is_needed(serve: Any) -> None:
    async with serve() as proxy:
        for path in ("/tps", "/usage"):
            refused = await proxy.client.get(f"/v0/management{path}", headers={"Authorization": "Bearer wrong"})
            assert (refused.status_code, refused.json()) == (401, {"error": "invalid management key"})
            assert (await proxy.client.post(f"/v0/management{path}")).status_code == 405


@pytest.mark.parametrize("config", [{"remote-management": {}}, {"plugins": {"disabled": ["management"]}}], ids=repr)
async def test_without_a_management_api_there_is_nothing(serve: Any, config: dict[str, Any]) -> None:
    async with serve(config) as proxy:
        await proxy.ask()

        assert [(await proxy.get(path)).status_code for path in ("/tps", "/usage")] == [404, 404]


# -- history


async def test_history_survives_a_restart(
    serve: Any, upstream: FakeUpstream, fake_clock: FakeClock, path: Path
) -> None:
    upstream.default = slow(fake_clock, 3.0, 120, 30)
    async with serve({"usage-statistics-enabled": True}) as proxy:
        await proxy.ask()
        before, used = await proxy.tps(), await proxy.usage()
    fake_clock.advance(3600)
    async with serve({"usage-statistics-enabled": True}) as proxy:
        assert {**await proxy.tps(), "since": before["since"]} == before
        assert (await proxy.tps())["since"] == "2026-01-01T00:00:03.000Z"  # of the oldest sample: the server is younger
        assert await proxy.usage() == used
        await proxy.ask()
        assert (await proxy.tps())["requests"] == 2

    assert path.with_name("config.statistics.sqlite3").is_file()


async def test_memory_leaves_no_file_and_no_history(serve: Any, path: Path) -> None:
    config = {"statistics": {"store": "memory"}}
    for _ in range(2):
        async with serve(config) as proxy:
            await proxy.ask()
            assert (await proxy.tps())["requests"] == 1

    assert not list(path.parent.glob("*sqlite3*"))


async def test_another_store_is_used_as_soon_as_it_is_configured(serve: Any, path: Path) -> None:
    async with serve() as proxy:
        await proxy.ask()
        changed = await proxy.client.patch("/v0/management/statistics", json={"path": "deep/other.sqlite3"})
        assert changed.status_code == 200, changed.text
        assert (await proxy.tps())["requests"] == 0
        await proxy.ask()
        assert (await proxy.tps())["requests"] == 1
        await proxy.client.patch("/v0/management/statistics", json={"path": ""})
        assert (await proxy.tps())["requests"] == 1

    assert path.with_name("deep").joinpath("other.sqlite3").is_file()


async def test_a_broken_file_costs_history_and_no_request(serve: Any, path: Path) -> None:
    path.with_name("config.statistics.sqlite3").write_bytes(b"nonsense")
    async with serve() as proxy:
        await proxy.ask()

        assert (await proxy.tps())["requests"] == 1
    assert len(list(path.parent.glob("config.statistics.sqlite3.broken-*"))) == 1


async def test_a_locked_file_costs_statistics_and_no_request(
    serve: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jackfield_tps.database.PATIENCE", 0.01)
    other = sqlite3.connect(path.with_name("config.statistics.sqlite3"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    async with serve() as proxy:
        await proxy.ask()
        refused = await proxy.get("/tps")
        other.execute("COMMIT")
        other.close()

    assert refused.status_code == 503
    assert refused.json()["error"] == "statistics are not available"


async def test_without_a_configuration_file_nothing_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from jackfield import create_app

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JACKFIELD_CONFIG", raising=False)
    monkeypatch.setenv("MANAGEMENT_PASSWORD", "a-management-key-of-the-tests")
    app = create_app()
    async with app.test_app():
        answer = await app.test_client().post("/v1/responses", json={"model": "demo", "input": "Hi"})
        assert answer.status_code == 200

    assert files(tmp_path) == []
