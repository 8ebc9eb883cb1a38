"""A client that says it sends no more is served; one that left is noticed all the same (C9, ADR 0014)."""

import asyncio
import socket
import struct

import pytest

HEAD = b"Host: a\r\n"
WITHIN = 30


@pytest.fixture
async def going_on(app):
    """Let a stream end a little after it began."""
    asyncio.get_running_loop().call_later(0.3, app.going_on.set)


def get(path, *extra, version=b"1.1"):
    return b"GET %b HTTP/%b\r\n%b%b\r\n" % (path, version, HEAD, b"".join(extra))


async def half_close(client):
    client.writer.write_eof()
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@pytest.mark.parametrize("extra", [b"", b"Connection: close\r\n"])
async def test_its_stream_is_whole(connect, going_on, version, extra):
    client = await connect()
    await client.send(get(b"/stream", extra, version=version))
    await half_close(client)
    answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    body = answer.partition(b"\r\n\r\n")[2]
    assert unchunked(body) == b"onetwothree" if version == b"1.1" else body == b"onetwothree"


def unchunked(data):
    """Return a chunked body, read as RFC 9112 says."""
    body = b""
    while True:
        length, _, data = data.partition(b"\r\n")
        size = int(length, 16)
        if not size:
            assert data == b"\r\n"
            return body
        body, data = body + data[:size], data[size + 2 :]


async def test_a_byte_that_was_sent_early_is_sent_once(connect, app):
    """Before the head, and between chunks: the answer is the same as ever."""
    client = await connect()
    await client.send(b"POST /late HTTP/1.1\r\n" + HEAD + b"Content-Length: 2\r\n\r\nok")
    await half_close(client)
    assert await client.reader.readexactly(1) == b"H"
    app.going_on.set()
    assert (await client.rest()).startswith(b"TTP/1.1 200 OK\r\n")


async def test_a_fault_of_the_application_is_told_whole(connect, app):
    client = await connect()
    await client.send(get(b"/late_fault"))
    await half_close(client)
    app.going_on.set()
    assert (await client.rest()).startswith(b"HTTP/1.1 500 ")


async def test_all_that_it_asked_at_once_is_answered(connect, app):
    client = await connect()
    await client.send(*(b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 1\r\n\r\n%d" % n for n in range(3)))
    client.writer.write_eof()
    answer = await client.rest()
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert app.bodies == [b"0", b"1", b"2"]


@pytest.mark.parametrize("data", [b"GET / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhal"])
async def test_what_it_did_not_finish_is_not_served(connect, app, data):
    client = await connect()
    await client.send(get(b"/"), data)
    client.writer.write_eof()
    answer = await client.rest()
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 1
    assert app.bodies == [b""]


@pytest.mark.parametrize("path", [b"/idle", b"/stream"], ids=["before the head", "in a silent stream"])
async def test_one_that_closes_is_noticed(connect, app, path):
    client = await connect()
    await client.send(get(path))
    if path == b"/stream":
        await client.until(b"two")
    await asyncio.wait_for(app.waiting.wait(), WITHIN)
    told = watched(app)
    client.writer.close()
    await asyncio.wait_for(told.wait(), WITHIN)


@pytest.mark.parametrize("path", [b"/idle", b"/stream"], ids=["before the head", "in a silent stream"])
@pytest.mark.parametrize("how", ["close", "reset"])
async def test_one_that_half_closes_and_then_leaves_is_noticed(connect, app, path, how):
    client = await connect()
    await client.send(get(path))
    if path == b"/stream":
        await client.until(b"two")
    await asyncio.wait_for(app.waiting.wait(), WITHIN)
    told = watched(app)
    await half_close(client)
    assert not told.is_set()
    if how == "reset":
        raw = client.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.writer.transport.abort()
    await asyncio.wait_for(told.wait(), WITHIN)


def watched(app):
    """Return an event that is set when the server tells that the client is gone."""
    told = asyncio.Event()
    app.scopes[-1]["extensions"]["jackfield.on_gone"](told.set)
    return told


async def test_silence_before_a_request_ends_with_the_end(connect):
    client = await connect()
    client.writer.write_eof()
    assert await client.rest() == b""
