"""An application that answers by path, behind our connections, and a client that is a bare socket."""

import asyncio
import contextlib

import pytest
from jackfield.server import ConnectionLimits, ServerConfig
from jackfield.testing import running

WITHIN = 30


class App:
    """Answers by path; keeps what it was asked and how its requests ended."""

    def __init__(self):
        self.scopes = []
        self.bodies = []
        self.ends = []
        self.ended = asyncio.Event()
        self.going_on = asyncio.Event()
        self.waiting = asyncio.Event()
        self.default = False
        """Whether every path is answered by `echo`."""

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        self.scopes.append(scope)
        failure = ""
        try:
            name = "" if self.default else scope["path"].strip("/")
            await getattr(self, name or "echo")(receive, send)
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            self.ends.append(failure)
            self.ended.set()

    async def echo(self, receive, send):
        body = await self.read(receive)
        await send(start(length=len(body)))
        await send({"type": "http.response.body", "body": body})

    async def read(self, receive):
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError("gone")
            body, more = body + message["body"], message["more_body"]
        self.bodies.append(body)
        return body

    async def stream(self, receive, send):
        await send(start())
        for piece in (b"one", b"", b"two"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        self.waiting.set()
        await self.going_on.wait()
        await send({"type": "http.response.body", "body": b"three"})

    async def flood(self, receive, send):
        await send(start())
        for _ in range(2000):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            self.waiting.set()
        await send({"type": "http.response.body", "body": b""})

    async def idle(self, receive, send):
        self.waiting.set()
        while (await receive())["type"] != "http.disconnect":
            pass

    async def late(self, receive, send):
        body = await self.read(receive)
        self.waiting.set()
        await self.going_on.wait()
        await send(start(length=len(body)))
        await send({"type": "http.response.body", "body": body})

    async def late_fault(self, receive, send):
        await self.late(receive, None)

    async def early(self, receive, send):
        await send(start(status=413, length=3))
        await send({"type": "http.response.body", "body": b"big"})

    async def broken(self, receive, send):
        raise RuntimeError("a fault of the application's")

    async def torn(self, receive, send):
        await send(start())
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("a fault in the middle")

    async def short(self, receive, send):
        await send(start(length=10))
        await send({"type": "http.response.body", "body": b"five!"})

    async def injecting(self, receive, send):
        await send(start(extra=[(b"x-evil", b"a\r\nset-cookie: b")]))


def start(status=200, length=None, extra=()):
    headers = [] if length is None else [(b"content-length", str(length).encode())]
    return {"type": "http.response.start", "status": status, "headers": [*headers, *extra]}


class Client:
    """A socket, with what is told of it."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def send(self, *pieces):
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0.001)

    async def until(self, mark):
        return await asyncio.wait_for(self.reader.readuntil(mark), WITHIN)

    async def head(self):
        return (await self.until(b"\r\n\r\n")).decode("latin-1").lower()

    async def rest(self):
        """All that comes until the server closes."""
        return await asyncio.wait_for(self.reader.read(-1), WITHIN)


@pytest.fixture
async def app():
    return App()


@pytest.fixture
async def serve(app):
    async with contextlib.AsyncExitStack() as stack:

        async def begin(**limits):
            config = ServerConfig()
            config.limits = ConnectionLimits(**limits)
            return await stack.enter_async_context(running(app, config=config, grace=0.2))

        yield begin


@pytest.fixture
async def dial():
    """A function that connects to a port."""
    clients = []

    async def connected(port):
        clients.append(Client(*await asyncio.open_connection("127.0.0.1", port, limit=2**24)))
        return clients[-1]

    yield connected
    for client in clients:
        client.writer.close()


@pytest.fixture
async def connect(serve, dial):
    """A function that connects to a server with these manners; the same server for each of the same test."""
    servers = []

    async def connected(**limits):
        if not servers:
            servers.append(await serve(**limits))
        return await dial(servers[0].port)

    return connected
