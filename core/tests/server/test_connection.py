"""A client's connection, byte by byte: what HTTP/1.1 asks of a server."""

import asyncio
import contextlib

import pytest
from jackfield.server import ServerConfig
from jackfield.testing import running

HEAD = b"Host: a\r\n"
WITHIN = 30


def post(path=b"/", body=b"hello", extra=b""):
    return b"POST %b HTTP/1.1\r\n%bContent-Length: %d\r\n%b\r\n%b" % (path, HEAD, len(body), extra, body)


async def test_requests_follow_each_other_on_one_connection(connect, app):
    client = await connect()
    for body in (b"one", b"two"):
        await client.send(post(body=body))
        head = await client.head()
        assert head.startswith("http/1.1 200 ok\r\n")
        assert "connection: close" not in head
        assert "\r\ndate: " in head
        assert await client.until(body) == body
    assert [scope["path"] for scope in app.scopes] == ["/", "/"]


async def test_requests_that_come_at_once_are_answered_in_order(connect, app):
    client = await connect()
    app.going_on.set()
    await client.send(post(body=b"one") + b"GET /stream HTTP/1.1\r\n" + HEAD + b"\r\n" + post(body=b"three"))
    assert (await client.until(b"one")).endswith(b"one")
    assert b"5\r\nthree\r\n0\r\n\r\n" in await client.until(b"0\r\n\r\n")
    assert (await client.until(b"three")).endswith(b"\r\n\r\nthree")
    assert app.bodies == [b"one", b"three"]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
async def test_a_request_may_come_in_pieces(connect, app, size):
    client = await connect()
    data = post(b"/?a=%20b&c", b"hello" * 10, b"X-One: a b\r\n")
    await client.send(*(data[at : at + size] for at in range(0, len(data), size)))
    await client.until(b"hello" * 10)
    [scope] = app.scopes
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/", b"/", b"a=%20b&c")
    assert (b"x-one", b"a b") in scope["headers"]
    assert scope["client"][0] == "127.0.0.1"


