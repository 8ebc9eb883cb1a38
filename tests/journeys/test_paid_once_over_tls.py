"""U2, U4, U5 over TLS: what is sent again, and over which connection, when the provider speaks https."""

import asyncio
import contextlib
import shutil
import ssl
import subprocess

import pytest
from jackfield.testing import text_answer

from .conftest import WITHIN

BODY = text_answer("Hello there").body
OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY
LONG = "x" * 3_000_000

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return the files of a certificate for localhost, which is its own authority, and of its key."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, "-keyout", key, "-out", made], check=True, capture_output=True)
    return made, key


class Relay:
    """A provider that speaks TLS: `serve` is called with each request's number and its connection."""

    def __init__(self, certificate, serve):
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(*certificate)
        self._serve = serve
        self._open = []
        self.requests = self.connections = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls)
        self.base_url = f"https://localhost:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task, writer in self._open:
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*(task for task, _ in self._open), return_exceptions=True)

    async def _connected(self, reader, writer):
        self.connections += 1
        self._open.append((asyncio.current_task(), writer))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                await self._serve(self.requests, head, reader, writer)


async def body(head, reader):
    """Read a request to its end."""
    found = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    await reader.readexactly(int(found[0].split(b":")[1]))


@pytest.fixture
def relay(certificate, monkeypatch):
    """Return a function that makes a provider which the proxy trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return lambda serve: Relay(certificate, serve)


async def test_a_connection_is_kept(relay, serve):
    async def answer(number, head, reader, writer):
        await body(head, reader)
        writer.write(OK)

    async with relay(answer) as fox:
        house = await serve(fox.base_url)
        assert [(await house.post()).status_code for _ in range(3)] == [200] * 3
        assert (fox.requests, fox.connections) == (3, 1)


@pytest.mark.parametrize("how", ["closed with TLS", "closed without", "after a part of the body"])
@pytest.mark.parametrize("retries", [0, 3])
async def test_what_was_worked_on_is_sent_once(relay, serve, how, retries):
    """U2: TLS says goodbye by itself, and a proxy in between may not."""

    async def answer(number, head, reader, writer):
        if how == "after a part of the body" and number > 1:
            await reader.readexactly(1000)
        else:
            await body(head, reader)
        if number == 1:
            writer.write(OK)
            return
        await asyncio.sleep(0.3)
        if how == "closed with TLS":
            writer.close()
        else:
            writer.transport.abort()
        raise ConnectionError

    async with relay(answer) as fox:
        house = await serve(fox.base_url, config={"request-retry": retries})
        assert (await house.post()).status_code == 200
        assert (await house.post(input=LONG if how.startswith("after") else "Hi")).status_code == 502
        assert fox.requests == len(house.records.of("attempt")) == 2


@pytest.mark.parametrize("how", ["with TLS", "without"])
async def test_a_kept_connection_that_had_ended_costs_nobody_anything(relay, serve, how):
    """U2: it is replaced, though no retry is wanted."""

    async def answer(number, head, reader, writer):
        await body(head, reader)
        writer.write(OK)
        await writer.drain()
        if number == 1:
            kept.append(writer)

    kept = []
    async with relay(answer) as fox:
        house = await serve(fox.base_url, config={"request-retry": 0})
        assert (await house.post()).status_code == 200
        kept[0].close() if how == "with TLS" else kept[0].transport.abort()
        assert (await house.post()).status_code == 200
        assert len(house.records.of("attempt")) == fox.requests == fox.connections == 2


@pytest.mark.parametrize("late", [False, True], ids=["in one record", "while it rests"])
async def test_a_second_answer_changes_nothing_and_ends_the_connection(relay, serve, late):
    """U4"""

    async def answer(number, head, reader, writer):
        await body(head, reader)
        if not late:
            writer.write(OK + b"HTTP/1.1 500 No\r\nx-request-id: smuggled\r\ncontent-length: 0\r\n\r\n")
            return
        writer.write(OK)
        await rested.wait()
        writer.write(b"HTTP/1.1 500 No\r\nx-request-id: smuggled\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()

    rested = asyncio.Event()
    async with relay(answer) as fox:
        house = await serve(fox.base_url)
        one = await house.post()
        rested.set()
        async with asyncio.timeout(WITHIN):
            while house.host.upstream.open_connections:  # noqa: ASYNC110  # nothing tells of it
                await asyncio.sleep(0.01)
        two = await house.post()
        assert (one.status_code, two.status_code) == (200, 200)
        assert "smuggled" not in str(one.headers) + str(two.headers)
        assert one.json()["output"] == two.json()["output"]


@pytest.mark.parametrize("status", [200, 413, 429])
async def test_an_answer_before_the_request_is_out_ends_its_connection(relay, serve, status):
    """U5: nothing of the rest is read; the next request is not a piece of it."""

    async def answer(number, head, reader, writer):
        if number > 1:
            await body(head, reader)
            writer.write(OK)
            return
        writer.write(OK if status == 200 else b"HTTP/1.1 %d No\r\ncontent-length: 2\r\n\r\n{}" % status)
        writer.transport.pause_reading()

    async with relay(answer) as fox:
        house = await serve(fox.base_url, config={"request-retry": 0})
        async with asyncio.timeout(WITHIN):
            assert (await house.post(input=LONG)).status_code == status
            house.host.runtime.selector.reset()
            assert (await house.post()).status_code == 200
        assert fox.connections == 2
