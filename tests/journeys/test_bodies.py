"""C4, C6, C10: what a request's body may be packed in, may cost, and may hold, on every route that takes one."""

import gzip
import sys
import threading
import zlib

import brotli
import orjson
import pytest
from jackfield.dialects.translate import reading
from jackfield.model.background import LARGE
from jackfield.net.codings import zstd
from jackfield.responses import json_pieces as in_pieces

MESSAGES = {"model": "gpt-5", "max_tokens": 10, "messages": [{"role": "user", "content": "Hi"}]}
ROUTES = {
    "/v1/responses": {"model": "gpt-5", "input": "Hi"},
    "/v1/chat/completions": {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}]},
    "/v1/messages": MESSAGES,
    "/v1/messages/count_tokens": MESSAGES,
}
CODINGS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}


async def pieces(body, size=7):
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("coding", [*CODINGS, "GZIP", "x-gzip", "identity, gzip"])
@pytest.mark.parametrize("path", ROUTES)
async def test_a_packed_body_is_unpacked(house, path, coding):
    pack = CODINGS.get(coding, gzip.compress)
    answered = await house.client.post(
        path, content=pack(orjson.dumps(ROUTES[path])), headers={"content-encoding": coding}
    )
    assert answered.status_code == 200, answered.text


@pytest.mark.parametrize("path", ROUTES)
async def test_a_packed_body_may_come_in_chunks(house, path):
    body = pieces(zstd.compress(orjson.dumps(ROUTES[path])))
    assert (await house.client.post(path, content=body, headers={"content-encoding": "zstd"})).status_code == 200


@pytest.mark.parametrize("path", ROUTES)
async def test_a_body_packed_twice_is_unpacked_from_the_outside_in(house, path):
    body = zstd.compress(gzip.compress(orjson.dumps(ROUTES[path])))
    answered = await house.client.post(path, content=body, headers={"content-encoding": "gzip, zstd"})
    assert answered.status_code == 200


@pytest.mark.parametrize("path", ROUTES)
async def test_two_header_lines_are_one_list_of_codings(house, path):
    body = zstd.compress(gzip.compress(orjson.dumps(ROUTES[path])))
    lines = [("content-encoding", "gzip"), ("content-encoding", "zstd")]
    assert (await house.client.post(path, content=body, headers=lines)).status_code == 200


@pytest.mark.parametrize("path", ROUTES)
async def test_codings_in_many_header_lines_are_counted_before_any_is_undone(house, path):
    lines = [("content-encoding", "gzip")] * 3
    answered = await house.client.post(path, content=gzip.compress(b"{}"), headers=lines)
    assert answered.status_code == 415
    assert "3 content codings" in answered.json()["error"]["message"]


async def test_the_upstream_gets_it_plain(house, upstream):
    body = zstd.compress(orjson.dumps({"model": "gpt-5", "input": "packed words"}))
    await house.client.post("/v1/responses", content=body, headers={"content-encoding": "zstd"})
    assert b"packed words" in upstream.last.body
    assert "content-encoding" not in upstream.last.headers


REFUSED = {
    "unknown": ("lzma", b"{}", 415, "lzma"),
    "three of them": ("gzip, gzip, gzip", gzip.compress(b"{}"), 415, "3 content codings"),
    "over plain JSON": ("gzip", b'{"model":"gpt-5","input":"Hi"}', 400, "gzip"),
    "cut": ("zstd", zstd.compress(b'{"model":"gpt-5","input":"Hi"}')[:-3], 400, "zstd"),
    "damaged": ("br", b"\xff" * 40, 400, "br"),
    "junk behind": ("deflate", zlib.compress(b"{}") + b"junk", 400, "deflate"),
}


