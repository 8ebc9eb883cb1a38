"""C7: an open stream keeps no copy of its request, parsed or written, once nobody can have to send it again."""

import asyncio
import gc
import tracemalloc

import orjson
import pytest
from jackfield.edge import streaming
from jackfield.routing import handshake
from jackfield.testing import text_answer

STREAMS = 8
LARGEST = 40_000
"""Bytes that an open stream may hold."""
ENDS = 30_000
"""Bytes that its client and its upstream take beside it, which live in this process too."""

TOOLS = [
    {"name": f"tool_{n}", "description": "What it does. " * 60, "input_schema": {"type": "object", "properties": {
        f"field_{m}": {"type": "string", "description": "A field of it. " * 4} for m in range(8)}}}
    for n in range(24)
]  # fmt: skip


def agents_request():
    """Return a Messages request as an agent sends it: 24 tools, 60 rounds, about 187 KB."""
    messages = [{"role": "user", "content": "Do it, please."}]
    for n in range(60):
        call = {"type": "tool_use", "id": f"toolu_{n}", "name": f"tool_{n % 24}", "input": {"field_1": "x" * 400}}
        result = {"type": "tool_result", "tool_use_id": f"toolu_{n}", "content": "line of a file\n" * 110}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return {"model": "gpt-5", "max_tokens": 1000, "stream": True, "tools": TOOLS, "messages": messages}


class Forgetful:
    """An upstream that reads requests and keeps nothing of them: what a test measures is the proxy's."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.asked = 0
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        self._open.add(writer)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        left = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while left:
            left -= len(await reader.read(min(left, 65536)))
        self.asked += 1
        writer.write(self.answer)
        await writer.drain()
        if b"connection: close" in self.answer:
            self._open.discard(writer)
            writer.close()


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def begun(events):
    """Return the first events of an answer that goes no further, as they go over the wire."""
    body = text_answer("Hello there", deltas=2).cut(events).body
    return HEAD + (b"%x\r\n%s\r\n" % (len(body), body) if body else b"")


async def open_one(house, path, body, mark):
    wire = await house.wire()
    await wire.send("POST", path, body)
    await wire.until(mark)


async def held(house, path, body, mark):
    """Open streams, wait until each has got `mark`, and return the bytes that each of them holds."""
    for _ in range(3):  # what is made once: caches, code that was not run before
        await open_one(house, path, body, mark)
    gc.collect()
    gc.disable()  # what only the collector would find is held: on a busy server it seldom looks at what is old
    tracemalloc.start()
    try:
        await asyncio.gather(*(open_one(house, path, body, mark) for _ in range(STREAMS)))
        await asyncio.sleep(0.1)
        return tracemalloc.get_traced_memory()[0] / STREAMS
    finally:
        tracemalloc.stop()
        gc.enable()


BODY = orjson.dumps(agents_request())
TURNS = [{"role": "user", "content": "Hi"}, *[{"role": "assistant", "content": "So it is. " * 300}] * 60]
CHAT = orjson.dumps({"model": "gpt-5", "stream": True, "messages": TURNS})
RESPONSES = orjson.dumps({"model": "gpt-5", "stream": True, "input": TURNS})
BODIES = {"/v1/messages": BODY, "/v1/chat/completions": CHAT, "/v1/responses": RESPONSES}


def test_the_request_is_as_large_as_is_said():
    assert 170_000 < len(BODY) < 200_000


@pytest.mark.parametrize("path", BODIES)
async def test_after_the_first_content_the_request_is_gone(serve, path):
    async with Forgetful(begun(6)) as upstream:
        house = await serve(upstream.base_url)
        assert await held(house, path, BODIES[path], b"ello") < LARGEST + ENDS


async def test_after_the_hold_it_is_gone_where_nobody_else_can_serve(serve, monkeypatch):
    monkeypatch.setattr(streaming, "SHORTEST", 0.05)
    async with Forgetful(HEAD) as upstream:
        house = await serve(upstream.base_url, config={"limits": {"handshake-hold": 0.05}})
        assert await held(house, "/v1/messages", BODY, b"event: ping") < LARGEST + ENDS


async def test_after_the_hold_it_is_gone_once_an_upstream_has_begun(serve):
    async with Forgetful(begun(2)) as upstream, Forgetful(b"") as other:
        house = await serve(upstream.base_url, other.base_url, config={"limits": {"handshake-hold": 0.05}})
        assert await held(house, "/v1/messages", BODY, b"200 OK") < LARGEST + ENDS


async def test_after_the_hold_it_is_gone_though_the_upstream_says_nothing_at_all(serve, monkeypatch):
    monkeypatch.setattr(streaming, "SHORTEST", 0.05)
    monkeypatch.setattr(handshake, "SETTLED", 0.1)
    async with Forgetful(b"") as upstream:
        house = await serve(upstream.base_url, config={"limits": {"handshake-hold": 0.2}})
        assert await held(house, "/v1/messages", BODY, b"event: ping") < LARGEST + ENDS


async def test_an_attempt_that_failed_keeps_nothing_either(serve):
    async with (
        Forgetful(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\nconnection: close\r\n\r\n") as upstream,
        Forgetful(begun(6)) as second,
    ):
        house = await serve(upstream.base_url, second.base_url)
        assert await held(house, "/v1/messages", BODY, b"ello") < LARGEST + ENDS
        assert second.asked >= STREAMS
