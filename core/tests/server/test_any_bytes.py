"""Any bytes on a connection: nothing fails, and what is a request to us is the same request to another reader.

Where two servers on the way read requests apart, one client's bytes become another's request. h11 is the other reader
here. We may refuse more than it does; what we take beyond it are two blanks in a request line.
"""

import asyncio
from itertools import pairwise

import h11
from hypothesis import given
from hypothesis import strategies as st
from jackfield.server import Connection, ConnectionLimits

TURNS = 30
"""Turns of the loop in which everything that can happen has happened."""


class Wire:
    """A transport that keeps what is written."""

    def __init__(self):
        self.connection = None
        self.written = b""
        self.closed = False
        self.paused = False

    def get_extra_info(self, name, default=None):
        return ("127.0.0.1", 1)

    def get_write_buffer_size(self):
        return 0

    def write(self, data):
        assert not self.closed
        self.written += data

    def close(self):
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.connection.connection_lost, None)

    def abort(self):
        self.close()

    def write_eof(self):
        """The client closes as soon as it hears the end."""
        self.close()

    def pause_reading(self):
        self.paused = True

    def resume_reading(self):
        self.paused = False


async def turns():
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def ours(pieces):
    """Return the requests that we find: method, target, names of headers, body."""
    seen, faults, wire = [], [], Wire()

    async def app(scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        seen.append((scope["method"].encode(), target, sorted(name for name, _ in scope["headers"]), body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    wire.connection = connection = Connection(app, ConnectionLimits(2000, 60, 60, 60), {})
    connection.connection_made(wire)
    for piece in pieces:
        await turns()
        if not wire.closed and not wire.paused:
            connection.data_received(piece)
    await turns()
    wire.close()
    await turns()
    assert faults == []
    assert wire.written == b"" or wire.written.startswith(b"HTTP/1.1 ")
    await connection.served()
    return seen


def theirs(data):
    """Return the requests that h11 finds, up to the first that it refuses."""
    seen, stays = [], True
    while stays and (data := data.lstrip(b"\r\n")):  # empty lines before a request may be passed over
        reader, body = h11.Connection(h11.SERVER, max_incomplete_event_size=10_000), b""
        reader.receive_data(data)
        try:
            request = event = reader.next_event()
            while isinstance(event, h11.Request | h11.Data):
                body += bytes(event.data) if isinstance(event, h11.Data) else b""
                event = reader.next_event()
            if not isinstance(event, h11.EndOfMessage):
                break
            reader.send(h11.Response(status_code=404, headers=[("content-length", "0")]))
            reader.send(h11.EndOfMessage())
        except h11.RemoteProtocolError:
            break
        target = request.target.removeprefix(b"http://h")  # the authority decides nothing
        seen.append((request.method, target, sorted(name for name, _ in request.headers), body))
        stays = reader.our_state is h11.DONE and reader.their_state is h11.DONE
        data = reader.trailing_data[0]
    return seen


LINES = st.sampled_from(
    [b"GET / HTTP/1.1\r\n", b"POST /x?y HTTP/1.1\r\n", b"PUT /a HTTP/1.0\r\n", b"HEAD * HTTP/1.1\r\n"]
)
ODD_LINES = st.sampled_from([b"GET http://h/p HTTP/1.1\r\n", b"get / HTTP/1.1\r\n", b"CONNECT a:1 HTTP/1.1\r\n"])
LENGTHS = st.sampled_from(
    [b"5", b"0", b"5, 5", b"+5", b"5 ", b"\t5", b"05", b"-1", b"5\x0b", b"9" * 30, b"0x5", b""]
).map(lambda length: b"Content-Length:%b\r\n" % length)
CODINGS = st.sampled_from(
    [b"chunked", b"Chunked", b"gzip, chunked", b"chunked, identity", b"identity", b"\x0bchunked"]
).map(lambda coding: b"Transfer-Encoding: %b\r\n" % coding)
HEADERS = st.sampled_from(
    [b"Host: a\r\n", b"Transfer-Encoding : chunked\r\n", b" X: folded\r\n", b"X: \xff\r\n", b"X: a\x00b\r\n", b"Y: a\n"]
) | st.sampled_from([b"Connection: close\r\n", b"Connection: Upgrade\r\nUpgrade: h2c\r\n", b"Expect: 100-continue\r\n"])
BODIES = st.sampled_from(
    [b"hello", b"5\r\nhello\r\n", b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"5;a=b\r\nhello\r\n", b"05\r\nhello\r\n"]
) | st.sampled_from(
    [b"5 \r\nhello\r\n", b"5\nhello\n", b"0\n\n", b"-1\r\n", b"F" * 17 + b"\r\n", b"\r\n", b"\n", b"\r", b"\x00"]
)
FIELDS = LENGTHS | CODINGS | HEADERS
REQUESTS = st.builds(
    lambda line, fields, body: line + b"Host: a\r\n" + b"".join(fields) + b"\r\n" + b"".join(body),
    LINES | ODD_LINES,
    st.lists(FIELDS, max_size=3),
    st.lists(BODIES, max_size=3),
)
STREAMS = st.lists(REQUESTS | LINES | FIELDS | BODIES | st.binary(max_size=3), max_size=6).map(b"".join)


@given(STREAMS, st.lists(st.integers(0, 300), max_size=4))
def test_what_is_a_request_to_us_is_the_same_to_another_reader(data, cuts):
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    found = asyncio.run(ours([data[start:end] for start, end in pairwise(edges) if end > start]))
    others = theirs(data)
    assert found == others[: len(found)], data


def test_both_find_ordinary_requests():
    data = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: a\r\n\r\n"
    found = asyncio.run(ours([data]))
    assert [request[1] for request in found] == [b"/a", b"/b"]
    assert found == theirs(data)
