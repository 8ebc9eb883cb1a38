"""One connection, fed by hand: nothing here waits for a network."""

import asyncio
import contextlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.upstream.connection import HEAD_LIMIT, HIGH_WATER, Connection

OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
REQUEST = b"POST /v1/responses HTTP/1.1\r\nhost: x\r\n\r\n"


class Wire(asyncio.Transport):
    """A transport that remembers what was done to it."""

    def __init__(self):
        super().__init__()
        self.sent = b""
        self.paused = False
        self.aborted = False

    def write(self, data):
        self.sent += data

    def pause_reading(self):
        self.paused = True

    def resume_reading(self):
        self.paused = False

    def abort(self):
        self.aborted = True


class Peer:
    """A connection with a request on its way, and the other end of it."""

    def __init__(self, loop, first_byte=0.0, idle=0.0):
        self.lost = []
        self.wire = Wire()
        self.connection = Connection(loop, self.lost.append)
        self.connection.connection_made(self.wire)
        self.ask(first_byte, idle)

    def ask(self, first_byte=0.0, idle=0.0):
        self.connection.send(REQUEST, first_byte, idle)

    def says(self, *chunks):
        for chunk in chunks:
            self.connection.data_received(chunk)

    def hangs_up(self, error=None):
        if error is None:
            self.connection.eof_received()
        self.connection.connection_lost(error)

    async def whole(self):
        await self.connection.head()
        return await self.body()

    async def body(self):
        pieces = []
        while piece := await self.connection.read():
            pieces.append(piece)
        return b"".join(pieces)


@pytest.fixture
async def peer():
    peer = Peer(asyncio.get_running_loop())
    yield peer
    peer.connection.abort()


async def test_the_request_goes_out_as_it_is(peer):
    assert peer.wire.sent == REQUEST


