"""C4: a request of many megabytes leaves in pieces, and no faster than its upstream reads; no write holds the loop."""

import asyncio
import hashlib

import pytest
from jackfield.upstream.outgoing import PIECE
from jackfield.upstream.transport import DirectTransport, Target, Timeouts

BODY = bytes(range(256)) * (20 * 4096)  # 20 MiB, of which no two pieces in wrong order would give the same digest
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Upstream:
    """Reads a request when it is told to, and answers the digest of its body."""

    def __init__(self):
        self.may_read = asyncio.Event()
        self.digests = []
        self.cut = asyncio.Event()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.target = Target.of(f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/")
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _connected(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await self.may_read.wait()
                self.digests.append(hashlib.sha256(await reader.readexactly(size)).digest())
                writer.write(OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.cut.set()
        finally:
            writer.close()


@pytest.fixture
async def upstream():
    async with Upstream() as server:
        yield server


@pytest.fixture
async def transport():
    async with DirectTransport(Timeouts(connect=10, first_byte=60, idle=60)) as made:
        yield made


class Watched:
    """A transport's writes, as its connection makes them."""

    def __init__(self, transport):
        self._transport = transport
        self.sizes = []
        self.most_waiting = 0

    def write(self, data):
        self.sizes.append(len(data))
        self._transport.write(data)
        self.most_waiting = max(self.most_waiting, self._transport.get_write_buffer_size())

    def __getattr__(self, name):
        return getattr(self._transport, name)


def watched(transport):
    (connection,) = transport._open
    connection._transport = Watched(connection._transport)
    return connection._transport


async def ask(transport, upstream, body=BODY):
    reply = await transport.send("POST", upstream.target, [], body)
    return b"".join([piece async for piece in reply.body])


async def test_a_large_request_arrives_whole_and_its_connection_is_kept(transport, upstream):
    upstream.may_read.set()

    for body in (BODY, b"small", BODY[1:], BODY[: PIECE - 200], BODY[: 2 * PIECE]):
        assert await ask(transport, upstream, body) == b"ok"
        assert upstream.digests.pop() == hashlib.sha256(body).digest()

    assert transport.open_connections == 1


async def test_no_write_is_larger_than_a_piece_and_no_more_waits_than_the_upstream_leaves_room_for(transport, upstream):
    upstream.may_read.set()
    await ask(transport, upstream, b"first")
    upstream.may_read.clear()
    wire = watched(transport)

    asked = asyncio.ensure_future(ask(transport, upstream))
    before = -1
    while sum(wire.sizes) != before:  # as much as the connection takes while nobody reads
        before = sum(wire.sizes)
        await asyncio.sleep(0.2)
    upstream.may_read.set()

    assert before < len(BODY), "the kernel took it all: the body of this test is too small"
    assert await asked == b"ok"
    assert upstream.digests[-1] == hashlib.sha256(BODY).digest()
    assert max(wire.sizes) <= PIECE
    assert wire.most_waiting <= 2 * PIECE


async def test_a_caller_that_leaves_takes_the_rest_of_a_large_request_with_it(transport, upstream):
    asked = asyncio.ensure_future(ask(transport, upstream))
    while not any(connection._outgoing for connection in transport._open):  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0.01)
    (connection,) = transport._open

    asked.cancel()
    await asyncio.wait([asked])
    upstream.may_read.set()

    await asyncio.wait_for(upstream.cut.wait(), 30)
    assert not connection._outgoing
    assert transport.open_connections == 0


async def test_an_answer_before_a_large_request_is_out_does_not_keep_its_connection(transport):
    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        await writer.drain()
        await closed.wait()
        writer.close()

    closed = asyncio.Event()
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    target = Target.of(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    reply = await transport.send("POST", target, [], BODY)

    assert (reply.status, await reply.body.read(), await reply.body.read()) == (413, b"no", b"")
    while transport.open_connections:  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0.01)
    closed.set()
    server.close()
