"""U1: answers in a content coding are unpacked in bounded steps, in whichever way they come."""

import gzip
import tracemalloc
import zlib

import brotli
import orjson
import pytest
from jackfield.model.errors import Kind, UpstreamError
from jackfield.net.codings import zstd
from jackfield.testing import FakeUpstream, Script, Send, reply, text_answer
from jackfield.upstream import ResponsesStream, UpstreamClient
from jackfield.upstream.transport import Timeouts

PACK = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
MUCH = 64 * 1024 * 1024


@pytest.fixture
async def upstream():
    async with FakeUpstream() as upstream:
        yield upstream


@pytest.fixture
async def client():
    client = UpstreamClient(Timeouts(connect=5, first_byte=20, idle=20))
    yield client
    await client.aclose()


async def opened(client, upstream):
    return await client.post(f"{upstream.base_url}/responses", {}, b"{}")


async def events(client, upstream):
    stream = ResponsesStream(await opened(client, upstream))
    try:
        return [event.type async for batch in stream for event in batch]
    finally:
        await stream.aclose()


@pytest.mark.parametrize("coding", PACK)
@pytest.mark.parametrize("size", [1, 100_000])
async def test_a_stream_in_one_coding_is_read(client, upstream, coding, size):
    script = text_answer()
    body = Script((Send(PACK[coding](script.body)),), headers={"content-encoding": coding})
    upstream.script(body.rechunked(size))
    assert await events(client, upstream) == [event["type"] for event in script.events]


@pytest.mark.parametrize("coding", PACK)
async def test_so_is_a_json_document(client, upstream, coding):
    document = orjson.dumps(text_answer().events[-1]["response"])
    upstream.script(reply(PACK[coding](document), 200, "application/json", content_encoding=coding))
    assert (await events(client, upstream))[-1] == "response.completed"


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("size", [1, 100_000])
async def test_one_that_is_not_declared_is_seen_by_its_beginning(client, upstream, coding, size):
    script = text_answer()
    if coding == "zstd" and size == 1:
        pytest.skip("its beginning could be text until four bytes of it are there")
    upstream.script(Script((Send(PACK[coding](script.body)),)).rechunked(size))
    assert await events(client, upstream) == [event["type"] for event in script.events]


@pytest.mark.parametrize(
    ("header", "words"),
    [("gzip, gzip, gzip", r"3 content codings \(gzip, gzip, gzip\)"), ("br, gzip", "2 content codings"),
     ("lzma", "'lzma'"), ("compress", "known are gzip")],
)  # fmt: skip
async def test_several_and_unknown_codings_are_named(client, upstream, header, words):
    upstream.script(reply(b"x", 200, content_encoding=header))
    with pytest.raises(UpstreamError, match=words) as caught:
        await events(client, upstream)
    assert caught.value.kind is Kind.UPSTREAM_ERROR
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
async def test_a_cut_frame_is_a_cut_answer(client, upstream, coding):
    packed = PACK[coding](text_answer().body)
    upstream.script(Script((Send(packed[:-5]),), headers={"content-encoding": coding}))
    with pytest.raises(UpstreamError, match="cut") as caught:
        await events(client, upstream)
    assert caught.value.kind is Kind.STREAM_CUT


BOMBS = {"one line": b"data: ", "JSON": b'{"output":["'}


async def peak(asked):
    tracemalloc.start()
    try:
        await asked
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return most


async def read_to_its_end(client, upstream):
    with pytest.raises(UpstreamError) as caught:
        await events(client, upstream)
    assert caught.value.kind in (Kind.UPSTREAM_ERROR, Kind.STREAM_CUT)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("start", BOMBS.values(), ids=BOMBS)
async def test_a_bomb_costs_little(client, upstream, coding, start):
    packed = PACK[coding](start + b"x" * MUCH)
    upstream.script(reply(packed, 200, content_encoding=coding))
    assert await peak(read_to_its_end(client, upstream)) < MUCH


@pytest.mark.parametrize("status", [200, 500])
async def test_a_bomb_in_a_body_that_is_read_whole_stops_at_the_limit(client, upstream, status):
    """Error bodies, and what a token endpoint answers."""
    packed = gzip.compress(b"x" * MUCH)
    upstream.script(reply(packed, status, content_encoding="gzip"), reply(packed, status, content_encoding="gzip"))

    async def both():
        assert len(await (await opened(client, upstream)).complaint()) == 256 * 1024
        assert len(await (await opened(client, upstream)).body()) == 256 * 1024

    assert await peak(both()) < 8 * 1024 * 1024


async def test_an_error_in_codings_that_are_not_read_keeps_its_status(client, upstream):
    upstream.script(reply(b"x", 429, content_encoding="gzip, gzip"))
    response = await opened(client, upstream)
    assert (response.status, await response.complaint()) == (429, b"")


async def test_json_of_many_small_containers_is_refused(client, upstream):
    upstream.script(reply(b'{"output":[' + b"[]," * 700_000 + b"[]]}", 200))
    with pytest.raises(UpstreamError, match="too large"):
        await events(client, upstream)