BODIES = {
    "chunked": (b"transfer-encoding: chunked\r\n\r\n5\r\nHello\r\n6\r\n world\r\n0\r\n\r\n", True),
    "length": (b"content-length: 11\r\n\r\nHello world", True),
    "length, closing": (b"content-length: 11\r\nconnection: close\r\n\r\nHello world", False),
    "chunked with extension and trailer": (
        b"transfer-encoding: chunked\r\n\r\n5;x=1\r\nHello\r\n6\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n", True,
    ),
    "other case": (b"Transfer-Encoding: Chunked\r\n\r\nB\r\nHello world\r\n0\r\n\r\n", True),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "kept"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_every_framing_gives_the_body(peer, answer, kept, size):
    whole = OK + answer
    peer.says(*[whole[start : start + size] for start in range(0, len(whole), size)])
    status, headers = await peer.connection.head()
    assert (status, dict(headers)[b"content-type"]) == (200, b"text/event-stream")
    assert await peer.body() == b"Hello world"
    assert peer.connection.reusable is kept


async def test_a_body_without_a_length_ends_with_the_connection(peer):
    peer.says(OK + b"\r\nHello", b" world")
    await peer.connection.head()
    assert await peer.connection.read() == b"Hello world"
    peer.hangs_up()
    assert await peer.connection.read() == b""
    assert not peer.connection.reusable


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_a_status_that_has_no_body_has_none(peer, status):
    peer.says(b"HTTP/1.1 " + status + b"\r\n\r\n")
    await peer.connection.head()
    assert await peer.body() == b""
    assert peer.connection.reusable


async def test_interim_answers_are_passed_over(peer):
    peer.says(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n")
    peer.says(OK + b"content-length: 2\r\n\r\nHi")
    status, headers = await peer.connection.head()
    assert status == 200
    assert b"link" not in dict(headers)
    assert await peer.body() == b"Hi"


async def test_what_came_between_two_reads_is_one_piece(peer):
    peer.says(OK + b"transfer-encoding: chunked\r\n\r\n", b"1\r\na\r\n", b"1\r\nb\r\n", b"1\r\nc\r\n")
    await peer.connection.head()
    assert await peer.connection.read() == b"abc"


async def test_a_reader_that_waits_is_woken(peer):
    peer.says(OK + b"transfer-encoding: chunked\r\n\r\n")
    await peer.connection.head()
    reading = asyncio.ensure_future(peer.connection.read())
    await asyncio.sleep(0)
    assert not reading.done()
    peer.says(b"1\r\na\r\n")
    assert await reading == b"a"


async def test_the_next_request_starts_afresh(peer):
    for body in (b"one", b"two"):
        peer.says(OK + b"x: %s\r\ncontent-length: 3\r\n\r\n%s" % (body, body))
        _, headers = await peer.connection.head()
        assert dict(headers)[b"x"] == body
        assert await peer.body() == body
        assert peer.connection.reusable
        peer.ask()
        assert not peer.connection.reusable


BROKEN = {
    "before the head": (b"", httpx.ReadError),
    "in the head": (b"HTTP/1.1 200 OK\r\nx: ", httpx.ReadError),
    "no HTTP": (b"220 smtp ready\r\n", httpx.RemoteProtocolError),
    "a bad chunk": (OK + b"transfer-encoding: chunked\r\n\r\nzz\r\n", httpx.RemoteProtocolError),
    "two lengths": (OK + b"content-length: 1\r\ncontent-length: 2\r\n\r\n", httpx.RemoteProtocolError),
    "another protocol": (
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", httpx.RemoteProtocolError,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "kind"), BROKEN.values(), ids=BROKEN)
async def test_a_broken_answer_is_an_error(peer, answer, kind):
    if answer:
        peer.says(answer)
    peer.hangs_up(ConnectionResetError("reset by peer"))
    with pytest.raises(kind):
        await peer.whole()
    assert peer.lost == [peer.connection]
    assert not peer.connection.reusable


async def test_a_body_that_is_cut_gives_what_came_and_then_the_error(peer):
    peer.says(OK + b"content-length: 10\r\n\r\nHello")
    await peer.connection.head()
    peer.hangs_up()
    assert await peer.connection.read() == b"Hello"
    with pytest.raises(httpx.ReadError, match="closed the connection"):
        await peer.connection.read()


async def test_a_waiting_reader_is_told_of_the_end(peer):
    waiting = asyncio.ensure_future(peer.connection.head())
    await asyncio.sleep(0)
    peer.hangs_up(ConnectionResetError("reset by peer"))
    with pytest.raises(httpx.ReadError, match="reset by peer"):
        await waiting


async def test_bytes_that_nobody_asked_for_end_the_connection(peer):
    peer.says(OK + b"content-length: 2\r\n\r\nHi")
    await peer.body()
    peer.says(OK)
    assert peer.wire.aborted
    assert not peer.connection.reusable


async def test_so_do_bytes_before_any_request():
    connection = Connection(asyncio.get_running_loop(), lambda _: None)
    wire = Wire()
    connection.connection_made(wire)
    connection.data_received(OK)
    assert wire.aborted


async def test_a_reader_that_falls_behind_stops_the_socket(peer):
    peer.says(OK + b"content-length: 1000000\r\n\r\n")
    await peer.connection.head()
    piece = b"x" * 100_000
    peer.says(piece, piece)
    assert not peer.wire.paused
    peer.says(piece)
    assert peer.wire.paused
    assert len(await peer.connection.read()) == 300_000 > HIGH_WATER
    assert not peer.wire.paused


# -- silence


async def test_silence_before_the_first_byte_has_its_own_limit():
    peer = Peer(asyncio.get_running_loop(), first_byte=0.02, idle=60)
    with pytest.raises(httpx.ReadTimeout, match=r"before the first byte within 0\.02 s"):
        await peer.connection.head()
    assert peer.wire.aborted


async def test_silence_after_it_another():
    peer = Peer(asyncio.get_running_loop(), first_byte=60, idle=0.02)
    peer.says(OK + b"content-length: 10\r\n\r\nHello")
    await peer.connection.head()
    assert await peer.connection.read() == b"Hello"
    with pytest.raises(httpx.ReadTimeout, match=r"sent nothing within 0\.02 s"):
        await peer.connection.read()


async def test_each_byte_starts_the_time_anew():
    loop = asyncio.get_running_loop()
    peer = Peer(loop, first_byte=0.2, idle=0.2)
    peer.says(OK + b"content-length: 100\r\n\r\n")
    for number in range(1, 6):
        loop.call_later(0.1 * number, peer.says, b"x")
    await peer.connection.head()
    assert [await peer.connection.read() for _ in range(5)] == [b"x"] * 5
    peer.connection.abort()


async def test_zero_is_no_limit():
    peer = Peer(asyncio.get_running_loop(), 0, 0)
    waiting = asyncio.ensure_future(peer.connection.head())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    peer.says(OK + b"content-length: 0\r\n\r\n")
    await waiting


async def test_a_slow_reader_is_not_the_upstreams_silence():
    peer = Peer(asyncio.get_running_loop(), first_byte=0.02, idle=0.02)
    peer.says(OK + b"content-length: 10\r\n\r\nHello")
    await peer.connection.head()
    await asyncio.sleep(0.06)
    assert await peer.connection.read() == b"Hello"
    assert not peer.wire.aborted
    peer.connection.abort()


async def test_an_idle_connection_has_no_timer():
    peer = Peer(asyncio.get_running_loop(), first_byte=0.02, idle=0.02)
    peer.says(OK + b"content-length: 0\r\n\r\n")
    await peer.connection.head()
    await asyncio.sleep(0.05)
    assert peer.connection.reusable


# -- the end


async def test_abort_closes_at_once_and_readers_are_told(peer):
    peer.connection.abort()
    assert peer.wire.aborted
    with pytest.raises(httpx.ReadError):
        await peer.connection.head()


async def test_an_answer_that_nobody_needs_any_more_may_end_by_itself(peer):
    drained = []
    peer.says(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nHello\r\n")
    await peer.connection.head()
    peer.connection.drain(lambda: drained.append(peer.connection.reusable))
    assert drained == []
    peer.says(b"2\r\nxx\r\n0\r\n\r\n")
    assert drained == [True]


async def test_if_it_is_over_already_at_once(peer):
    drained = []
    peer.says(OK + b"content-length: 0\r\n\r\n")
    await peer.connection.head()
    peer.connection.drain(lambda: drained.append(True))
    assert drained == [True]


async def test_but_not_for_long(peer, monkeypatch):
    monkeypatch.setattr("jackfield.upstream.connection.DRAIN", 0.01)
    peer.says(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nHello\r\n")
    await peer.connection.head()
    peer.connection.drain(lambda: None)
    await asyncio.sleep(0.05)
    assert peer.wire.aborted


async def test_a_paused_one_goes_on_when_it_may_end_by_itself(peer):
    peer.says(OK + b"content-length: 300000\r\n\r\n" + b"x" * 290_000)
    await peer.connection.head()
    assert peer.wire.paused
    drained = []
    peer.connection.drain(lambda: drained.append(True))
    assert not peer.wire.paused
    peer.says(b"x" * 10_000)
    assert drained == [True]


@given(st.binary(max_size=300), st.integers(1, 20))
def test_no_bytes_make_it_fail_otherwise(data, size):
    async def run():
        peer = Peer(asyncio.get_running_loop())
        for start in range(0, len(data), size):
            peer.says(data[start : start + size])
        peer.hangs_up(ConnectionResetError())
        with contextlib.suppress(httpx.TransportError):
            await peer.whole()

    asyncio.run(run())


async def test_headers_without_end_are_no_answer(peer):
    peer.says(b"HTTP/1.1 200 OK\r\n", *[b"x-%d: %s\r\n" % (n, b"y" * 1000) for n in range(HEAD_LIMIT // 1000)])
    assert peer.wire.aborted
    with pytest.raises(httpx.RemoteProtocolError, match="bytes of headers"):
        await peer.connection.head()


async def test_trailers_without_end_are_not_kept(peer):
    """U6: nothing reads them."""
    peer.says(OK + b"transfer-encoding: chunked\r\n\r\n0\r\n")
    _, headers = await peer.connection.head()
    known = len(headers)
    peer.says(*[b"x-%d: y\r\n" % number for number in range(1000)], b"\r\n")
    assert await peer.body() == b""
    assert len(headers) == known


async def test_a_long_body_that_comes_with_its_head_is_none_of_it(peer):
    peer.says(OK + b"content-length: %d\r\n\r\n" % (2 * HEAD_LIMIT) + b"y" * HEAD_LIMIT, b"y" * HEAD_LIMIT)
    assert not peer.wire.aborted
    assert (await peer.connection.head())[0] == 200
