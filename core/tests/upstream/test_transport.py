"""The pool of connections, against a real server on loopback."""

import asyncio
import dataclasses
import socket

import httpx
import pytest
from jackfield.testing import (
    Close,
    FakeUpstream,
    Hang,
    Pause,
    Raw,
    Reset,
    Script,
    Send,
    closed_url,
    hang,
    reply,
    reset_before_headers,
    text_answer,
)
from jackfield.upstream.transport import DirectTransport, Target, Timeouts


@pytest.fixture
async def upstream():
    async with FakeUpstream(reply("Hello", 200)) as upstream:
        yield upstream


@pytest.fixture
async def transport():
    async with DirectTransport(Timeouts(connect=5, first_byte=5, idle=5)) as transport:
        yield transport


async def send(transport, upstream, body=b"{}", **headers):
    told = [(name.encode(), value.encode()) for name, value in headers.items()]
    return await transport.send("POST", Target.of(f"{upstream.base_url}/responses"), told, body)


async def ask(transport, upstream, **headers):
    answer = await send(transport, upstream, **headers)
    return b"".join([piece async for piece in answer.body])


async def test_the_request_arrives_whole(transport, upstream):
    await send(transport, upstream, b'{"text":"\xc3\xbc"}', authorization="Bearer k", x="1")
    request = upstream.last
    assert (request.method, request.path, request.body) == ("POST", "/v1/responses", b'{"text":"\xc3\xbc"}')
    assert (request.headers["authorization"], request.headers["x"]) == ("Bearer k", "1")
    assert request.headers["host"] == upstream.base_url.split("/")[2]
    assert request.headers["content-length"] == "13"


async def test_the_answer_is_there_with_its_head(transport, upstream):
    upstream.script(Script((Send(b"Hi"), Pause()), 418, {"x": "1"}))
    answer = await send(transport, upstream)
    assert (answer.status, dict(answer.headers)[b"x"]) == (418, b"1")
    assert await answer.body.read() == b"Hi"
    await answer.body.aclose()


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_every_framing_gives_the_body(transport, upstream, framing):
    upstream.default = dataclasses.replace(text_answer("grüße"), framing=framing)
    for _ in range(2):
        assert await ask(transport, upstream) == text_answer("grüße").body
    await upstream.wait_for_connections(0 if framing == "close" else 1)
    await asyncio.sleep(0)
    assert transport.open_connections == (0 if framing == "close" else 1)


async def test_connections_are_used_again(transport, upstream):
    for _ in range(3):
        await ask(transport, upstream)
    assert [request.connection for request in upstream.requests] == [1, 1, 1]


async def test_as_many_as_are_needed_at_once_and_those_are_kept(transport, upstream):
    upstream.default = Script((Send(b"Hi"), Pause()))
    answers = [await send(transport, upstream) for _ in range(5)]
    assert upstream.open_connections == transport.open_connections == 5
    for request in upstream.requests:
        request.resume()
    for answer in answers:
        assert b"".join([piece async for piece in answer.body]) == b"Hi"
    upstream.default = reply("Hello")
    await ask(transport, upstream)
    assert upstream.open_connections == 5


async def test_each_origin_has_its_own(transport, upstream):
    async with FakeUpstream(reply("other")) as other:
        assert await ask(transport, upstream) == b"Hello"
        assert await ask(transport, other) == b"other"
        assert await ask(transport, upstream) == b"Hello"
    assert len(upstream.requests) == 2


async def test_one_that_the_upstream_has_closed_is_not_used_again(transport, upstream):
    upstream.script(dataclasses.replace(reply("Hello"), keep_alive=False))
    await ask(transport, upstream)
    await ask(transport, upstream)
    assert [request.connection for request in upstream.requests] == [1, 2]


async def test_one_that_closes_as_the_request_comes_is_replaced_once(transport, upstream):
    await ask(transport, upstream)
    upstream.script(reset_before_headers())
    assert await ask(transport, upstream) == b"Hello"
    assert [request.connection for request in upstream.requests] == [1, 1, 2]


async def test_but_a_fresh_one_is_not(transport, upstream):
    upstream.script(reset_before_headers())
    with pytest.raises(httpx.ReadError):
        await ask(transport, upstream)
    assert len(upstream.requests) == 1


