"""C5: once a stream's headers are out bytes keep coming, whatever its upstream does or does not do."""

import asyncio

import orjson
import pytest
from jackfield.app import dialects
from jackfield.dialects.base import Parsed
from jackfield.edge import keepalive, streaming
from jackfield.model.errors import Kind, Unavailable
from jackfield.testing import (
    Delay,
    Hang,
    Reasoning,
    Send,
    Text,
    answer,
    hang,
    json_reply,
    read_sse,
    text_answer,
    tool_call,
)

from .test_bodies import ROUTES

PATHS = [path for path in ROUTES if "count" not in path]
PING = {"/v1/responses": b": ping\n\n", "/v1/chat/completions": b": ping\n\n", "/v1/messages": b"event: ping\n"}
HOLD = 0.2


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    """Let a tenth of a second be ten."""
    monkeypatch.setattr(keepalive, "PERIOD", 0.1)
    monkeypatch.setattr(streaming, "SHORTEST", 0.05)


def held(**more):
    return {"limits": {"handshake-hold": HOLD, **more}}


async def stream(house, path, until):
    """Ask for a stream and return its status and what comes until `until` is in it."""
    body = {**ROUTES[path], "stream": True}
    async with house.client.stream("POST", path, json=body) as answered:
        got = b""
        async for piece in answered.aiter_raw():
            got += piece
            if until(got):
                break
        return answered, got


QUIET = {
    "nothing but an opening": text_answer().cut(2, Hang()),
    "reasoning without a summary": answer(Reasoning([]), Text("Hi")).cut(3, Hang()),
    "nothing but comments": text_answer().cut(0, Send(b": on it\n\n"), Delay(0.05), Send(b": on it\n\n"), Hang()),
    "headers alone": text_answer().cut(0, Hang()),
    "not even headers": hang(),
    "text, then nothing": text_answer("Hello there", deltas=2).cut(6, Hang()),
    "half of a call's arguments": tool_call("read", {"path": "x" * 40}, deltas=5).cut(5, Hang()),
}


@pytest.mark.parametrize("script", QUIET.values(), ids=QUIET)
@pytest.mark.parametrize("path", PATHS)
async def test_pings_come_while_the_upstream_is_silent(serve, upstream, path, script):
    house = await serve(upstream, config=held())
    upstream.script(script)
    answered, got = await stream(house, path, lambda got: got.count(PING[path]) >= 4)
    assert answered.status_code == 200
    assert answered.headers["content-type"].startswith("text/event-stream")
    assert got.count(PING[path]) >= 4


@pytest.mark.parametrize("path", PATHS)
async def test_a_hold_of_nothing_keeps_the_client_alive_too(serve, upstream, path):
    house = await serve(upstream, config=held(**{"handshake-hold": 0}))
    upstream.script(hang())
    answered, _ = await stream(house, path, lambda got: got.count(PING[path]) >= 3)
    assert answered.status_code == 200


async def test_a_message_starts_with_the_headers_and_only_once(serve, upstream):
    house = await serve(upstream, config=held())
    upstream.script(text_answer("Hello").paced(0.15))
    _, got = await stream(house, "/v1/messages", lambda got: b"message_stop" in got)
    kinds = [event.event for event in read_sse(got)]
    assert kinds[:2] == ["message_start", "ping"]
    assert kinds.count("message_start") == 1
    assert kinds[-1] == "message_stop"


async def test_events_stay_byte_for_byte_among_the_pings(serve, upstream):
    house = await serve(upstream, config=held())
    script = text_answer("Hello there", deltas=3)
    upstream.script(script.paced(0.15))
    _, got = await stream(house, "/v1/responses", lambda got: b"response.completed" in got)
    assert b": ping\n\n" in got
    assert got.replace(b": ping\n\n", b"") == script.body


async def test_an_answer_in_time_has_no_ping(house, upstream):
    script = text_answer("Hello")
    upstream.script(script)
    assert (await house.stream()).content == script.body


@pytest.mark.parametrize("path", PATHS)
async def test_the_search_goes_on_behind_the_headers(serve, upstream, second, path):
    house = await serve(upstream, second, config=held(**{"first-byte-timeout": 0.6}))
    upstream.script(hang())
    second.script(text_answer("owlish", deltas=0))
    answered, got = await stream(house, path, lambda got: b"[DONE]" in got or b"completed" in got or b"_stop\n" in got)
    assert answered.status_code == 200
    assert b"owlish" in got
    assert got.count(PING[path]) >= 2
    assert b"error" not in got.replace(b'"error":null', b"")


REFUSALS = {"/v1/responses": b"response.failed", "/v1/chat/completions": b'"error"', "/v1/messages": b"event: error"}


@pytest.mark.parametrize("path", PATHS)
async def test_a_failure_after_the_headers_is_told_in_the_stream(serve, upstream, path):
    house = await serve(upstream, config=held(**{"first-byte-timeout": 0.6}))
    upstream.default = hang()
    body = {**ROUTES[path], "stream": True}
    answered = await house.client.post(path, json=body)
    assert answered.status_code == 200
    assert REFUSALS[path] in answered.content
    assert b"[DONE]" not in answered.content
    record = await house.records.request()
    assert (record.status, record.error) == (200, "timeout")


async def test_a_failure_before_them_is_a_status(serve, upstream):
    house = await serve(upstream, config=held())
    upstream.default = json_reply({"error": {"message": "no"}}, 500)
    assert (await house.stream()).status_code in (500, 502)


async def test_to_a_client_that_does_not_read_pings_do_not_queue():
    class Stuck:
        last_write, writing, sent = -1000.0, False, 0

        async def write(self, data):
            self.sent += 1
            await asyncio.sleep(60)

    stuck = Stuck()
    beating = keepalive.Heartbeat(stuck, lambda: b": ping\n\n", 0.01)
    await asyncio.sleep(0.5)
    beating.stop()
    assert stuck.sent == 1


async def test_a_client_that_leaves_before_the_content_closes_the_upstream(serve, upstream):
    house = await serve(upstream, config=held())
    upstream.script(hang())
    async with house.open() as answered:
        assert answered.status_code == 200
        await upstream.wait_for_connections(1)
    await upstream.wait_for_connections(0)
    assert (await house.records.request()).error == "client_gone"


def test_every_failure_that_a_stream_ends_with_can_be_read():
    for path, dialect in dialects().items():
        parsed = dialect.parse(orjson.dumps({**ROUTES[path], "stream": True}), {})
        told = dialect.writer(Parsed("m", True, {}, "", parsed.context)).abort(Unavailable(Kind.UNAVAILABLE, "Nobody"))
        event = read_sse(told)[-1]  # behind an opening, where the dialect needs one
        assert "Nobody" in str(event.data)
