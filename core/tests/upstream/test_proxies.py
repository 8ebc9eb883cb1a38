"""The way through proxies: CONNECT and SOCKS5, and the same watch over the connection (U2, U3, U7)."""

import asyncio
import contextlib
import socket

import httpx
import pytest
from jackfield.upstream.proxies import Proxy
from jackfield.upstream.transport import DirectTransport, Target, Timeouts


@contextlib.asynccontextmanager
async def served(serve):
    """Serve one connection after the other with `serve`, and yield the port."""

    opened = []

    async def connected(reader, writer):
        opened.append((asyncio.current_task(), writer))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.05)
        for task, writer in opened:
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*(task for task, _ in opened), return_exceptions=True)
        await asyncio.sleep(0)


async def echoed(sock):
    """Return what the other end of a tunnel says next."""
    with sock:
        await asyncio.get_running_loop().sock_sendall(sock, b"ping")
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(sock, 100), 5)


async def test_connect_leads_to_the_upstream_and_nothing_is_lost():
    heads = []

    async def serve(reader, writer):
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        writer.write(await reader.readexactly(4))
        await writer.drain()

    async with served(serve) as port:
        proxy = Proxy.parse(httpx.URL(f"http://me:p%40ss@127.0.0.1:{port}"))
        sock = await proxy.reach("https", "upstream.invalid", 443)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert await echoed(sock) == b"ping"
    assert heads[0].startswith(b"CONNECT upstream.invalid:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n" in heads[0]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Who are you\r\n\r\n", b"", b"220 smtp\r\n\r\n"])
async def test_a_proxy_that_does_not_let_through(answer):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with served(serve) as port:
        with pytest.raises(OSError, match="the proxy"):
            await Proxy("http", "127.0.0.1", port).reach("https", "upstream.invalid", 443)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 407 Who are you\r\n\r\n", "407 Who are you; give its user and password in proxy-url"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "the proxy refused: 403 Forbidden"),
        (b"<html>blocked</html>\r\n\r\n", "is no HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\nand more", "more than its answer"),
    ],
)
async def test_the_message_says_what_is_wrong_with_the_proxy(answer, words):
    """U3: and repeats nothing of a page."""

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with served(serve) as port:
        with pytest.raises(OSError, match=words) as caught:
            await Proxy("http", "127.0.0.1", port).reach("https", "upstream.invalid", 443)
    assert "html" not in str(caught.value)


@pytest.mark.parametrize("login", ["", "me:pass@"])
async def test_socks5_with_and_without_a_password(login):
    async def serve(reader, writer):
        assert (await reader.readexactly(2))[0] == 5
        writer.write(b"\x05\x02" if login else b"\x05\x00")
        await reader.readexactly(2 if login else 1)
        if login:
            assert await reader.readexactly(9) == b"\x01\x02me\x04pass"
            writer.write(b"\x01\x00")
        asked.append(await reader.readexactly(4 + 1 + len("upstream.invalid") + 2))
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
        assert b"POST /v1" in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nHi")
        await writer.drain()
        await reader.read()

    asked = []
    async with served(serve) as port:
        proxy = Proxy.parse(httpx.URL(f"socks5://{login}127.0.0.1:{port}"))
        async with DirectTransport(Timeouts(connect=5, first_byte=5, idle=5), proxy) as transport:
            answer = await transport.send("POST", Target.of("http://upstream.invalid/v1"), [])
            assert b"".join([piece async for piece in answer.body]) == b"Hi"
    assert asked[0][-19:] == b"\x10upstream.invalid\x00\x50"


async def test_socks5_that_refuses():
    async def serve(reader, writer):
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        await reader.readexactly(10)
        writer.write(b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00")

    async with served(serve) as port:
        with pytest.raises(OSError, match="refused"):
            await Proxy("socks5", "127.0.0.1", port).reach("http", "10.0.0.1", 80)
