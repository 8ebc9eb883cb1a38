"""Failures of an upstream as clients of Messages and Chat must see them: first a status, later an error event."""

import orjson
import pytest
from jackfield.testing import (
    ErrorEvent,
    Failed,
    Hang,
    Reset,
    Text,
    answer,
    closed_url,
    empty,
    failed,
    hang,
    html_page,
    http_error,
    rate_limited,
    reset_before_headers,
    validate_chat_stream,
    validate_messages_stream,
)

MESSAGES, CHAT = "/v1/messages", "/v1/chat/completions"
ASK = {"model": "gpt-5", "max_tokens": 64, "messages": [{"role": "user", "content": "Hi"}]}


def text(end=None):
    return answer(Text("Hello you there"), end=end)


# what happens before any content: (script, status on Messages, type there, status on Chat)
BEFORE = {
    "401": (http_error(401), 502, "api_error", 502),
    "402": (http_error(402), 402, "billing_error", 402),
    "400": (http_error(400), 400, "invalid_request_error", 400),
    "429": (rate_limited(retry_after=7), 429, "rate_limit_error", 429),
    "500": (http_error(500), 500, "api_error", 500),
    "503": (http_error(503), 529, "overloaded_error", 503),
    "a page": (html_page(), 502, "api_error", 502),
    "nothing": (empty(), 502, "api_error", 502),
    "reset": (reset_before_headers(), 502, "api_error", 502),
    "silence": (hang(), 504, "timeout_error", 504),
    "failed in the stream": (failed("server_is_overloaded", "Busy"), 529, "overloaded_error", 503),
    "cut after the handshake": (text().cut(2), 502, "api_error", 502),
}

# what happens after content: (script, type on Messages)
AFTER = {
    "closed": (text().cut(6), "api_error"),
    "reset": (text().cut(6, Reset()), "api_error"),
    "silence": (text().cut(6, Hang()), "timeout_error"),
    "response.failed": (text(Failed("server_error", "Boom")), "api_error"),
    "an error event": (text(ErrorEvent("rate_limit_exceeded", "Slow down")), "rate_limit_error"),
}


@pytest.fixture
async def house(serve, upstream):
    limits = {"first-byte-timeout": 0.15, "stream-idle-timeout": 0.15}
    return await serve(upstream, config={"limits": limits, "request-retry": 0, "disable-cooling": True})


async def post(house, path, **fields):
    return await house.client.post(path, json={**ASK, **fields})


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("script", "status", "kind", "chat"), BEFORE.values(), ids=BEFORE)
async def test_before_the_first_content_it_is_a_status(house, upstream, script, status, kind, chat, stream):
    upstream.default = script
    told = await post(house, MESSAGES, stream=stream)
    assert (told.status_code, told.json()["type"], told.json()["error"]["type"]) == (status, "error", kind)
    told = await post(house, CHAT, stream=stream)
    assert told.status_code == chat
    assert {"message", "type", "param", "code"} == set(told.json()["error"])


async def test_a_wait_is_passed_on(house, upstream):
    upstream.default = rate_limited(retry_after=7)
    for path in (MESSAGES, CHAT):
        assert (await post(house, path)).headers["retry-after"] == "7"


@pytest.mark.parametrize(("script", "kind"), AFTER.values(), ids=AFTER)
async def test_after_it_a_stream_ends_in_an_error_and_never_as_if_it_were_whole(house, upstream, script, kind):
    upstream.default = script
    told = validate_messages_stream((await post(house, MESSAGES, stream=True)).content, end="error")
    assert told.error["type"] == kind
    assert told.stop_reason is None
    spoken = validate_chat_stream((await post(house, CHAT, stream=True)).content, end="error")
    assert spoken.finish_reason is None
    assert spoken.content


@pytest.mark.parametrize(("script", "kind"), AFTER.values(), ids=AFTER)
async def test_a_whole_answer_is_never_half_of_one(house, upstream, script, kind):
    upstream.default = script
    told = await post(house, MESSAGES)
    assert told.status_code >= 429
    assert told.json()["error"]["type"] == kind
    assert (await post(house, CHAT)).status_code >= 429


@pytest.mark.parametrize("path", [MESSAGES, CHAT])
async def test_an_upstream_that_is_not_there_is_told(serve, path):
    house = await serve(closed_url())
    told = await house.client.post(path, json=ASK)
    assert told.status_code == 502
    assert "no connection" in told.json()["error"]["message"]


async def test_any_query_string_is_accepted(house):
    assert (await post(house, f"{MESSAGES}?beta=true&x=%20")).status_code == 200
    counted = await house.client.post(f"{MESSAGES}/count_tokens?beta=true", json=ASK)
    assert counted.status_code == 200
    assert counted.json()["input_tokens"] > 0


@pytest.mark.parametrize(("path", "kind"), [(MESSAGES, "error"), (CHAT, "error")])
@pytest.mark.parametrize("body", [b"{", b"[]", b"", b'{"model": 5}', orjson.dumps({"model": "gpt-5"})])
async def test_what_is_no_request_is_a_400_of_the_dialect(house, path, kind, body):
    told = await house.client.post(path, content=body)
    assert told.status_code == 400
    assert told.json()[kind]["type" if path == CHAT else "message"]
