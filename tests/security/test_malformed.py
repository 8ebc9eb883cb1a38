"""Line 13 of docs/security.md on the socket: what is no HTTP is refused, and the next client is served.

Against the real command. Every case has a connection of its own; all are open at once.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
import yaml
from jackfield.testing import FakeUpstream, Hang, Script, Send, text_answer

WITHIN = 30.0
CONFIG = {
    "limits": {"max-header-bytes": 8192, "max-body-bytes": 100_000, "header-timeout": 3, "body-timeout": 3,
               "idle-timeout": 3, "write-timeout": 3},
}  # fmt: skip
BODY = orjson.dumps({"model": "gpt-5", "input": "Hi"})


@pytest.fixture(scope="module")
def served(server_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server that the command started, with one provider."""
    import os
    import sys

    folder = tmp_path_factory.mktemp("malformed")
    with FakeUpstream.in_thread() as upstream:
        entry = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
        (folder / "config.yaml").write_text(yaml.safe_dump({**CONFIG, "tppc": {"providers": [entry]}}))
        command = [sys.executable, "-m", "jackfield", "serve", "--port", "0"]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("JACKFIELD")}
        with server_in(command, folder, clean) as server:
            server.upstream = upstream
            yield server


async def exchanged(port: int, *pieces: bytes, end: bool = False, pause: float = 0.0) -> bytes:
    """Send pieces, then nothing more (`end` says so), and return all that came until the server closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sending = asyncio.create_task(send(writer, pieces, end, pause))
    came = b""
    try:
        async with asyncio.timeout(WITHIN):
            while data := await reader.read(65536):
                came += data
    except ConnectionError:
        pass  # it closed without reading the rest, which is its right
    except TimeoutError:
        return b"HTTP: the connection is still open; " + came
    finally:
        sending.cancel()
        writer.transport.abort()
        await asyncio.gather(sending, return_exceptions=True)
    return came


async def send(writer: asyncio.StreamWriter, pieces: tuple[bytes, ...], end: bool, pause: float) -> None:
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause)
    if end:
        writer.write_eof()


def post(*headers: str, body: bytes = b"") -> bytes:
    lines = ["POST /v1/responses HTTP/1.1", "Host: x", "Content-Type: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def chunked(body: bytes) -> bytes:
    return post("Transfer-Encoding: chunked", body=body)


def get(line: str = "GET /healthz HTTP/1.1", *headers: str) -> bytes:
    return "\r\n".join([line, "Host: x", *headers, "", ""]).encode("latin-1")


LENGTH = f"Content-Length: {len(BODY)}"
CHUNK = b"%x\r\n%b\r\n" % (len(BODY), BODY)

NO_HTTP = {
    "words": b"HELLO\r\n\r\n",
    "no target": b"GET\r\n\r\n",
    "no version": b"GET /healthz\r\n\r\n",
    "version 9.9": get("GET /healthz HTTP/9.9"),
    "version cut": get("GET /healthz HTTP/1."),
    "another protocol": get("GET /healthz FTP/1.1"),
    "a word too many": get("GET /healthz HTTP/1.1 x"),
    "no method": get(" /healthz HTTP/1.1"),
    "a strange method": get("FROB /healthz HTTP/1.1"),
    "a long method": get("A" * 20_000 + " / HTTP/1.1"),
    "a long target": get(f"GET /{'a' * 20_000} HTTP/1.1"),
    "NUL in the target": get("GET /heal\0thz HTTP/1.1"),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "zeros": b"\0" * 500,
    "noise": bytes((n * 7919) % 256 for n in range(3000)) + b"\r\n\r\n",
    "CONNECT": get("CONNECT example.com:443 HTTP/1.1"),
    "OPTIONS *": get("OPTIONS * HTTP/1.1", "Connection: close"),
    "HTTP/2, then noise": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 400,
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "SMTP": b"EHLO example.com\r\n",
}
HEADERS = {
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": get("GET /healthz HTTP/1.1", "Host: y"),
    "NUL in a value": get("GET /healthz HTTP/1.1", "X: a\0b"),
    "CR in a value": get("GET /healthz HTTP/1.1", "X: a\rb"),
    "a folded one": get("GET /healthz HTTP/1.1", "X: a", " b"),
    "a blank before the colon": get("GET /healthz HTTP/1.1", "X : a"),
    "no colon": get("GET /healthz HTTP/1.1", "X"),
    "no name": get("GET /healthz HTTP/1.1", ": a"),
    "a name with brackets": get("GET /healthz HTTP/1.1", "X(): a"),
    "a name that is not ASCII": get("GET /healthz HTTP/1.1", "Xé: a"),
    "bare line feeds": b"GET /healthz HTTP/1.1\nHost: x\n\n",
    "a huge one": get("GET /healthz HTTP/1.1", "X: " + "a" * 20_000),
    "very many": get("GET /healthz HTTP/1.1", *(f"X-{n}: a" for n in range(5000))),
    "a huge one without an end": b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 200_000,
}
LENGTHS = {
    "length and chunks": post(LENGTH, "Transfer-Encoding: chunked", body=CHUNK + b"0\r\n\r\n"),
    "chunks and length": post("Transfer-Encoding: chunked", LENGTH, body=CHUNK + b"0\r\n\r\n"),
    "two lengths": post(LENGTH, "Content-Length: 3", body=BODY),
    "two lengths in one": post(f"{LENGTH}, 3", body=BODY),
    "negative": post("Content-Length: -1", body=BODY),
    "signed": post(f"Content-Length: +{len(BODY)}", body=BODY),
    "hexadecimal": post("Content-Length: 0x1f", body=BODY),
    "not a number": post("Content-Length: ten", body=BODY),
    "no value": post("Content-Length: ", body=BODY),
    "in two words": post("Content-Length: 1 0", body=BODY),
    "beyond all numbers": post("Content-Length: 99999999999999999999999", body=BODY),
    "too large": post("Content-Length: 1000000000", body=BODY),
    "another coding": post("Transfer-Encoding: gzip", body=BODY),
    "an unknown coding": post("Transfer-Encoding: xchunked", body=CHUNK + b"0\r\n\r\n"),
    "chunked and then not": post("Transfer-Encoding: chunked, identity", body=CHUNK + b"0\r\n\r\n"),
    "chunk size is a word": chunked(b"zz\r\n" + BODY),
    "chunk size is negative": chunked(b"-5\r\n" + BODY),
    "chunk size is beyond all numbers": chunked(b"F" * 40 + b"\r\n" + BODY),
    "chunk longer than told": chunked(b"3\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunks in all too large": chunked(
        b"1000\r\n" + b"a" * 4096 + b"\r\n" + (b"1000\r\n" + b"a" * 4096 + b"\r\n") * 30
    ),
    "a chunk's note that does not end": chunked(b"5;" + b"a" * 100_000),
    "a trailer that does not end": chunked(CHUNK + b"0\r\nX: " + b"a" * 100_000),
}
CUT = {
    "after a blank": b"GET ",
    "in the head": b"POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-",
    "before the body": post(LENGTH),
    "in the body": post(LENGTH, body=BODY[:5]),
    "in a chunk": chunked(CHUNK[:9]),
    "before the last chunk": chunked(CHUNK),
}
KINDS = {"no HTTP": NO_HTTP, "headers": HEADERS, "lengths": LENGTHS}


def status_of(answer: bytes) -> int:
    """Return the status of an answer; 0 when the connection was just closed; -1 for what is no answer."""
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(found[1]) if found else -1 if answer[:4] == b"HTTP" else 0


def is_refusal(answer: bytes) -> bool:
    """4xx, "not implemented", "version not supported", or nothing but the end."""
    return status_of(answer) in (0, 501, 505) or 400 <= status_of(answer) < 500


async def all_of(port: int, cases: dict[str, bytes], **how: Any) -> dict[str, bytes]:
    answers = await asyncio.gather(*(exchanged(port, data, **how) for data in cases.values()))
    return dict(zip(cases, answers, strict=True))


def unharmed(served: Any) -> None:
    """The server serves the next client, and its log has no fault."""
    answer = httpx.post(f"{served.url}/v1/responses", content=BODY, trust_env=False, timeout=WITHIN)
    assert answer.status_code == 200
    assert "Traceback" not in served.log
    assert " error " not in served.log


@pytest.mark.parametrize("kind", KINDS)
async def test_13_what_is_no_request_is_refused(served: Any, kind: str) -> None:
    before = len(served.upstream.requests)

    answers = await all_of(served.port, KINDS[kind])

    assert {name: answer[:60] for name, answer in answers.items() if not is_refusal(answer)} == {}
    assert len(served.upstream.requests) == before
    unharmed(served)


@pytest.mark.parametrize("kind", KINDS)
async def test_13_it_is_refused_in_small_pieces_too(served: Any, kind: str) -> None:
    cases = {name: data for name, data in KINDS[kind].items() if len(data) < 600}
    sent = (
        exchanged(served.port, *(data[at : at + 7] for at in range(0, len(data), 7)), pause=0.001)
        for data in cases.values()
    )
    answers = dict(zip(cases, await asyncio.gather(*sent), strict=True))

    assert {name: answer[:60] for name, answer in answers.items() if not is_refusal(answer)} == {}
    unharmed(served)


@pytest.mark.parametrize("said", [True, False], ids=["and the end", "and silence"])
async def test_13_what_is_cut_is_given_up(served: Any, said: bool) -> None:
    before = len(served.upstream.requests)

    answers = await all_of(served.port, CUT, end=said)

    assert {name: answer[:60] for name, answer in answers.items() if not is_refusal(answer)} == {}
    assert len(served.upstream.requests) == before
    unharmed(served)


@pytest.mark.parametrize("name", ["length and chunks", "chunks and length", "two lengths", "negative"])
async def test_13_an_ambiguous_length_is_400(served: Any, name: str) -> None:
    assert status_of(await exchanged(served.port, LENGTHS[name])) == 400


@pytest.mark.parametrize(
    ("status", "data"),
    [(431, HEADERS["a huge one"]), (431, HEADERS["very many"]), (431, NO_HTTP["a long target"]),
     (413, LENGTHS["too large"]), (413, LENGTHS["chunks in all too large"])],
)  # fmt: skip
async def test_13_too_much_is_told_with_the_limit(served: Any, status: int, data: bytes) -> None:
    answer = await exchanged(served.port, data)
    assert status_of(answer) == status
    assert {431: b"limits.max-header-bytes", 413: b"limits.max-body-bytes"}[status] in answer


async def test_13_rubbish_behind_a_request_does_not_take_its_answer(served: Any) -> None:
    good = post(LENGTH, body=BODY)
    for rubbish in (b"\0\0\0\0", b"GET /\r\n\r\n", post("Content-Length: -1"), b"x" * 20_000):
        answer = await exchanged(served.port, good + rubbish)
        assert status_of(answer) == 200
        assert b'"completed"' in answer
        assert b" 500 " not in answer
    unharmed(served)


UPGRADE = ("Connection: Upgrade, HTTP2-Settings, close", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
NOTED = CHUNK.replace(b"\r\n", b";a=b\r\n", 1) + b"0\r\nX-Trailer: 1\r\n\r\n"
UNUSUAL = {
    "a proxy's target": post(LENGTH, "Connection: close", body=BODY).replace(b" /v1/", b" http://example.com/v1/", 1),
    "HTTP/1.0": b"POST /v1/responses HTTP/1.0\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
    "empty lines first": b"\r\n\r\n" + post(LENGTH, "Connection: close", body=BODY),
    "a wish to go on": post(LENGTH, "Expect: 100-continue", "Connection: close", body=BODY),
    "an offer of HTTP/2": post(LENGTH, *UPGRADE, body=BODY),
    "notes and a trailer": post("Transfer-Encoding: chunked", "Connection: close", body=NOTED),
}


async def test_13_what_is_merely_unusual_is_served(served: Any) -> None:
    answers = await all_of(served.port, UNUSUAL)
    assert {name: answer[:200] for name, answer in answers.items() if b'"completed"' not in answer} == {}
    assert b"chunked" not in answers["HTTP/1.0"]
    unharmed(served)


async def test_13_half_a_websocket_is_refused(served: Any) -> None:
    half = get("GET /v1/responses HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket")
    other = get("GET /nowhere HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 1",
                "Sec-WebSocket-Key: x")  # fmt: skip
    for data in (half, other):
        assert is_refusal(await exchanged(served.port, data, end=True))
    unharmed(served)


# -- 14, the client's side


async def test_14_a_head_that_drips_is_given_up(served: Any) -> None:
    """One byte now and then, for ever: what counts is when the head began, not its last byte."""

    async def dripping() -> bytes:
        drops = (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ", *([b"a"] * 200))
        return await exchanged(served.port, *drops, pause=0.1)

    answers = await asyncio.gather(*(dripping() for _ in range(20)))

    assert {status_of(answer) for answer in answers} <= {0, 408}
    unharmed(served)


async def test_14_a_body_that_drips_is_given_up(served: Any) -> None:
    drops = (post("Content-Length: 300"), *([b" "] * 200))
    answer = await exchanged(served.port, *drops, pause=0.1)
    assert status_of(answer) == 408
    assert b"limits.body-timeout" in answer
    unharmed(served)


async def test_14_silence_is_given_up(served: Any) -> None:
    """Before a first request, and after one on a connection that is kept."""
    assert await exchanged(served.port) == b""
    assert b'"ok"' in await exchanged(served.port, get())


async def test_14_a_reader_that_stops_is_cut_off(served: Any) -> None:
    """It keeps the connection open and takes nothing; the upstream is let go of when its patience is over."""
    piece = b'data: {"type":"response.output_text.delta","delta":"%b"}\n\n' % (b"x" * 8000)
    served.upstream.script(Script((*text_answer("x").steps[:5], *(Send(piece) for _ in range(4000)), Hang())))
    before = len(served.upstream.requests)
    body = orjson.dumps({"model": "gpt-5", "input": "Hi", "stream": True})
    _reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1)
    writer.write(post(f"Content-Length: {len(body)}", body=body))
    while len(served.upstream.requests) == before:  # noqa: ASYNC110  # another thread's list sets no event here
        await asyncio.sleep(0.02)
    request = served.upstream.requests[-1]

    await asyncio.to_thread(request.wait_closed_sync, WITHIN)

    assert not request.finished
    writer.transport.abort()
    unharmed(served)
