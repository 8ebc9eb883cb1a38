import asyncio
import dataclasses
import socket
import threading

import httpx
import pytest
from jackfield.testing import (
    Close,
    FakeUpstream,
    Pause,
    Raw,
    Reset,
    Script,
    Send,
    closed_url,
    cut_after,
    empty,
    ends_early,
    hang,
    hang_after_headers,
    html_page,
    http_error,
    json_reply,
    json_response,
    rate_limited,
    reset_before_headers,
    text_answer,
    usage_limit,
)

BODY = {"model": "gpt-5", "input": "Hi"}


@pytest.fixture
async def upstream():
    async with FakeUpstream() as upstream:
        yield upstream


@pytest.fixture
async def client():
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


async def post(client, upstream, **options):
    return await client.post(f"{upstream.base_url}/responses", json=BODY, **options)


async def test_it_answers_by_default_in_the_name_of_the_model_asked_for(upstream, client):
    answer = await client.post(f"{upstream.base_url}/responses", json={"model": "gpt-5-codex"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream"
    assert "Hello from the upstream." in answer.text
    assert '"model":"gpt-5-codex"' in answer.text


async def test_scripts_are_taken_in_order_then_the_default(upstream, client):
    upstream.script(text_answer("one"), lambda request: text_answer(f"two for {request.json()['input']}"))
    upstream.default = text_answer("else")
    texts = [(await post(client, upstream)).text for _ in range(4)]
    assert ["one" in texts[0], "two for Hi" in texts[1], "else" in texts[2], "else" in texts[3]] == [True] * 4


async def test_it_records_what_came(upstream, client):
    headers = {"Authorization": "Bearer sk-fox-1", "X-Thing": "ä".encode("latin-1")}
    await post(client, upstream, headers=headers, params={"a": "b"})
    [request] = upstream.requests
    assert (request.method, request.path, request.key) == ("POST", "/v1/responses?a=b", "sk-fox-1")
    assert request.headers["x-thing"] == "ä"
    assert ("X-Thing", "ä") in request.raw_headers
    assert request.json() == BODY == upstream.bodies[0]
    assert upstream.last is request
    assert request.finished
    assert not request.closed


async def test_a_chunked_request_and_expect_continue(upstream, client):
    async def body():
        yield b'{"model": '
        yield b'"gpt-5"}'

    headers = {"Expect": "100-continue"}
    answer = await client.post(f"{upstream.base_url}/responses", content=body(), headers=headers)
    assert answer.status_code == 200
    assert upstream.last.json() == {"model": "gpt-5"}


async def test_other_paths_and_methods_are_refused_and_recorded(upstream, client):
    assert (await client.get(f"{upstream.base_url}/engines")).status_code == 404
    assert (await client.get(f"{upstream.base_url}/responses")).status_code == 405
    assert [request.path for request in upstream.requests] == ["/v1/engines", "/v1/responses"]


async def test_a_strict_one_refuses_what_real_ones_refuse(client):
    async with FakeUpstream(strict=True) as upstream:
        refused = await client.post(f"{upstream.base_url}/responses", json={**BODY, "temperature": 1})
        assert refused.status_code == 400
        assert "temperature: Unsupported parameter" in refused.json()["detail"]
        message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
        body = {"model": "gpt-5", "instructions": "", "input": [message], "stream": True, "store": False}
        body |= {"include": ["reasoning.encrypted_content"]}
        assert (await client.post(f"{upstream.base_url}/responses", json=body)).status_code == 200


async def test_the_prefix_is_free(client):
    async with FakeUpstream(prefix="/relay/openai") as upstream:
        assert upstream.base_url.endswith("/relay/openai")
        assert (await post(client, upstream)).status_code == 200


async def test_connections_are_kept_and_told_apart(upstream, client):
    upstream.script(text_answer(), text_answer(), dataclasses.replace(text_answer(), keep_alive=False))
    for _ in range(4):
        await post(client, upstream)
    assert [request.connection for request in upstream.requests] == [1, 1, 1, 2]
    assert upstream.open_connections == 1
    await client.aclose()
    await upstream.wait_for_connections(0)
    assert not any(request.closed for request in upstream.requests), "they had their answers"


async def test_kept_connections_can_be_dropped(upstream):
    async with httpx.AsyncClient(trust_env=False) as client:
        await post(client, upstream)
        await upstream.drop_connections()
        assert upstream.open_connections == 0
        await post(client, upstream)
    assert [request.connection for request in upstream.requests] == [1, 2]


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_every_framing_brings_the_same_body(upstream, client, framing):
    script = dataclasses.replace(text_answer("grüße"), framing=framing)
    upstream.script(script)
    answer = await post(client, upstream)
    assert answer.content == script.body
    marks = {"chunked": "transfer-encoding", "length": "content-length"}
    assert [mark in answer.headers for mark in marks.values()] == [framing == name for name in marks]


async def test_chunks_arrive_as_they_were_cut(upstream):
    upstream.script(Script((Send(b"data: a"), Send(b"\n\n"))))
    reader, writer = await _raw_post(upstream)
    assert (await reader.read()).endswith(b"\r\n\r\n7\r\ndata: a\r\n2\r\n\n\n\r\n0\r\n\r\n")
    writer.close()
    await writer.wait_closed()


async def test_statuses_headers_and_bodies(upstream, client):
    upstream.script(
        http_error(500, "boom", code="c"),
        rate_limited(1.5),
        usage_limit(60),
        html_page(),
        empty(),
        json_reply({"detail": "no"}, 400, x_request_id="r1"),
        json_response(),
        json_reply({}, 599),
    )
    boom, limited, used_up, page, nothing, refused, one, odd = [await post(client, upstream) for _ in range(8)]
    assert (boom.status_code, boom.json()["error"]["message"], boom.json()["error"]["code"]) == (500, "boom", "c")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "1.5")
    assert used_up.json()["error"]["resets_in_seconds"] == 60
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (nothing.status_code, nothing.content) == (200, b"")
    assert (refused.json(), refused.headers["x-request-id"]) == ({"detail": "no"}, "r1")
    assert one.json()["object"] == "response"
    assert odd.status_code == 599


async def test_broken_answers_break(upstream, client):
    upstream.script(cut_after(2), cut_after(2, None, Reset()), reset_before_headers(), Script((Raw(b"junk\r\n"),)))
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        await post(client, upstream)
    for error in (httpx.ReadError, httpx.ReadError, httpx.RemoteProtocolError):
        with pytest.raises(error):
            await post(client, upstream)


async def test_a_reset_comes_after_what_was_sent(upstream, client):
    upstream.script(cut_after(3, None, Reset()))
    async with client.stream("POST", f"{upstream.base_url}/responses", json=BODY) as answer:
        pieces = answer.aiter_raw()
        got = b""
        while len(got) < len(cut_after(3).body):
            got += await anext(pieces)
        with pytest.raises(httpx.ReadError):
            await anext(pieces)
    assert got == cut_after(3).body


async def test_an_answer_can_end_properly_without_its_end(upstream, client):
    upstream.script(ends_early(3))
    answer = await post(client, upstream)
    assert answer.text.count("data:") == 3
    assert "response.completed" not in answer.text


async def test_nobody_listens_at_a_closed_url(client):
    with pytest.raises(httpx.ConnectError):
        await client.post(closed_url(), json=BODY)


async def test_a_reader_that_leaves_is_noticed_before_the_head(upstream):
    upstream.script(hang())
    _reader, writer = await _raw_post(upstream, close=False)
    [request] = await upstream.wait_for_requests(1)
    assert not request.closed
    writer.close()
    await request.wait_closed()
    assert request.closed_at >= request.at
    assert not request.finished
    await writer.wait_closed()


@pytest.mark.parametrize("script", [hang_after_headers(), text_answer().after(2, Pause())], ids=["head", "middle"])
async def test_a_reader_that_leaves_is_noticed_after_the_head(upstream, client, script):
    upstream.script(script)
    async with client.stream("POST", f"{upstream.base_url}/responses", json=BODY) as answer:
        assert answer.status_code == 200
        [request] = await upstream.wait_for_requests(1)
        assert not request.closed
    await request.wait_closed()


async def test_a_reader_that_leaves_is_noticed_while_it_does_not_read(upstream):
    upstream.script(Script((Send(b"x" * 50_000_000),)))
    _reader, writer = await _raw_post(upstream, close=False)
    [request] = await upstream.wait_for_requests(1)
    writer.transport.abort()
    await request.wait_closed()
    assert request.sent == 0


async def test_a_pause_lasts_until_it_is_resumed(upstream, client):
    upstream.script(text_answer("Hello").after(1, Pause()))
    async with client.stream("POST", f"{upstream.base_url}/responses", json=BODY) as answer:
        pieces = answer.aiter_raw()
        first = await anext(pieces)
        request = upstream.last
        await request.wait_paused()
        assert first.count(b"data:") == 1
        request.resume()
        rest = b"".join([piece async for piece in pieces])
    assert b"response.completed" in rest
    await request.wait_finished()


async def test_waiting_in_vain_says_what_came(upstream, client):
    await post(client, upstream)
    with pytest.raises(TimeoutError, match=r"1 requests came.*/v1/responses"):
        await upstream.wait_for_requests(2, within=0.01)
    with pytest.raises(TimeoutError, match="still open"):
        await upstream.last.wait_closed(within=0.01)


async def test_a_failing_reply_function_fails_the_test(client):
    def wrong(request):
        raise AssertionError("not what I wanted")

    async with httpx.AsyncClient(trust_env=False) as own:
        with pytest.raises(AssertionError, match="not what I wanted"):
            async with FakeUpstream(wrong) as upstream:
                assert (await post(own, upstream)).status_code == 500


async def test_it_can_go_down_and_come_up_at_the_same_url(upstream):
    url = upstream.base_url
    await upstream.stop()
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await post(client, upstream)
        await upstream.start()
        assert upstream.base_url == url
        assert (await post(client, upstream)).status_code == 200


async def test_it_leaves_nothing_behind():
    before = asyncio.all_tasks()
    async with FakeUpstream(hang()) as upstream:
        _reader, writer = await _raw_post(upstream, close=False)
        await upstream.wait_for_requests(1)
    assert asyncio.all_tasks() == before
    assert upstream.open_connections == 0
    assert not upstream.last.closed, "it was not the reader who left"
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def test_no_http_is_answered_400(upstream):
    reader, writer = await _connect(upstream)
    writer.write(b"what is this\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    await writer.wait_closed()


def test_in_a_thread_it_serves_blocking_clients():
    threads = threading.active_count()
    with FakeUpstream.in_thread(prefix="/x") as upstream, httpx.Client(trust_env=False) as client:
        upstream.script(text_answer("from the thread"), hang())
        assert "from the " in client.post(f"{upstream.base_url}/responses", json=BODY).text
        with pytest.raises(httpx.ReadTimeout):
            client.post(f"{upstream.base_url}/responses", json=BODY, timeout=httpx.Timeout(30, read=0.05))
        [_, hung] = upstream.wait_for_requests_sync(2)
        hung.wait_closed_sync()
        with pytest.raises(TimeoutError, match="2 requests came"):
            upstream.wait_for_requests_sync(3, within=0.01)
    assert threading.active_count() == threads


async def test_waiting_works_across_loops(client):
    with FakeUpstream.in_thread(hang()) as upstream:
        call = asyncio.create_task(post(client, upstream))
        [request] = await upstream.wait_for_requests(1)
        call.cancel()
        await request.wait_closed()


async def test_a_client_that_goes_after_a_close_step_is_not_the_one_who_left(upstream, client):
    upstream.script(cut_after(1, None, Close()))
    with pytest.raises(httpx.RemoteProtocolError):
        await post(client, upstream)
    await upstream.wait_for_connections(0)
    assert not upstream.last.closed


async def test_a_reader_that_half_closes_has_left(upstream):
    upstream.script(Script((Send(b"x" * 50_000_000),)))
    _reader, writer = await _raw_post(upstream, close=False)
    [request] = await upstream.wait_for_requests(1)
    writer.write_eof()
    await request.wait_closed()
    writer.transport.abort()


async def test_it_stops_in_the_middle_of_a_write():
    async with FakeUpstream(Script((Send(b"x" * 50_000_000),))) as upstream:
        _reader, writer = await _raw_post(upstream, close=False)
        await upstream.wait_for_requests(1)
    assert upstream.open_connections == 0
    writer.transport.abort()


async def test_it_says_continue_before_the_body_comes(upstream):
    reader, writer = await _connect(upstream)
    writer.write(b"POST /v1/responses HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"{}")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_without_keep_alive_it_closes_by_itself(upstream):
    upstream.script(dataclasses.replace(text_answer(), keep_alive=False))
    reader, writer = await _raw_post(upstream, close=False)
    assert b"connection: close" in await reader.read()
    writer.close()


async def _raw_post(upstream, close=True):
    reader, writer = await _connect(upstream)
    end = b"connection: close\r\n" if close else b""
    writer.write(b"POST /v1/responses HTTP/1.1\r\nhost: x\r\n%scontent-length: 2\r\n\r\n{}" % end)
    return reader, writer


async def _connect(upstream):
    host, port = upstream.base_url.removeprefix("http://").split("/")[0].split(":")
    return await asyncio.open_connection(host, int(port))


async def test_connections_that_wait_for_a_request_are_closed_and_no_others(upstream, client):
    upstream.script(text_answer(), Script((Pause(),)))
    await client.post(f"{upstream.base_url}/responses", json=BODY)
    async with httpx.AsyncClient(trust_env=False) as other:
        waiting = asyncio.create_task(other.post(f"{upstream.base_url}/responses", json=BODY))
        _, second = await upstream.wait_for_requests(2)
        await second.wait_paused()

        assert upstream.close_kept() == 1

        await upstream.wait_for_connections(1)
        second.resume()
        assert (await waiting).status_code == 200


async def test_a_connection_may_be_closed_in_the_very_moment_that_it_is_made(upstream):
    """The loop accepts it one pass before it can be closed."""
    host, port = upstream.base_url.removeprefix("http://").split("/")[0].split(":")
    with socket.create_connection((host, int(port))) as client:
        closed = 0
        while not closed:
            await asyncio.sleep(0)
            closed = upstream.close_kept()
        await upstream.wait_for_connections(0)
        assert client.recv(1) == b""
