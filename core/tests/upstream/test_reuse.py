"""When a kept connection may be used again, and when a request be sent again: U2, U4, U5, U7."""

import asyncio
import contextlib
import socket

import httpx
import pytest
from jackfield.upstream import sockets
from jackfield.upstream.proxies import Proxy
from jackfield.upstream.transport import DirectTransport, Target, Timeouts

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nHi"


class Server:
    """A server that a test writes itself: `serve` is called with each request's number and its connection."""

    def __init__(self, serve):
        self.serve = serve
        self.requests = 0
        self.connections = 0

    async def __aenter__(self):
        self.open = set()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task, writer in self.open:
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*(task for task, _ in self.open), return_exceptions=True)
        await asyncio.sleep(0)

    async def _connected(self, reader, writer):
        self.connections += 1
        self.open.add((asyncio.current_task(), writer))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                await self.serve(self.requests, head, reader, writer)
        writer.transport.abort()


async def read_body(head, reader):
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    await reader.readexactly(length)


async def ask(transport, server, body=b"{}"):
    answer = await transport.send("POST", Target.of(server.url), [], body)
    return answer.status, b"".join([piece async for piece in answer.body])


@pytest.fixture(params=["direct", "proxy"])
async def transport(request):
    """Return a transport; `proxy` goes through the tested server as if it were a proxy that forwards."""
    transport = DirectTransport(Timeouts(connect=5, first_byte=20, idle=20))
    transport.proxied = request.param == "proxy"
    yield transport
    await transport.aclose()


def through(transport, server):
    if transport.proxied:
        transport._proxy = Proxy("http", "127.0.0.1", server.port)
    return server


ENDS = {
    "closed": lambda writer: writer.close(),
    "reset": lambda writer: (
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"),
        writer.transport.abort(),
    ),
    "an interim answer before it": lambda writer: (writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n"), writer.close()),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("size", [2, 3_000_000])
async def test_what_was_worked_on_is_not_sent_again(transport, end, size):
    """U2: a generation would be paid for twice."""

    async def serve(number, head, reader, writer):
        if number == 1:
            await read_body(head, reader)
            writer.write(OK)
            return
        if size == 2:
            await read_body(head, reader)
        else:
            await reader.readexactly(size // 2)
        await asyncio.sleep(0.3)
        end(writer)
        await asyncio.sleep(0.1)
        raise ConnectionError

    async with Server(serve) as server:
        await ask(transport, through(transport, server))
        with pytest.raises(httpx.TransportError):
            await ask(transport, server, b"x" * size)
        assert (server.requests, server.connections) == (2, 1)


async def test_one_that_had_ended_before_is_replaced(transport):
    """U2: nobody can have read the request; the end may not even have been heard of yet."""

    async def serve(number, head, reader, writer):
        await read_body(head, reader)
        writer.write(OK)
        if number == 1:
            writers.append(writer)

    writers = []
    async with Server(serve) as server:
        await ask(transport, through(transport, server))
        writers[0].close()
        assert await ask(transport, server) == (200, b"Hi")
        assert (server.requests, server.connections) == (2, 2)


SECOND = {
    "a whole answer": b"HTTP/1.1 500 No\r\nx-request-id: smuggled\r\ncontent-length: 4\r\n\r\nEvil",
    "half an answer": b"HTTP/1.1 5",
    "no HTTP": b"EHLO evil\r\n",
    "an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n",
}
FIRST = {
    "200": (OK, 200, b"Hi"),
    "chunked": (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nHi\r\n0\r\n\r\n", 200, b"Hi"),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "a length of 0": (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, b""),
}


@pytest.mark.parametrize("late", [False, True], ids=["in one segment", "while idle"])
@pytest.mark.parametrize("second", SECOND.values(), ids=SECOND)
@pytest.mark.parametrize(("first", "status", "body"), FIRST.values(), ids=FIRST)
async def test_a_second_answer_changes_nothing(transport, first, status, body, second, late):
    """U4: the first answer is untouched, and the connection not used again."""

    async def serve(number, head, reader, writer):
        await read_body(head, reader)
        writer.write(first if late else first + second)
        if late:
            writers.append(writer)

    writers = []
    async with Server(serve) as server:
        answer = await transport.send("POST", Target.of(through(transport, server).url), [], b"{}")
        assert b"x-request-id" not in dict(answer.headers)
        assert (answer.status, b"".join([piece async for piece in answer.body])) == (status, body)
        if late:
            writers[0].write(second)
            await writers[0].drain()
        assert await ask(transport, server) == (status, body)
        assert server.connections == 2


@pytest.mark.parametrize("status", [b"429 Too Many", b"200 OK"])
async def test_an_answer_before_the_request_is_out_ends_its_connection(transport, status):
    """U5: the next request would be read as a piece of the old body."""

    async def serve(number, head, reader, writer):
        if number == 1:
            reader._transport.pause_reading()
            writer.write(b"HTTP/1.1 %s\r\ncontent-length: 2\r\n\r\nNo" % status)
            await asyncio.sleep(60)
        await read_body(head, reader)
        writer.write(OK)

    async with Server(serve) as server:
        assert (await ask(transport, through(transport, server), b"x" * 20_000_000))[1] == b"No"
        async with asyncio.timeout(30):
            assert await ask(transport, server) == (200, b"Hi")
        assert server.connections == 2


async def test_who_leaves_while_the_body_goes_up_leaves_no_connection(transport):
    """U5."""

    async def serve(number, head, reader, writer):
        if number == 1:
            reader._transport.pause_reading()
            await asyncio.sleep(60)
        await read_body(head, reader)
        writer.write(OK)

    async with Server(serve) as server:
        asked = asyncio.ensure_future(ask(transport, through(transport, server), b"x" * 20_000_000))
        await asyncio.sleep(0.2)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert transport.open_connections == 0
        assert await ask(transport, server) == (200, b"Hi")


async def test_the_kernel_watches_every_connection(transport):
    """U7: a peer that vanishes without a word is noticed."""

    async def serve(number, head, reader, writer):
        await read_body(head, reader)
        writer.write(OK)

    async with Server(serve) as server:
        await ask(transport, through(transport, server))
        [connection] = transport._open
        sock = connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15
        assert 20_000 <= sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000


async def test_a_connection_grows_old_while_the_machine_sleeps(transport, monkeypatch):
    """U7: timers stand still then; the clock that is asked does not."""

    async def serve(number, head, reader, writer):
        await read_body(head, reader)
        writer.write(OK)

    async with Server(serve) as server:
        await ask(transport, through(transport, server))
        awake = sockets.awake()
        monkeypatch.setattr(sockets, "awake", lambda: awake + 3600)
        await ask(transport, server)
        assert server.connections == 2
