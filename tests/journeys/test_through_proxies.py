"""U3, and whose fault it is: an operator's own proxy on the way that refuses, asks for a login or says nothing."""

import asyncio
import contextlib
import socket

import pytest
from jackfield.testing import FakeUpstream, reply

from .conftest import provider

REFUSALS = {
    "CONNECT refused": ("http", b"HTTP/1.1 403 Forbidden by policy\r\n\r\n", "403 Forbidden by policy"),
    "CONNECT wants a login": ("http", b"HTTP/1.1 407 Authentication Required\r\n\r\n", "password in proxy-url"),
    "CONNECT that finds nobody": ("http", b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "503 Service Unavailable"),
    "a page": ("http", b"<html>canary</html>\r\n\r\n", "no HTTP"),
    "nothing": ("http", b"", "closed the connection"),
    "SOCKS5 refused": ("socks5", b"\5\0\5\2\0\1\0\0\0\0\0\0", "not allowed"),
    "SOCKS5 wants a login": ("socks5", b"\5\xff", "log in"),
    "SOCKS5 that is none": ("socks5", b"HTTP/1.1 400 Bad Request\r\n\r\n", "log in"),
}


@contextlib.asynccontextmanager
async def proxy(answer):
    """Run a proxy that says so much to whoever connects, and yield its port."""

    async def connected(reader, writer):
        tasks.append(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await reader.read(3)
            writer.write(answer)
            writer.write_eof()
            await reader.read()
        writer.transport.abort()

    tasks = []
    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def through(scheme, port, **keys):
    """Return a provider behind a proxy."""
    return provider(
        "fox", "https://fox.invalid/v1", **{"proxy-url": f"{scheme}://me:hunter22@127.0.0.1:{port}", **keys}
    )


@pytest.mark.parametrize(("scheme", "answer", "words"), REFUSALS.values(), ids=REFUSALS)
async def test_a_proxy_that_lets_nobody_through_is_told_as_such(serve, scheme, answer, words):
    """U3: 502 and what it said; no word of a page, no password."""
    async with proxy(answer) as port:
        house = await serve(config={"tppc": {"providers": [through(scheme, port)]}})
        found = await house.post()
        assert found.status_code == 502
        assert words in found.text
        assert "canary" not in found.text
        assert "hunter22" not in found.text


@pytest.mark.parametrize(("scheme", "answer"), [case[:2] for case in REFUSALS.values()], ids=REFUSALS)
async def test_who_is_not_behind_it_answers(serve, upstream, scheme, answer):
    async with proxy(answer) as port:
        entries = [through(scheme, port, priority=9), provider("owl", upstream.base_url)]
        house = await serve(config={"tppc": {"providers": entries}})
        assert (await house.post()).status_code == 200


async def test_a_login_that_a_forwarding_proxy_wants_is_nobodys_refusal_of_the_request(serve, upstream):
    """The page of an operator's proxy was told as a firewall's, with 403."""
    page = reply("<html>canary</html>", 407, "text/html", proxy_authenticate="Basic")
    async with FakeUpstream(page) as way:
        fox = provider("fox", "http://fox.invalid/v1", **{"proxy-url": way.base_url.removesuffix("/v1")})
        house = await serve(config={"tppc": {"providers": [fox]}})
        found = await house.post()
        assert found.status_code == 502
        assert "give its user and password in proxy-url" in found.text
        entries = [{**fox, "priority": 9}, provider("owl", upstream.base_url)]
        other = await serve(config={"tppc": {"providers": entries}})
        assert (await other.post()).status_code == 200


async def test_one_that_says_nothing_takes_one_time_out_and_not_two(serve):
    """U3: trying again would only take as long again."""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel takes connections, and nobody reads
        house = await serve(
            config={
                "tppc": {"providers": [through("http", silent.getsockname()[1])]},
                "limits": {"connect-timeout": 0.2},
            }
        )
        assert (await house.post()).status_code == 502
        assert len(house.records.of("attempt")) == 1