async def test_nor_when_an_answer_had_begun(transport, upstream):
    await ask(transport, upstream)
    upstream.script(Script((Raw(b"HTTP/1.1 200"), Reset())))
    with pytest.raises(httpx.TransportError):
        await ask(transport, upstream)
    assert len(upstream.requests) == 2


async def test_an_idle_one_grows_old(upstream):
    async with DirectTransport(Timeouts(keep_alive=0.01)) as transport:
        await ask(transport, upstream)
        await asyncio.sleep(0.03)
        await ask(transport, upstream)
        assert [request.connection for request in upstream.requests] == [1, 2]
        await upstream.wait_for_connections(1)


async def test_leaving_a_body_closes_the_connection(transport, upstream):
    upstream.script(Script((Send(b"Hi"), Hang())))
    answer = await send(transport, upstream)
    await answer.body.aclose()
    await answer.body.aclose()
    await upstream.last.wait_closed()
    assert transport.open_connections == 0
    assert [piece async for piece in answer.body] == []


async def test_being_cancelled_while_waiting_for_the_head_closes_it(transport, upstream):
    upstream.script(hang())
    waiting = asyncio.ensure_future(send(transport, upstream))
    await upstream.wait_for_requests(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await upstream.last.wait_closed()
    assert transport.open_connections == 0


async def test_a_body_may_end_by_itself_and_the_connection_is_kept(transport, upstream):
    upstream.script(Script((Send(b"Hi"), Pause())))
    answer = await send(transport, upstream)
    assert await answer.body.read() == b"Hi"
    answer.body.finish()
    await answer.body.aclose()
    upstream.last.resume()
    await upstream.last.wait_finished()
    await asyncio.sleep(0.01)
    await ask(transport, upstream)
    assert [request.connection for request in upstream.requests] == [1, 1]


async def test_a_reader_that_does_not_read_holds_the_upstream_up(transport, upstream):
    upstream.script(Script((*[Send(b"x" * 100_000)] * 500,)))
    answer = await send(transport, upstream)
    sent = -1
    async with asyncio.timeout(30):
        while sent != upstream.last.sent:
            sent = upstream.last.sent
            await asyncio.sleep(0.05)
    assert not upstream.last.finished
    total = 0
    async for piece in answer.body:
        total += len(piece)
    assert total == 50_000_000


# -- failures


async def test_a_refused_connection(transport):
    with pytest.raises(httpx.ConnectError):
        await transport.send("POST", Target.of(f"{closed_url()}/responses"), [])
    assert transport.open_connections == 0


async def test_an_unknown_host(transport):
    with pytest.raises(httpx.ConnectError):
        await transport.send("POST", Target.of("http://no-such-host.invalid/"), [])


async def test_tls_with_who_does_not_speak_it(transport, upstream):
    upstream.script(Script((Close(),)))
    url = upstream.base_url.replace("http:", "https:")
    with pytest.raises((httpx.ConnectError, httpx.ReadError)):
        await transport.send("POST", Target.of(url), [])


@pytest.fixture
def deaf():
    """Return the URL of a port whose queue of new connections is full, so that connecting hangs."""
    with socket.socket() as listener, socket.socket() as one, socket.socket() as two:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in (one, two):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


async def test_a_connection_that_does_not_come_about_in_time(deaf):
    async with DirectTransport(Timeouts(connect=0.05)) as transport:
        with pytest.raises(httpx.ConnectTimeout, match=r"within 0\.05 s"):
            await transport.send("POST", Target.of(deaf), [])
        assert transport.open_connections == 0


async def test_an_answer_that_does_not_come_in_time(upstream):
    async with DirectTransport(Timeouts(first_byte=0.05)) as transport:
        upstream.script(hang())
        with pytest.raises(httpx.ReadTimeout):
            await ask(transport, upstream)
        await upstream.last.wait_closed()


async def test_closing_closes_everything(upstream):
    transport = DirectTransport(Timeouts())
    upstream.script(reply("Hello"), Script((Send(b"Hi"), Hang())))
    await ask(transport, upstream)
    answer = await send(transport, upstream)
    await transport.aclose()
    await upstream.wait_for_connections(0)
    assert transport.open_connections == 0
    with pytest.raises(httpx.TransportError):
        [piece async for piece in answer.body]


async def test_an_idle_connection_is_closed_though_nobody_asks_again(upstream):
    async with DirectTransport(Timeouts(keep_alive=0.05)) as transport:
        await ask(transport, upstream)
        await upstream.wait_for_connections(0)
