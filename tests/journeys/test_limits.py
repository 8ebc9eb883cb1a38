"""What a request may be: sizes, times, how many at once."""

import asyncio

import orjson
import pytest
from jackfield.testing import Pause, hang, text_answer

SMALL = {"limits": {"max-body-bytes": 1000, "body-timeout": 0.1}}


def body_of(size):
    """Return a valid request of exactly so many bytes."""
    bare = len(orjson.dumps({"model": "gpt-5", "input": ""}))
    return orjson.dumps({"model": "gpt-5", "input": "x" * (size - bare)})


@pytest.fixture
async def small(serve, upstream):
    return await serve(upstream, config=SMALL)


async def test_a_body_of_just_the_limit_is_served(small):
    assert (await small.client.post("/v1/responses", content=body_of(1000))).status_code == 200


async def chunks(body):
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("size", [1001, 20_000_000])
async def test_a_larger_one_is_413_and_says_how_large_it_may_be(small, upstream, chunked, size):
    if chunked and size > 10_000:
        size = 100_000  # in pieces of 100
    body = body_of(size)
    answered = await small.client.post("/v1/responses", content=chunks(body) if chunked else body)
    assert answered.status_code == 413
    error = answered.json()["error"]
    assert (error["type"], set(error)) == ("invalid_request_error", {"message", "type", "param", "code"})
    assert "1000 bytes" in error["message"]
    assert "max-body-bytes" in error["message"]
    assert upstream.requests == []
    assert (await small.records.request()).error == "too_large"


async def test_a_length_beyond_the_limit_is_refused_before_the_body_comes(small):
    wire = await small.wire()
    await wire.send("POST", "/v1/responses", b"", "content-length: 1000000000", length=False)
    assert (await wire.answer()).status_code == 413


async def test_a_client_that_waits_for_the_go_ahead_gets_it_and_its_answer(small):
    wire = await small.wire()
    body = body_of(500)
    await wire.send("POST", "/v1/responses", b"", "expect: 100-continue", f"content-length: {len(body)}", length=False)
    assert (await wire.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    wire.writer.write(body)
    assert (await wire.answer()).status_code == 200


async def test_a_large_body_with_a_wrong_key_is_told_so(serve, upstream):
    house = await serve(upstream, config={"api-keys": ["client-key-0123456789abcdef"]})
    answered = await house.client.post("/v1/responses", content=body_of(20_000_000))
    assert answered.status_code == 401


async def test_a_body_that_does_not_come_is_408(small, upstream):
    wire = await small.wire()
    await wire.send("POST", "/v1/responses", b'{"model"', "content-length: 100", length=False)
    answered = await wire.answer()
    assert answered.status_code == 408
    assert "body-timeout" in answered.json()["error"]["message"]
    assert (await small.records.request()).error == "request_timeout"
    assert upstream.requests == []
    assert await wire.reader.read() == b""  # and the connection is closed


async def test_further_requests_than_allowed_are_503_with_a_wait(serve, upstream):
    house = await serve(upstream, config={"limits": {"max-streams": 2}})
    upstream.script(hang(), text_answer().after(5, Pause()))
    first, second = await house.wire(), await house.wire()
    await first.ask(stream=False)
    await second.ask()
    await upstream.wait_for_requests(2)
    refused = await house.stream()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert "max-streams" in refused.json()["error"]["message"]
    assert len(upstream.requests) == 2
    first.leave()
    await house.records.request(2)
    assert (await house.stream()).status_code == 200


async def test_zero_is_no_limit(serve, upstream):
    house = await serve(upstream, config={"limits": {"max-streams": 0}})
    answers = await asyncio.gather(*(house.post() for _ in range(20)))
    assert {answered.status_code for answered in answers} == {200}


async def test_refused_requests_do_not_count(serve, upstream):
    house = await serve(upstream, config={"limits": {"max-streams": 1}})
    for _ in range(3):
        assert (await house.post(model="nobody")).status_code == 404
    assert (await house.post()).status_code == 200


NONSENSE = {
    "deep": b'{"model":"gpt-5","input":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "deep and legal": b'{"model":"gpt-5","input":[{"a":' + b"[" * 300 + b"]" * 300 + b"}]}",
    "huge number": b'{"model":"gpt-5","input":"Hi","n":1e999}',
    "long number": b'{"model":"gpt-5","input":"Hi","n":' + b"9" * 5000 + b"}",
    "NaN": b'{"model":"gpt-5","input":"Hi","n":NaN}',
    "cut character": b'{"model":"gpt-5","input":"\xe5\xaf"}',
    "lone surrogate": rb'{"model":"gpt-5","input":"\ud800"}',
    "twice the same key": b'{"model":"x","model":"gpt-5","input":"Hi"}',
    "latin-1": '{"model":"gpt-5","input":"grüße"}'.encode("latin-1"),
    "utf-16": '{"model":"gpt-5","input":"Hi"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"model":"gpt-5","input":"Hi"}',
    "zero bytes": b"\x00" * 100,
    "control character": b'{"model":"gpt-5","input":"a\x01b"}',
    "wrong kinds": b'{"model":"gpt-5","input":[{"type":5,"role":{},"content":7,"id":[]}],"include":7,"tools":"x",'
    b'"reasoning":[],"instructions":{},"prompt_cache_key":3}',
    "kinds that are no words": b'{"model":"gpt-5","input":[{"type":[],"role":[]},{"type":{}}],'
    b'"previous_response_id":"x","stream":null}',
    "kinds without a store": b'{"model":"gpt-5","input":[{"type":[],"role":[]},{"type":{}}]}',
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
async def test_no_body_is_a_fault_of_ours(house, body):
    answered = await house.client.post("/v1/responses", content=body)
    assert answered.status_code in (200, 400)
    assert answered.status_code == 200 or answered.json()["error"]["type"] == "invalid_request_error"
