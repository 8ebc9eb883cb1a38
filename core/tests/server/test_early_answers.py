"""An answer before the body came: the rest is thrown away and the connection stays, or its end is told (C12)."""

import asyncio
import contextlib

import pytest
from jackfield.server import ServerConfig
from jackfield.testing import running

HEAD = b"Host: a\r\n"
WITHIN = 30
CHUNKED = b"Transfer-Encoding: chunked\r\n"
MIB = 1024 * 1024


def head(length=None, *extra, method=b"POST"):
    told = CHUNKED if length is None else b"Content-Length: %d\r\n" % length
    return b"%b /early HTTP/1.1\r\n%b%b%b\r\n" % (method, HEAD, told, b"".join(extra))


NEXT = b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n"
BODIES = {"length": (head(10), b"0123456789"), "chunked": (head(), b"5\r\nhello\r\n0\r\nX: trailer\r\n\r\n")}


@pytest.mark.parametrize(("asked", "body"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("apart", [True, False], ids=["later", "with the next request"])
async def test_a_small_body_is_thrown_away_and_the_next_request_served(connect, app, asked, body, apart):
    client = await connect()
    await client.send(asked)
    answer = await client.head()
    assert answer.startswith("http/1.1 413")
    assert "connection: close" not in answer
    await client.until(b"big")
    await asyncio.sleep(0.05)
    await client.send(*((body, NEXT) if apart else (body + NEXT,)))
    assert (await client.head()).startswith("http/1.1 200")
    assert len(app.scopes) == 2


@pytest.mark.parametrize("method", [b"HEAD", b"OPTIONS", b"GET", b"PUT"])
async def test_of_any_method(connect, app, method):
    client = await connect()
    await client.send(head(5, method=method))
    await client.head()
    await client.send(b"12345", NEXT)
    assert "http/1.1 200" in await client.head()


async def test_requests_pipelined_behind_it_are_served(connect):
    client = await connect()
    await client.send(head(5) + b"12345" + NEXT + head(5) + b"12345" + NEXT)
    for status in ("413", "200", "413", "200"):
        assert f"http/1.1 {status}" in await client.head()


@pytest.mark.parametrize(
    "asked",
    [head(5, b"Expect: 100-continue\r\n"), head(None, b"Expect: 100-Continue\r\n"), head(2 * MIB), head(10**12)],
    ids=["not asked for", "not asked for, chunked", "large", "huge"],
)
async def test_where_the_rest_is_not_read_the_end_is_told(connect, asked):
    client = await connect()
    await client.send(asked)
    assert "connection: close" in await client.head()
    assert await client.rest() == b"big"


async def test_a_client_in_the_middle_of_a_large_body_can_read_its_answer(connect):
    """Closing at once would reset the connection, and the answer with it."""
    client = await connect()
    await client.send(head(8 * MIB))
    for _ in range(128):
        client.writer.write(b"x" * 65536)
        await client.writer.drain()
    assert "connection: close" in await client.head()
    assert await client.rest() == b"big"


async def test_a_chunked_body_that_grows_too_large_ends_the_connection(connect):
    client = await connect()
    await client.send(head())
    await client.head()
    with contextlib.suppress(ConnectionError):
        for _ in range(40):
            client.writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await client.writer.drain()
        assert await client.rest() == b"big"


async def test_a_body_that_never_comes_holds_nothing_for_ever(connect):
    client = await connect(header_timeout=0.2)
    await client.send(head(5))
    await client.head()
    assert await client.rest() == b"big"


async def test_one_that_lingers_without_a_word_is_closed(connect):
    client = await connect(linger_timeout=0.1, linger_longest=0.3)
    await client.send(head(2 * MIB))
    assert b"big" in await client.rest()
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(WITHIN):
            while not client.writer.is_closing():
                client.writer.write(b"x")
                await client.writer.drain()
                await asyncio.sleep(0.05)


async def test_rubbish_in_the_rest_is_no_second_answer(connect):
    client = await connect()
    await client.send(head())
    await client.head()
    await client.send(b"zz\r\n")
    assert await client.rest() == b"big"


@pytest.mark.parametrize("rubbish", [b"\x00rubbish", b"GET /\r\n\r\n"])
async def test_rubbish_behind_requests_takes_no_answer_and_the_last_says_the_end(connect, rubbish):
    client = await connect()
    await client.send(NEXT + NEXT + rubbish)
    answer = (await client.rest()).lower()
    assert answer.count(b"http/1.1 200") == 2
    assert answer.count(b"connection: close") == 1


async def test_a_head_that_is_refused_can_be_read_though_more_comes(connect):
    client = await connect(header_bytes=2000)
    with contextlib.suppress(ConnectionError):
        client.writer.write(b"GET /")
        for _ in range(100):
            client.writer.write(b"a" * 10_000)
            await client.writer.drain()
    assert (await client.rest()).startswith(b"HTTP/1.1 431")


async def test_the_last_answer_of_a_server_that_stops_says_so(app, dial):
    async with running(app, config=ServerConfig(), grace=5) as server:
        busy = await dial(server.port)
        await busy.send(b"POST /late HTTP/1.1\r\n" + HEAD + b"Content-Length: 2\r\n\r\nok")
        await asyncio.wait_for(app.waiting.wait(), WITHIN)

        async def later():
            await asyncio.sleep(0.1)
            app.going_on.set()
            return await busy.rest()

        reading = asyncio.create_task(later())
    assert b"connection: close" in (await reading).lower()
