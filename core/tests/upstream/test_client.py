"""The client that executors call: what it tells of failures, and what it never lets out."""

import gzip

import pytest
from jackfield.model.errors import Kind, UpstreamError
from jackfield.testing import (
    Close,
    FakeUpstream,
    Head,
    Raw,
    Reset,
    Script,
    Send,
    closed_url,
    cut_after,
    hang,
    hang_after_headers,
    http_error,
    reply,
    reset_before_headers,
    text_answer,
)
from jackfield.upstream import UpstreamClient
from jackfield.upstream.transport import Timeouts


@pytest.fixture
async def upstream():
    async with FakeUpstream() as upstream:
        yield upstream


@pytest.fixture
async def client():
    client = UpstreamClient(Timeouts(connect=5, first_byte=0.1, idle=0.1))
    yield client
    await client.aclose()


def url(upstream):
    return f"{upstream.base_url}/responses"


async def whole(client, upstream, **options):
    response = await client.post(url(upstream), {}, b"{}", **options)
    pieces = []
    while piece := await response.read():
        pieces.append(piece)
    return b"".join(pieces)


async def test_an_answer_is_given_whatever_its_status(client, upstream):
    upstream.script(http_error(429, "Slow down", retry_after="7"))
    response = await client.post(url(upstream), {}, b"{}")
    assert (response.status, response.headers["retry-after"]) == (429, "7")
    assert b"Slow down" in await response.body()


async def test_a_redirect_is_not_followed(client, upstream):
    upstream.script(reply("", 307, location=url(upstream)))
    assert (await client.post(url(upstream), {}, b"{}")).status == 307
    assert len(upstream.requests) == 1


FAILURES = {
    "reset before the head": (reset_before_headers(), Kind.UNREACHABLE, "broke off"),
    "silence before the head": (hang(), Kind.TIMEOUT, "before the first byte"),
    "silence after it": (hang_after_headers(), Kind.TIMEOUT, "sent nothing within"),
    "no HTTP": (Script((Raw(b"220 smtp\r\n"),)), Kind.UNREACHABLE, "not an HTTP answer"),
    "cut": (cut_after(3), Kind.STREAM_CUT, "broke off"),
    "reset": (cut_after(3, None, Reset()), Kind.STREAM_CUT, "broke off"),
    "closed after the head": (Script((Head(), Close())), Kind.STREAM_CUT, "broke off"),
}


@pytest.mark.parametrize(("script", "kind", "words"), FAILURES.values(), ids=FAILURES)
async def test_a_failure_is_ours_and_names_the_host_alone(client, upstream, script, kind, words):
    upstream.script(script)
    with pytest.raises(UpstreamError, match=words) as caught:
        await whole(client, upstream)
    assert caught.value.kind is kind
    assert caught.value.message.startswith(("127.0.0.1", "no connection to 127.0.0.1"))
    assert "/v1" not in caught.value.message


async def test_a_refused_connection(client):
    with pytest.raises(UpstreamError, match=r"no connection to 127\.0\.0\.1") as caught:
        await client.post(closed_url(), {}, b"{}")
    assert caught.value.kind is Kind.UNREACHABLE


async def test_an_error_page_is_read_up_to_a_limit(client, upstream):
    upstream.script(reply("x" * 2_000_000, 500))
    response = await client.post(url(upstream), {}, b"{}")
    assert len(await response.body(1000)) == 1000
    await upstream.wait_for_connections(0)
    assert client.open_connections == 0


async def test_an_error_that_was_read_leaves_its_connection_for_the_next(client, upstream):
    upstream.script(http_error(500), text_answer())
    await (await client.post(url(upstream), {}, b"{}")).body()
    await whole(client, upstream)
    assert [request.connection for request in upstream.requests] == [1, 1]


async def test_an_answer_that_was_compressed_unasked_is_read(client, upstream):
    upstream.script(reply(gzip.compress(b"Hello" * 100), 200, content_encoding="gzip"))
    assert await whole(client, upstream) == b"Hello" * 100


async def test_one_that_only_says_so_is_an_error_of_the_upstream(client, upstream):
    upstream.script(reply("Hello", 200, content_encoding="gzip"))
    with pytest.raises(UpstreamError):
        await whole(client, upstream)


@pytest.mark.parametrize("name", ["x\r\ny", "x\n", "x\0"])
async def test_no_header_breaks_out_of_its_line(client, upstream, name):
    for headers in ({name: "1"}, {"x": name}):
        with pytest.raises(UpstreamError, match="ends a line"):
            await client.post(url(upstream), headers, b"{}")
    assert upstream.requests == []


async def test_a_header_beyond_ascii_goes_out_as_it_came_in(client, upstream):
    await client.post(url(upstream), {"x": "grüße", "y": "对话"}, b"{}")
    assert upstream.last.headers["x"] == "grüße"
    assert upstream.last.headers["y"].encode("latin-1").decode() == "对话"


async def test_time_outs_can_be_changed_while_it_runs(client, upstream):
    client.limit(Timeouts(first_byte=0.01))
    upstream.script(hang())
    with pytest.raises(UpstreamError, match=r"0\.01 s"):
        await client.post(url(upstream), {}, b"{}")


async def test_a_finished_answer_keeps_its_connection(client, upstream):
    upstream.script(Script((Send(b"Hi"),)), text_answer())
    response = await client.post(url(upstream), {}, b"{}")
    assert await response.read() == b"Hi"
    await response.finish()
    await whole(client, upstream)
    assert len({request.connection for request in upstream.requests}) in (1, 2)
    assert client.open_connections <= 2


# -- through a proxy


@pytest.mark.parametrize(("url", "proxy"), [("http://a\x1b/v1", ""), ("http://a/v1", "http://me:hunter2\x1b@b")])
async def test_what_cannot_be_called_is_an_upstream_that_cannot_be_reached(client, url, proxy):
    with pytest.raises(UpstreamError) as caught:
        await client.post(url, {}, b"{}", proxy_url=proxy)
    assert caught.value.kind is Kind.UNREACHABLE
    assert "hunter2" not in caught.value.message


async def test_an_http_proxy_is_asked_instead(client, upstream):
    async with FakeUpstream(reply("from the proxy")) as proxy:
        target = "http://upstream.invalid/v1/responses"
        response = await client.post(target, {}, b"{}", proxy_url=proxy.base_url.removesuffix("/v1"))
        assert await response.body() == b"from the proxy"
        assert proxy.last.path == target
    assert upstream.requests == []


async def test_a_proxy_that_is_not_there(client):
    with pytest.raises(UpstreamError) as caught:
        await client.post("http://upstream.invalid/", {}, b"{}", proxy_url=closed_url().removesuffix("/v1"))
    assert caught.value.kind is Kind.UNREACHABLE


async def test_a_proxy_that_refuses(client):
    async with FakeUpstream(reply("no", 403)) as proxy:
        with pytest.raises(UpstreamError) as caught:
            await client.post("https://upstream.invalid/", {}, b"{}", proxy_url=proxy.base_url.removesuffix("/v1"))
        assert caught.value.kind is Kind.UNREACHABLE
