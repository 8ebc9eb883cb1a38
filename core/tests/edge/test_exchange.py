"""One exchange over ASGI, played by hand."""

import asyncio

import pytest
from jackfield.dialects.base import ErrorReply
from jackfield.edge import exchange as module
from jackfield.edge.exchange import ClientGone, Exchange
from jackfield.model.errors import ClientError, Kind

REPLY = ErrorReply(413, b"{}", {"content-type": "application/json"})


class Client:
    """The other side: what it sends, what it got, and when it leaves."""

    def __init__(self):
        self.messages = asyncio.Queue()
        self.got = []

    def sends(self, *pieces, more=False):
        for number, piece in enumerate(pieces, 1):
            self.messages.put_nowait({"type": "http.request", "body": piece, "more_body": more or number < len(pieces)})

    def leaves(self):
        self.messages.put_nowait({"type": "http.disconnect"})

    async def send(self, message):
        self.got.append(message)

    @property
    def status(self):
        return self.got[0]["status"]

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.got[1:])

    def exchange(self, *headers, method="POST"):
        scope = {"type": "http", "method": method, "path": "/x", "headers": list(headers)}
        return Exchange(scope, self.messages.get, self.send)


@pytest.fixture
def client():
    return Client()


async def test_the_body_is_put_together(client):
    client.sends(b"a", b"", b"bc")
    assert await client.exchange().body(100, 5) == b"abc"


async def test_header_names_are_lower_case_and_repeated_ones_joined(client):
    headers = client.exchange((b"X-A", b"1"), (b"x-a", b"2"), (b"B", b"\xfc")).headers()
    assert headers == {"x-a": "1, 2", "b": "ü"}


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"101")], [(b"Content-Length", b"101")]])
async def test_a_body_beyond_the_limit_is_refused(client, headers):
    client.sends(b"x" * 60, b"x" * 41)
    with pytest.raises(ClientError) as caught:
        await client.exchange(*headers).body(100, 5)
    assert caught.value.kind is Kind.TOO_LARGE
    assert client.messages.qsize() == (2 if headers else 0)


async def test_a_body_that_does_not_come_in_time(client):
    client.sends(b"x", more=True)
    with pytest.raises(ClientError, match=r"within 0\.01 s") as caught:
        await client.exchange().body(100, 0.01)
    assert caught.value.kind is Kind.REQUEST_TIMEOUT


async def test_leaving_while_it_comes(client):
    client.sends(b"x", more=True)
    client.leaves()
    with pytest.raises(ClientGone):
        await client.exchange().body(100, 5)


async def test_an_error_after_the_whole_body_goes_out_at_once(client):
    client.sends(b"x")
    exchange = client.exchange()
    await exchange.body(100, 5)
    await exchange.fail(REPLY)
    assert (client.status, client.body) == (413, b"{}")
    assert (b"content-length", b"2") in client.got[0]["headers"]
    assert client.got[-1]["more_body"] is False


async def test_one_before_it_waits_for_the_client_to_have_sent_all(client):
    failing = asyncio.ensure_future(client.exchange().fail(REPLY))
    client.sends(b"x", more=True)
    await asyncio.sleep(0.01)
    assert client.body == b"{}"  # it can be read already
    assert client.got[-1]["more_body"] is True
    client.sends(b"x")
    await failing
    assert client.got[-1]["more_body"] is False


@pytest.mark.parametrize("limit", ["LINGER", "LINGER_LONGEST"])
async def test_but_not_for_ever(client, monkeypatch, limit):
    monkeypatch.setattr(module, limit, 0.01)
    await client.exchange().fail(REPLY)
    assert client.got[-1]["more_body"] is False


async def test_a_client_that_leaves_ends_the_wait(client):
    client.leaves()
    await client.exchange().fail(REPLY)
    assert client.status == 413


async def test_an_error_after_the_answer_began_is_not_sent(client):
    client.sends(b"")
    exchange = client.exchange()
    await exchange.start(200, {})
    await exchange.fail(REPLY)
    assert [message["type"] for message in client.got] == ["http.response.start"]


async def test_who_leaves_is_noticed_at_once_and_what_runs_is_cancelled(client):
    exchange = client.exchange()
    cancelled = []

    async def work():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def serve():
        with exchange.watching():
            await work()

    serving = asyncio.ensure_future(serve())
    await asyncio.sleep(0)
    client.leaves()
    with pytest.raises(ClientGone):
        await serving
    assert cancelled == [True]
    await exchange.fail(REPLY)
    assert client.got == []


async def test_being_cancelled_by_the_server_is_no_leaving(client):
    async def serve():
        with client.exchange().watching():
            await asyncio.sleep(60)

    serving = asyncio.ensure_future(serve())
    await asyncio.sleep(0)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def test_after_the_end_leaving_is_not_noticed(client):
    with client.exchange().watching():
        pass
    client.leaves()
    await asyncio.sleep(0.01)
    assert client.messages.qsize() == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
def test_only_post_is_taken(client, method):
    async def run():
        client.exchange(method=method).require_post()

    with pytest.raises(ClientError, match="takes POST") as caught:
        asyncio.run(run())
    assert caught.value.detail.headers == {"allow": "POST"}
