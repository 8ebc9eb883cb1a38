"""Offers of other protocols are passed over (C2): our own class serves every request, by the same rules."""

import asyncio

import pytest

HEAD = b"Host: a\r\n"
WITHIN = 30
OFFERS = {
    "HTTP/2": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    "in other letters": b"connection: UPGRADE\r\nupgrade: H2C\r\n",
    "TLS": b"Connection: upgrade\r\nUpgrade: TLS/1.3, HTTP/1.1\r\n",
    "two headers": b"Connection: upgrade\r\nUpgrade: h2c\r\nUpgrade: foo\r\n",
    "behind an empty member": b"Connection: , upgrade\r\nUpgrade: , h2c\r\n",
    "a websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    "anything": b"Connection: Upgrade\r\nUpgrade: carrier-pigeon/7\r\n",
}


def post(offer, body=b"hello"):
    return b"POST / HTTP/1.1\r\n%bContent-Length: %d\r\n%b\r\n%b" % (HEAD, len(body), offer, body)


def chunked(offer):
    return b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n%b\r\n5\r\nhello\r\n0\r\n\r\n" % (HEAD, offer)


@pytest.mark.parametrize("make", [post, chunked])
@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
async def test_a_request_with_an_offer_is_served_and_so_is_the_next(connect, app, offer, make):
    client = await connect()
    await client.send(make(offer))
    head = await client.head()
    assert head.startswith("http/1.1 200")
    assert "upgrade" not in head
    assert await client.until(b"hello") == b"hello"
    await client.send(make(offer))
    assert (await client.until(b"hello")).startswith(b"HTTP/1.1 200")
    assert [scope["type"] for scope in app.scopes] == ["http"] * 2
    assert b"upgrade" in dict(app.scopes[0]["headers"])


async def test_many_offers_at_once_are_answered_in_order(connect, app):
    client = await connect()
    count = 1500  # more than calls may be nested
    await client.send(b"".join(post(OFFERS["HTTP/2"], b"%06d" % number) for number in range(count)))
    for number in range(count):
        await client.until(b"%06d" % number)
    assert len(app.bodies) == count


@pytest.mark.parametrize("size", [1, 7, 100])
async def test_one_may_come_in_pieces(connect, app, size):
    client = await connect()
    data = post(OFFERS["HTTP/2"]) + b"GET / HTTP/1.1\r\n" + HEAD + OFFERS["HTTP/2"] + b"\r\n"
    await client.send(*(data[at : at + size] for at in range(0, len(data), size)))
    await client.until(b"hello")
    assert (await client.head()).startswith("http/1.1 200")
    assert app.bodies == [b"hello", b""]


async def test_who_offers_and_leaves_is_noticed(connect, app):
    client = await connect()
    await client.send(b"GET /idle HTTP/1.1\r\n" + HEAD + OFFERS["HTTP/2"] + b"\r\n")
    await asyncio.wait_for(app.waiting.wait(), WITHIN)
    client.writer.close()
    await asyncio.wait_for(app.ended.wait(), WITHIN)


async def test_who_offers_and_does_not_read_is_cut_off(connect, app):
    client = await connect(write_timeout=0.2)
    client.reader._limit = 1  # so that asyncio stops reading too
    await client.send(b"GET /flood HTTP/1.1\r\n" + HEAD + OFFERS["HTTP/2"] + b"\r\n")
    await asyncio.wait_for(app.ended.wait(), WITHIN)


async def test_a_head_with_an_offer_is_held_to_the_same_limits(connect, app):
    client = await connect(header_bytes=2000)
    await client.send(post(OFFERS["HTTP/2"] + b"X: %b\r\n" % (b"a" * 3000)))
    assert (await client.rest()).startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize(
    "data",
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"],
    ids=["HTTP/2", "a tunnel"],
)
async def test_what_is_no_request_of_ours_is_refused_on_a_kept_connection_too(connect, data):
    for first in (b"", post(b"")):
        client = await connect()
        await client.send(first, data)
        assert b"HTTP/1.1 400 " in await client.rest()
