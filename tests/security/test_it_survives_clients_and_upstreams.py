"""Lines 20 to 22 of docs/security.md: clients that leave, upstreams that fail, many at once."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from jackfield.api import CompletionRecord, hookimpl
from jackfield.testing import (
    FakeUpstream,
    Hang,
    Pause,
    RecordedRequest,
    Reset,
    closed_url,
    cut_after,
    empty,
    ends_early,
    failed,
    hang,
    hang_after_headers,
    html_page,
    http_error,
    json_reply,
    rate_limited,
    reply,
    reset_before_headers,
    text_answer,
)

WITHIN = 30.0
DIALECTS: dict[str, dict[str, Any]] = {
    "/v1/responses": {"model": "gpt-5", "input": "Hi"},
    "/v1/chat/completions": {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}]},
    "/v1/messages": {"model": "gpt-5", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]},
}


class Records:
    """A plugin that keeps the record of every request."""

    def __init__(self) -> None:
        self.found: list[CompletionRecord] = []
        self.came = asyncio.Event()

    @hookimpl
    def on_request_complete(self, record: CompletionRecord) -> None:
        if record.scope == "request":
            self.found.append(record)
            self.came.set()


# -- 20

STAGES = {
    "while it waits": hang(),
    "before the first byte": hang_after_headers(),
    "in the handshake": text_answer().cut(2, Hang()),
    "in mid-stream": text_answer("Hello you there").cut(6, Hang()),
}


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("script", STAGES.values(), ids=STAGES)
@pytest.mark.parametrize("path", DIALECTS)
async def test_20_a_client_that_leaves(
    proxy: Any, fox: FakeUpstream, owl: FakeUpstream, path: str, script: Any, stream: bool
) -> None:
    """The upstream is closed (the wait is longer than the second that is promised, for machines under load)."""
    records = Records()
    house = await proxy(fox, owl, plugins={"records": records})
    fox.default = script
    body = orjson.dumps({**DIALECTS[path], "stream": stream})
    _, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (path.encode(), len(body), body))
    [request] = await fox.wait_for_requests(1)
    async with asyncio.timeout(WITHIN):
        while request.sent < len(script.body):  # noqa: ASYNC110  # bytes sent set no event
            await asyncio.sleep(0.001)

    writer.transport.abort()

    await request.wait_closed(WITHIN)
    async with asyncio.timeout(WITHIN):
        await records.came.wait()
    assert [(record.status, record.error) for record in records.found] == [(499, "client_gone")]
    assert len(fox.requests) == 1, "nothing is asked again"
    assert owl.requests == []


# -- 21

FAULTS: dict[str, Any] = {
    "reset": reset_before_headers(),
    "hung": hang(),
    "hung after the headers": hang_after_headers(),
    "cut at once": cut_after(0),
    "cut in the handshake": cut_after(2),
    "reset in the handshake": cut_after(2, text_answer(), Reset()),
    "ends early": ends_early(2),
    "malformed": reply(b"data: {no json\n\n", 200, "text/event-stream"),
    "a page": html_page(),
    "nothing": empty(),
    "an error with 200": failed("server_error", "it failed"),
    "an error in JSON with 200": json_reply({"error": {"message": "it failed"}}, 200),
    **{str(status): http_error(status) for status in (401, 402, 403, 408, 429, 500, 502, 503, 504, 529)},
    "throttled": rate_limited(2),
}
AFTER_CONTENT = {"cut": cut_after(6), "reset": cut_after(6, text_answer(), Reset()), "ended": ends_early(6)}
LIMITS = {"first-byte-timeout": 1.0, "stream-idle-timeout": 1.0}
ENDS = {"/v1/responses": "response.failed", "/v1/chat/completions": '"error"', "/v1/messages": "event: error"}


def is_typed(answer: Any, path: str) -> bool:
    """An HTTP error whose body SDKs read."""
    body = answer.json()
    wanted = {"type", "message"} if path == "/v1/messages" else {"message", "type", "param", "code"}
    return answer.status_code >= 400 and set(body["error"]) == wanted


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("path", DIALECTS)
async def test_21_alone_it_is_a_typed_error(proxy: Any, fox: FakeUpstream, path: str, stream: bool) -> None:
    house = await proxy(fox, limits=LIMITS, request_retry=0, disable_cooling=True)
    for name, script in FAULTS.items():
        fox.default = script
        answer = await house.post(path, json={**DIALECTS[path], "stream": stream})
        assert is_typed(answer, path), (name, answer.status_code, answer.text)
    refused = await proxy(closed_url(), request_retry=0)
    assert is_typed(await refused.post(path, json={**DIALECTS[path], "stream": stream}), path)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("path", DIALECTS)
async def test_21_with_another_provider_it_is_that_ones_answer(
    proxy: Any, fox: FakeUpstream, owl: FakeUpstream, path: str, stream: bool
) -> None:
    owl.default = text_answer("from the owl")
    for place, (name, script) in enumerate(FAULTS.items()):
        if place % 8 == 0:  # a new house has a new budget for retries
            house = await proxy(fox, owl, limits=LIMITS, disable_cooling=True)
        fox.default = script
        answer = await house.post(path, json={**DIALECTS[path], "stream": stream})
        assert answer.status_code == 200, (name, answer.text)
        assert "owl" in answer.text, name
        assert "Hello" not in answer.text, name
        assert ENDS[path] not in answer.text, name


@pytest.mark.parametrize("path", DIALECTS)
async def test_21_after_its_first_content_a_stream_ends_with_an_error(
    proxy: Any, fox: FakeUpstream, owl: FakeUpstream, path: str
) -> None:
    house = await proxy(fox, owl, limits=LIMITS, disable_cooling=True)
    owl.default = text_answer("from the owl")
    for name, script in AFTER_CONTENT.items():
        fox.default = script
        answer = await house.post(path, json={**DIALECTS[path], "stream": True})
        assert answer.status_code == 200
        assert ENDS[path] in answer.text, f"{name}: a silent end"
        assert "owl" not in answer.text, f"{name}: a mixture of two answers"
        assert '"type":"response.completed"' not in answer.text
        assert "message_stop" not in answer.text


# -- 22

N = 64


def echoing(request: RecordedRequest) -> Any:
    """Return an answer that repeats the canary of a request, in many pieces, with a stop in the middle."""
    found = {word for word in orjson.dumps(request.json()).decode().replace('"', " ").split() if "canary" in word}
    assert len(found) == 1, found
    return text_answer(" ".join([found.pop()] * 20)).after(8, Pause())


@pytest.mark.parametrize("path", DIALECTS)
async def test_22_streams_at_once_know_nothing_of_each_other(proxy: Any, fox: FakeUpstream, path: str) -> None:
    """Every stream is open and in its middle before the first of them may go on."""
    house = await proxy(fox)
    fox.default = echoing

    async def one(number: int) -> str:
        question = orjson.loads(orjson.dumps(DIALECTS[path]).replace(b"Hi", b"canary-%04d" % number))
        async with house.server.client(timeout=60) as client:
            answer = await client.post(path, json={**question, "stream": number % 4 != 0})
        assert answer.status_code == 200
        return str(answer.text)

    asked = [asyncio.create_task(one(number)) for number in range(N)]
    for request in await fox.wait_for_requests(N, within=60):
        await request.wait_paused()
    for request in fox.requests[::-1]:
        request.resume()
    for number, text in enumerate(await asyncio.gather(*asked)):
        assert text.count(f"canary-{number:04d}") >= 1
        assert text.count("canary-") == text.count(f"canary-{number:04d}"), "words of another stream"
