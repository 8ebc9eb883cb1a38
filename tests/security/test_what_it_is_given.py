"""Lines 13 to 15 of docs/security.md: sizes, times and nonsense. Requests that are no HTTP are in test_malformed.py."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import orjson
import pytest
from jackfield.testing import FakeUpstream, Hang, Head, Pause, Script, Send, closed_url, hang, play, text_answer

MESSAGES = [{"role": "user", "content": "Hi"}]
DIALECTS: dict[str, dict[str, Any]] = {
    "/v1/responses": {"model": "gpt-5", "input": "Hi"},
    "/v1/chat/completions": {"model": "gpt-5", "messages": MESSAGES},
    "/v1/messages": {"model": "gpt-5", "max_tokens": 50, "messages": MESSAGES},
}
ROUTES = [*DIALECTS, "/v1/messages/count_tokens"]


def error_of(answer: Any) -> dict[str, Any]:
    assert answer.headers["content-type"].startswith("application/json")
    found: dict[str, Any] = answer.json()["error"]
    assert found["message"]
    return found


# -- 13


@pytest.mark.parametrize("path", ROUTES)
async def test_13_a_body_too_large_is_413(proxy: Any, fox: FakeUpstream, path: str) -> None:
    house = await proxy(fox, limits={"max-body-bytes": 2000})
    answer = await house.post(path, content=b'{"x":"' + b"a" * 3000 + b'"}')
    assert answer.status_code == 413
    assert "max-body-bytes" in error_of(answer)["message"]
    assert fox.requests == []


TOO_MANY = 1_000_000
"""Brackets beyond which a document is not even parsed."""


@pytest.mark.parametrize("depth", [200, 5_000, 100_000, TOO_MANY])
@pytest.mark.parametrize("shape", [(b"[", b"]"), (b'{"a":', b"}")], ids=["lists", "objects"])
async def test_13_depth_is_bounded(proxy: Any, fox: FakeUpstream, depth: int, shape: tuple[bytes, bytes]) -> None:
    house = await proxy(fox)
    start, end = shape
    nest = start * depth + b"1" + end * depth
    for path in ROUTES:
        body = orjson.dumps(DIALECTS.get(path, DIALECTS["/v1/messages"]))[:-1] + b',"metadata":' + nest + b"}"
        answer = await house.post(path, content=body)
        right = {200, 400} if depth <= 200 else {413} if depth >= TOO_MANY else {400}
        assert answer.status_code in right, (path, answer.status_code)
    assert (await house.post()).status_code == 200


@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize("stream", [True, False])
async def test_13_one_event_of_an_upstream_is_bounded(proxy: Any, fox: FakeUpstream, path: str, stream: bool) -> None:
    house = await proxy(fox, limits={"max-event-bytes": 10_000}, request_retry=0)
    fox.default = play([{"type": "response.created", "response": {"id": "r", "padding": "x" * 20_000}}])

    answer = await house.post(path, json={**DIALECTS[path], "stream": stream})

    assert answer.status_code == 502
    assert "10000" in error_of(answer)["message"]


async def test_13_an_event_that_does_not_end_is_cut_off(proxy: Any, fox: FakeUpstream) -> None:
    house = await proxy(fox, limits={"max-event-bytes": 10_000}, request_retry=0)
    fox.default = Script((Head(), *(Send(b"data: " + b"x" * 1000) for _ in range(100)), Hang()))

    answer = await house.post(json={**DIALECTS["/v1/responses"], "stream": True})

    assert answer.status_code == 502
    await fox.last.wait_closed()


@pytest.mark.parametrize("path", DIALECTS)
async def test_13_an_answer_that_is_put_together_is_bounded(
    proxy: Any, fox: FakeUpstream, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """One that does not end would fill memory; streamed, it fills nothing."""
    monkeypatch.setattr("jackfield.edge.ingress.LONGEST_ANSWER", 50_000)
    house = await proxy(fox, request_retry=0)
    fox.default = text_answer("word " * 2_000)

    whole = await house.post(path, json=DIALECTS[path])
    streamed = await house.post(path, json={**DIALECTS[path], "stream": True})

    assert whole.status_code == 502
    assert "50000 bytes" in error_of(whole)["message"]
    assert streamed.status_code == 200
    assert "50000 bytes" not in streamed.text


async def test_13_an_upstreams_head_is_bounded(proxy: Any) -> None:
    sent = 0

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        try:
            for number in range(100_000):
                writer.write(b"x-%d: %b\r\n" % (number, b"a" * 1000))
                await writer.drain()
                sent = number
        except ConnectionError:
            pass
        writer.close()

    async with await asyncio.start_server(answering, "127.0.0.1", 0) as server:
        house = await proxy(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", request_retry=0)
        answer = await house.post()

    assert answer.status_code == 502
    assert "headers" in error_of(answer)["message"]
    assert sent < 50_000


@pytest.mark.parametrize("path", DIALECTS)
async def test_13_more_open_streams_than_allowed_are_503_with_a_wait(proxy: Any, fox: FakeUpstream, path: str) -> None:
    house = await proxy(fox, limits={"max-streams": 2})
    fox.default = text_answer().after(4, Pause())
    opened = [asyncio.create_task(house.post(path, json={**DIALECTS[path], "stream": True})) for _ in range(2)]
    requests = await fox.wait_for_requests(2)

    refused = await house.post(path, json=DIALECTS[path])
    for request in requests:
        await request.wait_paused()
        request.resume()
    served = [await answer for answer in opened]

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert "limits.max-streams" in error_of(refused)["message"]
    assert [answer.status_code for answer in served] == [200, 200]
    assert len(fox.requests) == 2


# -- 14, the upstream's side


async def test_14_a_connection_that_does_not_come_about(proxy: Any) -> None:
    """A listener whose queue is full: further connections are neither taken nor refused."""
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = full.getsockname()[1]
    waiting = []
    for _ in range(8):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
        waiting.append(one)
    try:
        house = await proxy(f"http://127.0.0.1:{port}/v1", limits={"connect-timeout": 0.3}, request_retry=0)
        answer = await house.post()
    finally:
        for each in (full, *waiting):
            each.close()

    assert answer.status_code == 502
    assert "0.3 s" in error_of(answer)["message"]


@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize("stream", [True, False])
async def test_14_no_first_byte_is_504(proxy: Any, fox: FakeUpstream, path: str, stream: bool) -> None:
    house = await proxy(fox, limits={"first-byte-timeout": 0.3}, request_retry=0)
    fox.default = hang()

    answer = await house.post(path, json={**DIALECTS[path], "stream": stream})

    assert answer.status_code == 504
    assert "0.3 s" in error_of(answer)["message"]
    await fox.last.wait_closed()


@pytest.mark.parametrize("path", DIALECTS)
async def test_14_a_stream_that_falls_silent_ends_with_an_error(proxy: Any, fox: FakeUpstream, path: str) -> None:
    house = await proxy(fox, limits={"stream-idle-timeout": 0.3})
    fox.default = text_answer("Hello").after(5, Hang())

    answer = await house.post(path, json={**DIALECTS[path], "stream": True})

    assert answer.status_code == 200
    assert "error" in answer.text
    assert "0.3 s" in answer.text
    assert "response.completed" not in answer.text
    await fox.last.wait_closed()


async def test_14_all_attempts_together_have_an_end(proxy: Any, fox: FakeUpstream, owl: FakeUpstream) -> None:
    house = await proxy(fox, owl, limits={"answer-timeout": 0.5})
    fox.default = owl.default = hang()
    answer = await house.post()
    assert answer.status_code == 504


PIECE = b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"%b"}\n\n' % (
    b"x" * 8000
)
PIECES = 8000


async def test_14_a_slow_reader_meets_back_pressure(proxy: Any, fox: FakeUpstream) -> None:
    """64 MB are on their way to a client that reads nothing: the upstream is stopped after a fraction of it."""
    house = await proxy(fox)
    opening = text_answer("x").steps
    fox.default = Script((*opening[:5], *(Send(PIECE) for _ in range(PIECES)), Hang()))
    body = orjson.dumps({"model": "gpt-5", "input": "Hi", "stream": True})

    _reader, writer = await asyncio.open_connection("127.0.0.1", house.port, limit=1)
    writer.write(b"POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    [request] = await fox.wait_for_requests(1)
    sent = -1
    while sent != request.sent:  # until nothing moves any more
        sent = request.sent
        await asyncio.sleep(0.5)

    assert 0 < sent < PIECES * len(PIECE) / 2
    writer.transport.abort()
    await request.wait_closed()


# -- 15

NUMBERS = ["1e999", "-1e999", "9" * 400, "1e-999", "NaN", "Infinity", "-0", "1.5", "99999999999999999999"]
FIELDS = {
    "/v1/responses": ["max_output_tokens", "temperature", "top_p", "parallel_tool_calls", "reasoning"],
    "/v1/chat/completions": ["max_tokens", "temperature", "top_p", "n", "seed", "presence_penalty", "logit_bias"],
    "/v1/messages": ["max_tokens", "temperature", "top_k", "top_p", "thinking"],
    "/v1/messages/count_tokens": ["max_tokens", "thinking"],
}
BROKEN = [b"", b" ", b"{", b"}", b"[", b'{"model"', b'{"model":}', b"{'model':1}", b"nul", b"\x00", b"\xff\xfe\x00",
          b"\xef\xbb\xbf{}", b'{"a":1,}', b'{"model":"gpt-5"}garbage', b"[]", b'"x"', b"1", b"true"]  # fmt: skip


@pytest.mark.parametrize("path", ROUTES)
async def test_15_malformed_json_is_400_that_names_the_place(proxy: Any, fox: FakeUpstream, path: str) -> None:
    house = await proxy(fox)
    for body in BROKEN:
        answer = await house.post(path, content=body)
        assert answer.status_code == 400, body
        assert error_of(answer)
    placed = error_of(await house.post(path, content=b'{\n "model": oops}'))["message"]
    assert "line 2" in placed
    assert fox.requests == []


VALUES: list[Any] = [
    None,
    True,
    7,
    -1,
    1.5,
    "",
    "x" * 10_000,
    [],
    {},
    [[]],
    [None],
    {"a": None},
    ["x", 1],
    "\ud7ff\U0001f600",
]


@pytest.mark.parametrize("path", ROUTES)
async def test_15_no_type_or_value_of_any_field_is_500(proxy: Any, fox: FakeUpstream, path: str) -> None:
    house = await proxy(fox)
    whole = DIALECTS.get(path, DIALECTS["/v1/messages"])
    named = [*whole, "stream", "tools", "tool_choice", "system", "instructions", "metadata", "stop", "response_format",
             "stop_sequences", "include", "user", "store", "text", *FIELDS[path]]  # fmt: skip
    for field in dict.fromkeys(named):
        for value in VALUES:
            answer = await house.post(path, json={**whole, field: value})
            assert answer.status_code in (200, 400, 404), (field, value, answer.text)
            if answer.status_code == 400:
                assert error_of(answer)


@pytest.mark.parametrize("path", ROUTES)
async def test_15_no_number_is_500(proxy: Any, fox: FakeUpstream, path: str) -> None:
    house = await proxy(fox)
    whole = orjson.dumps(DIALECTS.get(path, DIALECTS["/v1/messages"]))[:-1]
    for field in FIELDS[path]:
        for number in NUMBERS:
            answer = await house.post(path, content=whole + f',"{field}":{number}}}'.encode())
            assert answer.status_code in (200, 400), (field, number, answer.text)


ENUMS = {
    "/v1/responses": [("tool_choice", "maybe"), ("truncation", "x"), ("reasoning", {"effort": "heroic"})],
    "/v1/chat/completions": [("tool_choice", "maybe"), ("reasoning_effort", "heroic"), ("messages", [{"role": "x"}])],
    "/v1/messages": [("tool_choice", {"type": "maybe"}), ("messages", [{"role": "x", "content": "y"}]),
                     ("thinking", {"type": "maybe"}),
                     ("messages", [{"role": "user", "content": [{"type": "hologram"}]}])],
}  # fmt: skip


@pytest.mark.parametrize("path", ENUMS)
async def test_15_an_unknown_value_is_400_or_tolerated(proxy: Any, fox: FakeUpstream, path: str) -> None:
    house = await proxy(fox)
    for field, value in ENUMS[path]:
        answer = await house.post(path, json={**DIALECTS[path], field: value})
        assert answer.status_code in (200, 400), (field, value, answer.text)
        if answer.status_code == 400:
            assert field.split("_")[0] in error_of(answer)["message"]


async def test_15_nor_is_nonsense_on_the_management_api(proxy: Any) -> None:
    key = "management-key-0123456789"
    house = await proxy(remote_management={"secret-key": key})
    for route in ("/debug", "/tppc", "/packycode", "/api-keys", "/config.yaml", "/reset-cooldown"):
        for body in (*BROKEN, b"[" * 100_000, b'{"providers":[{"name":[]}]}', b"\xff: &a [*a]"):
            answer = await house.client.request(
                "POST" if route == "/reset-cooldown" else "PUT",
                f"/v0/management{route}",
                content=body,
                headers={"Authorization": f"Bearer {key}"},
            )
            assert answer.status_code < 500, (route, body[:40], answer.text)


async def test_14_an_upstream_that_is_not_there_is_502(proxy: Any) -> None:
    house = await proxy(closed_url(), request_retry=0)
    assert (await house.post()).status_code == 502