async def test_a_body_in_chunks_is_put_together(connect, app):
    client = await connect()
    chunks = b"3\r\none\r\n5;note=1\r\nthree\r\n0\r\nTrailer: x\r\n\r\n"
    await client.send(b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    await client.until(b"onethree")
    assert app.bodies == [b"onethree"]
    assert b"trailer" not in dict(app.scopes[0]["headers"])


async def test_an_answer_without_a_length_is_chunked(connect, app):
    client = await connect()
    await client.send(b"GET /stream HTTP/1.1\r\n" + HEAD + b"\r\n")
    assert "transfer-encoding: chunked" in await client.head()
    assert await client.until(b"two\r\n") == b"3\r\none\r\n3\r\ntwo\r\n"
    app.going_on.set()
    assert await client.until(b"0\r\n\r\n") == b"5\r\nthree\r\n0\r\n\r\n"


async def test_an_old_client_gets_no_chunks_but_an_end(connect, app):
    client = await connect()
    app.going_on.set()
    await client.send(b"GET /stream HTTP/1.0\r\n\r\n")
    head = await client.head()
    assert "transfer-encoding" not in head
    assert "connection: close" in head
    assert await client.rest() == b"onetwothree"


async def test_an_answer_to_head_has_no_body(connect):
    client = await connect()
    await client.send(b"HEAD / HTTP/1.1\r\n" + HEAD + b"\r\n" + post(body=b"next"))
    assert "content-length: 0" in await client.head()
    assert "content-length: 4" in await client.head()


async def test_close_is_honoured(connect):
    client = await connect()
    await client.send(post(extra=b"Connection: close\r\n"))
    assert "connection: close" in await client.head()
    assert await client.rest() == b"hello"


async def test_a_client_that_waits_is_told_to_go_on(connect, app):
    client = await connect()
    await client.send(b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert await client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    await client.send(b"ok")
    assert (await client.until(b"ok")).startswith(b"HTTP/1.1 200")


async def test_an_answer_before_the_body_ends_the_connection(connect):
    client = await connect()
    await client.send(b"POST /early HTTP/1.1\r\n" + HEAD + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert (await client.rest()).startswith(b"HTTP/1.1 413")


async def test_a_client_that_leaves_is_noticed(connect, app):
    client = await connect()
    await client.send(b"GET /idle HTTP/1.1\r\n" + HEAD + b"\r\n")
    await asyncio.wait_for(app.waiting.wait(), WITHIN)
    client.writer.close()
    await asyncio.wait_for(app.ended.wait(), WITHIN)
    assert app.ends == [""]


async def test_a_client_that_leaves_is_noticed_behind_a_large_body_too(connect, app):
    client = await connect()
    body = b"x" * 200_000
    await client.send(b"POST /idle HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    await asyncio.wait_for(app.waiting.wait(), WITHIN)
    await asyncio.sleep(0.05)  # all of it was read, and waiting has begun
    client.writer.close()
    await asyncio.wait_for(app.ended.wait(), WITHIN)


async def test_a_body_that_stops_half_way_is_no_request(connect, app):
    client = await connect()
    await client.send(post()[:-2])
    client.writer.close()
    await asyncio.wait_for(app.ended.wait(), WITHIN)
    assert app.ends == ["ConnectionError"]


async def test_a_head_that_does_not_come_to_its_end_is_given_up(connect):
    client = await connect(header_timeout=0.2)
    await client.send(b"GET / HTTP/1.1\r\nX-Slow: ")
    for _ in range(3):
        await client.send(b"a")
        await asyncio.sleep(0.05)
    answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"limits.header-timeout" in answer


async def test_a_connection_that_asks_nothing_is_closed(connect):
    silent = await connect(idle_timeout=0.2)
    assert await silent.rest() == b""
    client = await connect()
    await client.send(post())
    assert (await client.rest()).endswith(b"hello")


async def test_a_client_that_does_not_read_is_cut_off(connect, app):
    client = await connect(write_timeout=0.2)
    client.reader._limit = 1  # so that asyncio stops reading too
    await client.send(b"GET /flood HTTP/1.1\r\n" + HEAD + b"\r\n")
    await asyncio.wait_for(app.ended.wait(), WITHIN)
    client.reader._limit = 2**24
    with contextlib.suppress(ConnectionError):
        assert len(await client.rest()) < 2000 * 65536


async def test_a_client_that_reads_slowly_gets_everything(connect):
    client = await connect(write_timeout=1)
    client.reader._limit = 65536  # what asyncio reads ahead
    body = b"x" * 16_000_000
    await client.send(post(body=body, extra=b"Connection: close\r\n"))
    await client.head()
    size = 0
    while piece := await client.reader.read(160_000):
        size += len(piece)
        await asyncio.sleep(0.012)  # more than a hundred times: in sum longer than a write may take
    assert size == len(body)


async def test_an_application_that_fails_is_told_and_not_repeated(connect, app, caplog):
    client = await connect()
    await client.send(b"GET /broken HTTP/1.1\r\n" + HEAD + b"\r\n")
    assert (await client.rest()).startswith(b"HTTP/1.1 500")
    assert "a fault of the application's" in caplog.text


@pytest.mark.parametrize("path", [b"/torn", b"/short"])
async def test_half_an_answer_does_not_look_whole(connect, path):
    client = await connect()
    await client.send(b"GET " + path + b" HTTP/1.1\r\n" + HEAD + b"\r\n")
    with contextlib.suppress(ConnectionError):
        assert not (await client.rest()).endswith(b"0\r\n\r\n")


async def test_no_header_of_an_answer_can_begin_another(connect):
    client = await connect()
    await client.send(b"GET /injecting HTTP/1.1\r\n" + HEAD + b"\r\n")
    answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 500")
    assert b"set-cookie" not in answer


async def test_stopping_closes_what_is_idle_and_lets_the_rest_end(app, dial):
    async with running(app, config=ServerConfig(), grace=5) as server:
        idle = await dial(server.port)
        busy = await dial(server.port)
        await busy.send(b"GET /stream HTTP/1.1\r\n" + HEAD + b"\r\n")
        await asyncio.wait_for(app.waiting.wait(), WITHIN)

        async def look():
            assert await idle.rest() == b""
            app.going_on.set()
            return await busy.rest()

        looking = asyncio.create_task(look())
        await asyncio.sleep(0)
    assert (await looking).endswith(b"three\r\n0\r\n\r\n")
