"""What is no request is refused, whatever it is; the server serves the next client."""

import pytest

HEAD = b"Host: a\r\n"


def post(body):
    return b"POST / HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n%b" % (HEAD, len(body), body)


BAD = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "bad method": b"FROB / HTTP/1.1\r\n" + HEAD + b"\r\n",
    "no version": b"GET /\r\n\r\n",
    "wrong version": b"GET / HTTP/2.0\r\n" + HEAD + b"\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 400,
    "bare line feeds": b"GET / HTTP/1.1\nHost: a\n\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\n" + HEAD + b"X : a\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\n" + HEAD + b"X: a\r\n b\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\n" + HEAD + b"X: a\x00b\r\n\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\n" + HEAD + b"\r\n",
    "bytes in the target": b"GET /\xff HTTP/1.1\r\n" + HEAD + b"\r\n",
    "two lengths": b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "a length and chunks": b"POST / HTTP/1.1\r\n"
    + HEAD
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
    "chunks and a length": b"POST / HTTP/1.1\r\n"
    + HEAD
    + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
    "a negative length": b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: -5\r\n\r\nhello",
    "a huge length": b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 99999999999999999999\r\n\r\nhello",
    "another coding": b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: gzip\r\n\r\nhello",
    "another coding below": b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
    "no HTTP after no HTTP": b"GET / HTTP/2.0\r\n" + HEAD + b"\r\n\x00",
    "a bad chunk": b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
async def test_what_is_no_request_is_refused_and_the_connection_closed(connect, app, data):
    client = await connect()
    await client.send(data)
    answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b'"type":"invalid_request_error"' in answer
    assert app.bodies == []
    again = await connect()
    await again.send(post(body=b"still here"))
    await again.until(b"still here")


async def test_rubbish_after_a_request_does_not_take_its_answer(connect):
    client = await connect()
    await client.send(post(body=b"fine") + b"\x00rubbish")
    answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"fine")


@pytest.mark.parametrize(
    "data",
    [
        b"GET /%b HTTP/1.1\r\n" % (b"a" * 3000) + HEAD,
        b"GET / HTTP/1.1\r\n" + HEAD + b"X: %b" % (b"a" * 3000),
        b"GET / HTTP/1.1\r\n" + HEAD + b"X: %b\r\n\r\n" % (b"a" * 3000),
        b"GET / HTTP/1.1\r\n" + HEAD + b"".join(b"X-%d: a\r\n" % number for number in range(500)),
        b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 6000,
    ],
    ids=["target", "header unfinished", "header", "many", "trailer"],
)
async def test_a_head_that_is_too_large_is_refused(connect, data):
    client = await connect(header_bytes=2000)
    await client.send(data[:-2500], data[-2500:])
    answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 431")
    assert b"limits.max-header-bytes" in answer
