"""Whatever becomes of a request, in each dialect: one record of it, one of each attempt, and the events they make."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from jackfield.api import Usage
from jackfield.testing import (
    ErrorEvent,
    Failed,
    Hang,
    Reset,
    Text,
    answer,
    closed_url,
    empty,
    failed,
    hang,
    hang_after_headers,
    html_page,
    http_error,
    incomplete,
    rate_limited,
    reset_before_headers,
    text_answer,
)

SCHEMA = Path(__file__).resolve().parent.parent.parent / "schemas" / "per-request-tps.schema.json"
TALK = [{"role": "user", "content": "Hi"}]
DIALECTS: dict[str, dict[str, Any]] = {
    "/v1/responses": {"input": "Hi"},
    "/v1/chat/completions": {"messages": TALK},
    "/v1/messages": {"messages": TALK, "max_tokens": 64},
}


def text(end: Any = None) -> Any:
    return answer(Text("Hello you there"), end=end)


# what an upstream does to a request: script, and how many output events it has
WHOLE = {
    "text": (text_answer("one two three", usage=Usage(11, 7)), 3),
    "no output": (answer(), 0),
    "incomplete": (incomplete(), None),
}
BREAKS = {
    "400": (http_error(400), 0),
    "429": (rate_limited(retry_after=7), 0),
    "500": (http_error(500), 0),
    "a page": (html_page(), 0),
    "nothing": (empty(), 0),
    "reset before the headers": (reset_before_headers(), 0),
    "silence": (hang(), 0),
    "silence after the headers": (hang_after_headers(), 0),
    "failed at once": (failed("server_error", "Boom"), 0),
    "cut before content": (text().cut(2), 0),
    "closed": (text().cut(6), 2),
    "reset": (text().cut(6, Reset()), 2),
    "fallen silent": (text().cut(6, Hang()), 2),
    "failed after content": (text(Failed("server_error", "Boom")), 3),
    "an error event": (text(ErrorEvent("rate_limit_exceeded", "Slow down")), 3),
}
STAGES = {
    "before the headers": (hang(), 0),
    "before the first event": (hang_after_headers(), 0),
    "in the handshake": (text().cut(2, Hang()), 0),
    "in mid-stream": (text().cut(6, Hang()), 2),
}


@pytest.fixture
def events() -> Iterator[list[dict[str, Any]]]:
    """Every event of the log so far, each of which fits the schema."""
    found: list[dict[str, Any]] = []
    known = orjson.loads(SCHEMA.read_bytes())

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            fields = {name: value for name, value in vars(record).items() if name in known["properties"]}
            fields.pop("message", None)
            found.append(orjson.loads(orjson.dumps(fields, default=float)))

    handler, logger = Handler(), logging.getLogger("jackfield.plugin.tps")
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)
    for event in found:
        jsonschema.validate(event, known, format_checker=jsonschema.FormatChecker())


@pytest.fixture
async def house(serve: Any, upstream: Any) -> Any:
    config = {
        "limits": {"first-byte-timeout": 1.0, "stream-idle-timeout": 1.0},
        "request-retry": 0,
        "disable-cooling": True,
        "tps-log": True,
        "plugins": {"allow": ["tppc", "tps", "records"]},
    }
    return await serve(upstream, config=config)


async def settled(house: Any, events: list[dict[str, Any]], attempts: int, outputs: int | None) -> Any:
    """Return the record of the one request that was made, after having looked at all books."""
    record = await house.records.request()
    of_attempts = house.records.of("attempt")
    assert [attempt.attempt for attempt in of_attempts] == list(range(1, attempts + 1))
    assert {attempt.request_id for attempt in of_attempts} <= {record.request_id}
    if of_attempts:
        last = of_attempts[-1]
        for name in ("provider", "model", "outputs", "usage", "first_output", "last_output", "error"):
            assert getattr(record, name) == getattr(last, name), name
        assert record.started <= last.started <= last.ended <= record.ended
        assert outputs in (None, last.outputs)
    told = [attempt for attempt in of_attempts if attempt.succeeded or attempt.outputs]
    assert [event["attempt"] for event in events] == [attempt.attempt for attempt in told]
    return record


@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(("script", "outputs"), [*WHOLE.values(), *BREAKS.values()], ids=[*WHOLE, *BREAKS])
async def test_each_answer_and_each_break_is_told_once(
    house: Any, upstream: Any, events: Any, path: str, stream: bool, script: Any, outputs: int | None
) -> None:
    upstream.default = script

    answered = await house.client.post(path, json={"model": "gpt-5", "stream": stream, **DIALECTS[path]})

    record = await settled(house, events, len(upstream.requests) or 1, outputs)
    assert (record.streaming, record.status) == (stream, answered.status_code)
    assert len(upstream.requests) == 1
    assert "tps" not in answered.text


@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(("script", "outputs"), STAGES.values(), ids=STAGES)
async def test_each_client_that_leaves_is_told_once(
    house: Any, upstream: Any, events: Any, path: str, stream: bool, script: Any, outputs: int
) -> None:
    upstream.script(script)
    wire = await house.wire()
    await wire.send("POST", path, orjson.dumps({"model": "gpt-5", "stream": stream, **DIALECTS[path]}))
    [request] = await upstream.wait_for_requests(1)
    async with asyncio.timeout(30):
        while request.sent < len(script.body):  # noqa: ASYNC110  # bytes sent set no event
            await asyncio.sleep(0.001)
    wire.leave()
    await request.wait_closed()

    record = await settled(house, events, 1, None)
    assert (record.status, record.error, record.streaming) == (499, "client_gone", stream)
    assert record.outputs <= outputs


@pytest.mark.parametrize("path", DIALECTS)
async def test_each_attempt_has_its_own(serve: Any, upstream: Any, second: Any, events: Any, path: str) -> None:
    house = await serve(upstream, second, config={"tps-log": True, "plugins": {"allow": ["tppc", "tps", "records"]}})
    upstream.default = http_error(500)

    answered = await house.client.post(path, json={"model": "gpt-5", **DIALECTS[path]})

    assert answered.status_code == 200
    record = await settled(house, events, 2, None)
    assert [attempt.provider for attempt in house.records.of("attempt")] == ["fox", "owl"]
    assert (record.provider, [event["provider"] for event in events]) == ("owl", ["owl"])


@pytest.mark.parametrize("path", DIALECTS)
async def test_what_reaches_nobody_is_told_too(serve: Any, events: Any, path: str) -> None:
    house = await serve(
        closed_url(), config={"tps-log": True, "request-retry": 0, "plugins": {"allow": ["tppc", "tps", "records"]}}
    )
    answered = await house.client.post(path, json={"model": "gpt-5", **DIALECTS[path]})
    assert (await settled(house, events, 1, 0)).status == answered.status_code == 502

    await house.client.post(path, json={"model": "no-such-model", **DIALECTS[path]})
    assert (await house.records.request(2)).attempt == 0
    await house.client.post(path, content=b"{")
    assert (await house.records.request(3)).attempt == 0
    assert (len(house.records.of("attempt")), events) == (1, [])
