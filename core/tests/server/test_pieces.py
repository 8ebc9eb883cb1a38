"""What leaves together: an answer's head with the first piece of its body, its last piece with the end (issue 10)."""

import asyncio

import pytest
from jackfield.server.cycle import Cycle, ResponseOptions


class Channel:
    """A connection that keeps what is written, write by write."""

    def __init__(self):
        self.writes = []

    def write(self, data):
        self.writes.append(data)

    async def writable(self):
        pass

    def listen(self):
        pass

    def finished(self, cycle):
        pass

    def cut(self):
        pass


@pytest.fixture
def line():
    return Channel()


@pytest.fixture
async def cycle(line):
    terms = ResponseOptions(head_only=False, chunks=True, keep_alive=True, awaits_continue=False, length=0)
    cycle = Cycle(line, asyncio.get_running_loop(), {}, terms)
    cycle.end()
    return cycle


def start(length=None):
    headers = [] if length is None else [(b"content-length", b"%d" % length)]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def body(data, *, more=False):
    return {"type": "http.response.body", "body": data, "more_body": more}


async def test_a_whole_answer_is_one_write(cycle, line):
    await cycle.send(start(length=5))
    assert line.writes == []
    await cycle.send(body(b"hello"))
    [data] = line.writes
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert data.endswith(b"\r\n\r\nhello")


async def test_a_streams_head_leaves_with_its_first_piece_and_its_end_with_the_last(cycle, line):
    await cycle.send(start())
    await cycle.send(body(b"one", more=True))
    await cycle.send(body(b"three"))
    first, last = line.writes
    assert first.endswith(b"\r\n\r\n3\r\none\r\n")
    assert last == b"5\r\nthree\r\n0\r\n\r\n"


async def test_an_empty_first_piece_sends_the_head(cycle, line):
    await cycle.send(start())
    await cycle.send(body(b"", more=True))
    [data] = line.writes
    assert data.endswith(b"\r\n\r\n")


async def test_what_was_sent_early_of_the_head_is_not_sent_twice(cycle, line):
    early = cycle.probe()
    await cycle.send(start(length=0))
    early += cycle.probe()
    await cycle.send(body(b""))
    assert (early + b"".join(line.writes)).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_head_is_sent_once(cycle):
    await cycle.send(start(length=0))
    with pytest.raises(RuntimeError):
        await cycle.send(start(length=0))


async def test_a_fault_between_head_and_body_is_told_as_a_status(connect, app):
    async def headed(receive, send):
        await send(start())
        raise RuntimeError("a fault behind the head")

    app.headed = headed
    client = await connect()
    await client.send(b"GET /headed HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (await client.head()).startswith("http/1.1 500 ")
