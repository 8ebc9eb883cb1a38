"""What RFC 9110 and 9112 let a well-meaning client write (C11)."""

import pytest

HEAD = b"Host: a\r\n"


@pytest.mark.parametrize("wish", [b"100-Continue", b"100-CONTINUE", b" , 100-continue", b"100-continue,"])
async def test_a_wish_to_be_asked_is_heard_in_any_letters(connect, app, wish):
    client = await connect()
    await client.send(b"POST / HTTP/1.1\r\n%bContent-Length: 2\r\nExpect: %b\r\n\r\n" % (HEAD, wish))
    assert await client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    await client.send(b"ok")
    assert (await client.until(b"ok")).startswith(b"HTTP/1.1 200")


TARGETS = {
    b"http://127.0.0.1:8317/echo/x?y=1": ("/echo/x", b"y=1"),
    b"HTTPS://other.example/a": ("/a", b""),
    b"http://h": ("/", b""),
    b"http://h?q": ("/", b"q"),
    b"http://h//a": ("//a", b""),
    b"/http://h/a": ("/http://h/a", b""),
}


@pytest.mark.parametrize(("target", "read"), TARGETS.items(), ids=str)
async def test_the_authority_of_a_target_decides_nothing(connect, app, target, read):
    client = await connect()
    app.default = True
    await client.send(b"GET %b HTTP/1.1\r\n%b\r\n" % (target, HEAD))
    assert (await client.head()).startswith("http/1.1 200")
    [scope] = app.scopes
    assert (scope["path"], scope["query_string"]) == read
    assert scope["raw_path"] == read[0].encode()


@pytest.mark.parametrize("coding", [b"Chunked", b", chunked", b"CHUNKED"])
async def test_a_coding_is_read_in_any_letters(connect, app, coding):
    client = await connect()
    await client.send(b"POST / HTTP/1.1\r\n%bTransfer-Encoding: %b\r\n\r\n2\r\nok\r\n0\r\n\r\n" % (HEAD, coding))
    assert (await client.until(b"ok")).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("said", [b"Close", b", close", b"close,", b"x,,close"])
async def test_close_is_heard_in_any_letters(connect, said):
    client = await connect()
    await client.send(b"GET / HTTP/1.1\r\n%bConnection: %b\r\n\r\n" % (HEAD, said))
    assert "connection: close" in await client.head()
    assert await client.rest() == b""


async def test_the_notes_of_chunks_are_bounded_in_sum(connect, app):
    client = await connect(header_bytes=2000)
    await client.send(b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    chunk = b"1;note=%b\r\nx\r\n" % (b"a" * 500)
    await client.send(*[chunk] * 20)
    answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"chunks" in answer
    assert app.bodies == []


async def test_small_chunks_without_notes_are_not(connect, app):
    client = await connect(header_bytes=500)
    await client.send(b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    await client.send(*[b"1\r\nx\r\n" * 100] * 30)
    await client.send(b"0\r\n\r\n")
    await client.until(b"x" * 3000)