@pytest.mark.parametrize(("coding", "body", "status", "word"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("path", ROUTES)
async def test_what_cannot_be_unpacked_is_told(house, upstream, path, coding, body, status, word):
    answered = await house.client.post(path, content=body, headers={"content-encoding": coding})
    assert answered.status_code == status
    assert answered.json()["error"]["type"] == "invalid_request_error"
    assert word in answered.json()["error"]["message"]
    assert ("zstd" in answered.headers.get("accept-encoding", "")) == (status == 415)
    assert upstream.requests == []


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("path", ROUTES)
async def test_a_bomb_is_too_large(serve, upstream, path, coding):
    house = await serve(upstream, config={"limits": {"max-body-bytes": 100_000}})
    bomb = CODINGS[coding](b'{"model":"' + b"x" * 20_000_000 + b'"}')
    answered = await house.client.post(path, content=bomb[:99_000], headers={"content-encoding": coding})
    assert answered.status_code == 413
    assert "100000 bytes" in answered.json()["error"]["message"]


HALVES = {
    "/v1/responses": rb'{"model":"gpt-5","input":[{"role":"user","content":[{"type":"input_text","text":"cut \ud83d"},'
    rb'{"type":"input_text","text":"\ude00 on"}]}]}',
    "/v1/chat/completions": rb'{"model":"gpt-5","messages":[{"role":"user","content":"Hi"},{"role":"assistant",'
    rb'"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{\"a\":\"cut \\ud83d\"}"}}]},'
    rb'{"role":"tool","tool_call_id":"c","content":"cut \ud83d"}]}',
    "/v1/messages": rb'{"model":"gpt-5","max_tokens":9,"messages":[{"role":"user","content":"cut \ud83d"},'
    rb'{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"\udc00":"\ud83d"}}]},'
    rb'{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"cut \ud83d"}]}]}',
    "/v1/messages/count_tokens": rb'{"model":"gpt-5","messages":[{"role":"user","content":"cut \ud83d"}]}',
}


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
@pytest.mark.parametrize("path", HALVES)
async def test_half_a_character_goes_up_as_its_replacement(house, upstream, path, start):
    answered = await house.client.post(path, content=start + HALVES[path])
    assert answered.status_code == 200, answered.text
    for request in upstream.requests:
        assert "\ufffd" in request.body.decode()
        assert orjson.loads(request.body)
        assert "_raw" not in request.body.decode()


class Work:
    """Where the proxy reads, writes and measures what is large: who held up the event loop, and who did not."""

    def __init__(self, monkeypatch):
        self.on_the_loop, self.aside = [], []
        self._loop = threading.get_ident()
        for module, name in ((orjson, "loads"), (orjson, "dumps"), (reading, "measure")):
            monkeypatch.setattr(module, name, self._noted(getattr(module, name)))

    def _noted(self, function):
        def noted(value, *arguments, **options):
            found = function(value, *arguments, **options)
            caller = sys._getframe(1).f_globals["__name__"]
            is_ours = caller.startswith("jackfield") and not caller.startswith("jackfield.testing")
            size = max(len(each) for each in (value, found, b"") if isinstance(each, bytes | str))
            if is_ours and size >= LARGE:
                on_the_loop = threading.get_ident() == self._loop
                (self.on_the_loop if on_the_loop else self.aside).append(f"{function.__name__} of {caller}")
            return found

        return noted


@pytest.fixture
def work(monkeypatch):
    return Work(monkeypatch)


COSTLY = {
    "lists": b"[],",
    "objects": b'{"a":1},',
    "numbers": b"1,",
    "deep and wide": b"[" * 20 + b"]" * 20 + b",",
}


@pytest.mark.parametrize("piece", COSTLY.values(), ids=COSTLY)
@pytest.mark.parametrize("path", ROUTES)
async def test_many_small_parts_are_refused_and_hold_nobody_up(house, work, path, piece):
    body = orjson.dumps(ROUTES[path])[:-1] + b',"x":[' + piece * (3_000_000 // len(piece)) + b"0]}"
    answered = await house.client.post(path, content=body, timeout=30)
    assert answered.status_code == 413
    assert "brackets and commas" in answered.json()["error"]["message"]
    assert work.aside
    assert not work.on_the_loop


async def test_many_keys_are_refused(house):
    keys = b",".join(b'"%d":0' % number for number in range(1_000_001))
    answered = await house.client.post("/v1/responses", content=b'{"model":"gpt-5","input":"Hi","x":{' + keys + b"}}")
    assert answered.status_code == 413


async def test_different_keys_within_the_limit_are_read_piece_by_piece(house, upstream, monkeypatch):
    """The 100 ms rule: no call of the parser gets more than two megabytes, in which keys alone take some 50 ms."""
    keys = b",".join(b'"key %d":0' % number for number in range(400_000))
    body = b'{"model":"gpt-5","input":"Hi","x":{' + keys + b'},"y":["cut \\ud83d"]}'
    read, loads = [], orjson.loads

    def noted(data):
        if not sys._getframe(1).f_globals["__name__"].startswith("jackfield.testing"):
            read.append(len(data))
        return loads(data)

    monkeypatch.setattr(orjson, "loads", noted)
    answered = await house.client.post("/v1/responses", content=body, timeout=30)
    monkeypatch.undo()
    assert answered.status_code == 200
    assert max(read) < 2 * 1024 * 1024
    sent = upstream.last.json()
    assert (len(sent["x"]), sent["y"]) == (400_000, ["cut \ufffd"])


@pytest.mark.parametrize("path", ROUTES)
async def test_a_text_that_is_too_long_for_one_call_is_refused_by_its_name(house, upstream, path, monkeypatch):
    monkeypatch.setattr(in_pieces, "LONGEST_TEXT", 1_000_000)
    body = orjson.dumps({**ROUTES[path], "x": "a" * 4_000_000})
    answered = await house.client.post(path, content=body)
    assert answered.status_code == 413
    assert "too long a text" in answered.json()["error"]["message"]
    assert not upstream.requests


async def test_an_agents_long_conversation_with_pictures_goes_up_as_it_came(house, upstream):
    """Read and written in pieces, which nobody sees."""
    picture = {"type": "input_image", "image_url": "data:image/png;base64," + "iVBORw0K" * 1_250_000}
    said = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": f"说 {n} 😀"}]}
        for n in range(4000)
    ]
    asked = {"model": "gpt-5", "input": [*said, {"type": "message", "role": "user", "content": [picture] * 2}]}
    answered = await house.client.post("/v1/responses", content=orjson.dumps(asked), timeout=30)
    assert answered.status_code == 200
    assert upstream.last.json()["input"] == asked["input"]


async def test_thirty_megabytes_of_text_pass(house, upstream, work):
    text = "plain text [with, marks] {in, it} " * 900_000
    body = orjson.dumps({"model": "gpt-5", "input": text})
    answered = await house.client.post("/v1/responses", content=body, timeout=30)
    assert answered.status_code == 200
    assert len(upstream.last.body) > 30_000_000
    assert work.aside
    assert not work.on_the_loop


async def test_a_long_history_in_backward_order_holds_nobody_up(house, work):
    """C3."""
    arguments = orjson.dumps({"path": "x" * 40}).decode()
    calls = [{"id": f"call_{n}", "function": {"name": "read", "arguments": arguments}} for n in range(16_000)]
    results = [{"role": "tool", "tool_call_id": f"call_{n}", "content": "ok"} for n in reversed(range(16_000))]
    history = [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": calls}, *results]
    asked = {"model": "gpt-5", "messages": history}
    answered = await house.client.post("/v1/chat/completions", json=asked, timeout=30)
    assert answered.status_code == 200
    assert work.aside
    assert not work.on_the_loop
