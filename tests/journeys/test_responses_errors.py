"""What a client is told when the upstream fails before its first content: a status, in OpenAI's envelope."""

import dataclasses

import pytest
from jackfield.testing import (
    Head,
    Pause,
    Raw,
    Reset,
    Script,
    Text,
    answer,
    check_events,
    closed_url,
    empty,
    ends_early,
    error_event,
    failed,
    hang,
    hang_after_headers,
    html_page,
    http_error,
    json_reply,
    rate_limited,
    read_sse,
    reply,
    reset_before_headers,
    text_answer,
    usage_limit,
)

# the upstream's status and body; the client's status, type, code, and words of the message
TABLE = {
    "400": (http_error(400, "Bad field", code="x_code"), 400, "invalid_request_error", "x_code", "Bad field"),
    "400 with detail": (
        json_reply({"detail": "Unsupported parameter: x"}, 400), 400, "invalid_request_error", None,
        "Unsupported parameter: x",
    ),
    "422 with findings": (
        json_reply({"detail": [{"msg": "field required"}, {"msg": "too long"}]}, 422), 400, "invalid_request_error",
        None, "field required; too long",
    ),
    "400 with text": (reply("no such thing", 400), 400, "invalid_request_error", None, "no such thing"),
    "400 with message": (
        json_reply({"message": "Boom", "code": "x"}, 400), 400, "invalid_request_error", "x", "Boom",
    ),
    "400 context": (
        http_error(400, "Your input exceeds the context window of this model"), 400, "invalid_request_error",
        "context_length_exceeded", "context window",
    ),
    "400 context code": (
        http_error(400, "Too long", code="context_length_exceeded"), 400, "invalid_request_error",
        "context_length_exceeded", "Too long",
    ),
    "401": (http_error(401, "Bad key"), 502, "server_error", "upstream_auth", "Bad key"),
    "403": (http_error(403, "Not you"), 403, "invalid_request_error", None, "Not you"),
    "402": (http_error(402, "Pay"), 402, "insufficient_quota", "insufficient_quota", "Pay"),
    "429 quota": (
        http_error(429, "Pay", code="insufficient_quota"), 402, "insufficient_quota", "insufficient_quota", "Pay",
    ),
    "404 model": (
        http_error(404, "The model `x` does not exist"), 404, "invalid_request_error", "model_not_found", "does not",
    ),
    "404 model code": (
        http_error(404, "No", code="model_not_found"), 404, "invalid_request_error", "model_not_found", "No",
    ),
    "404": (http_error(404, "No such path"), 404, "invalid_request_error", None, "No such path"),
    "408": (http_error(408, "Slow"), 408, "server_error", "upstream_timeout", "Slow"),
    "409": (http_error(409, "Twice"), 409, "invalid_request_error", None, "Twice"),
    "413": (http_error(413, "Large"), 413, "invalid_request_error", None, "Large"),
    "429": (rate_limited(), 429, "rate_limit_error", "rate_limit_exceeded", "Rate limit"),
    "429 usage": (usage_limit(3600), 429, "usage_limit_reached", "usage_limit_reached", "usage limit"),
    "500": (http_error(500, "Boom"), 500, "server_error", None, "Boom"),
    "502": (http_error(502, "Boom"), 502, "server_error", None, "Boom"),
    "503": (http_error(503, "Busy"), 503, "server_error", "server_is_overloaded", "Busy"),
    "529": (http_error(529, "Busy"), 503, "server_error", "server_is_overloaded", "Busy"),
    "capacity": (
        http_error(500, "Selected model is at capacity."), 503, "server_error", "server_is_overloaded", "capacity",
    ),
    "504": (http_error(504, "Slow"), 504, "server_error", "upstream_timeout", "Slow"),
    "500 without a word": (reply("", 500), 500, "server_error", None, "upstream answered HTTP 500"),
    "502 html": (html_page(502), 502, "server_error", None, "upstream answered HTTP 502"),
    "403 html": (html_page(403), 403, "invalid_request_error", None, "HTTP 403"),
    "301": (reply("", 301, location="http://elsewhere.example"), 502, "server_error", None, "HTTP 301"),
    "200 html": (html_page(), 502, "server_error", None, "page instead of an event stream"),
    "200 empty": (empty(), 502, "server_error", "upstream_stream_cut", "closed before"),
    "204": (empty(204), 502, "server_error", "upstream_stream_cut", "closed before"),
    "ended after the handshake": (
        ends_early(2), 502, "server_error", "upstream_stream_cut", "closed before response.completed",
    ),
    "ended after the item was announced": (
        ends_early(4, answer(Text("Hi"))), 502, "server_error", "upstream_stream_cut", "closed before",
    ),
    "reset before headers": (reset_before_headers(), 502, "server_error", "upstream_unreachable", "broke off"),
    "reset after headers": (
        text_answer().cut(0, Head(), Reset()), 502, "server_error", "upstream_stream_cut", "broke off",
    ),
    "reset in the handshake": (
        text_answer().cut(2, Reset()), 502, "server_error", "upstream_stream_cut", "broke off",
    ),
    "no answer": (hang(), 504, "server_error", "upstream_timeout", "nothing before the first byte"),
    "no event": (hang_after_headers(), 504, "server_error", "upstream_timeout", "nothing within 0.1 s"),
    "failed event": (failed("server_error", "Boom"), 502, "server_error", None, "Boom"),
    "error event": (error_event("rate_limit_exceeded", "Slow"), 429, "rate_limit_error", "rate_limit_exceeded", "Slow"),
    "nested error event": (
        error_event("invalid_prompt", "Bad", nested=True), 400, "invalid_request_error", "invalid_prompt", "Bad",
    ),
    "failed context": (
        failed("context_length_exceeded", "Long"), 400, "invalid_request_error", "context_length_exceeded", "Long",
    ),
    "failed policy": (failed("cyber_policy", "No"), 400, "invalid_request_error", "cyber_policy", "No"),
    "failed image": (failed("invalid_image_url", "No"), 400, "invalid_request_error", "invalid_image_url", "No"),
    "failed residency": (
        failed("data_residency_mismatch", "No"), 403, "invalid_request_error", "data_residency_mismatch", "No",
    ),
    "failed overload": (
        failed("server_is_overloaded", "Busy"), 503, "server_error", "server_is_overloaded", "Busy",
    ),
    "failed search": (failed("vector_store_timeout", "No"), 502, "server_error", "vector_store_timeout", "No"),
}  # fmt: skip


@pytest.fixture
async def house(serve, upstream):
    limits = {"first-byte-timeout": 0.1, "stream-idle-timeout": 0.1}
    return await serve(upstream, config={"limits": limits, "request-retry": 0})


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(("script", "status", "kind", "code", "words"), TABLE.values(), ids=TABLE)
async def test_the_status_and_the_envelope(house, upstream, stream, script, status, kind, code, words):
    upstream.script(script)
    answered = await house.post(stream=stream)
    error = answered.json()["error"]
    assert (answered.status_code, error["type"]) == (status, kind)
    assert code is None or error["code"] == code
    assert {"message", "type", "param", "code"} <= set(error)
    assert words in error["message"]
    assert "<" not in error["message"]
    assert answered.headers["content-type"] == "application/json"
    record = await house.records.request()
    assert record.status == status
    assert record.error


async def test_a_refused_connection_is_a_bad_gateway(serve):
    house = await serve(closed_url())
    answered = await house.post()
    assert (answered.status_code, answered.json()["error"]["code"]) == (502, "upstream_unreachable")
    assert "127.0.0.1" in answered.json()["error"]["message"]
    assert (await house.records.request()).error == "unreachable"


async def test_an_unknown_host_is_a_bad_gateway(serve):
    house = await serve("http://no-such-host.invalid/v1")
    answered = await house.post()
    assert (answered.status_code, answered.json()["error"]["code"]) == (502, "upstream_unreachable")


async def test_an_upstream_without_tls_is_a_bad_gateway(serve, upstream):
    house = await serve(upstream.base_url.replace("http:", "https:"))
    answered = await house.post()
    assert (answered.status_code, answered.json()["error"]["code"]) == (502, "upstream_unreachable")
    assert upstream.requests == []


async def test_an_answer_that_is_no_http_is_a_bad_gateway(serve, upstream):
    house = await serve(upstream)
    upstream.default = Script((Raw(b"220 smtp.example ESMTP\r\n"),))
    answered = await house.post()
    assert (answered.status_code, answered.json()["error"]["type"]) == (502, "server_error")


@pytest.mark.parametrize(
    ("script", "seconds"),
    [
        (rate_limited(7), "7"),
        (rate_limited(0.2), "1"),
        (usage_limit(34), "34"),
        (http_error(429, "Please try again in 1.2s"), "2"),
        (http_error(503, "Busy", retry_after="30"), "30"),
        (error_event("rate_limit_exceeded", "Please try again in 1m"), "60"),
    ],
    ids=["header", "below a second", "reset in the body", "words", "overload", "event"],
)
async def test_the_wait_is_told_in_whole_seconds(house, upstream, script, seconds):
    upstream.script(script)
    assert (await house.stream()).headers["retry-after"] == seconds


async def test_without_a_wait_there_is_no_header(house, upstream):
    upstream.script(rate_limited())
    assert "retry-after" not in (await house.stream()).headers


CANARIES = (
    "sk-canary0123456789", "Bearer canary0123456789", "https://user:canary@host/x", "eyJcanary0123456789.abc.def",
)  # fmt: skip


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("make", [http_error, None], ids=["http", "event"])
async def test_keys_in_an_upstreams_words_are_hidden(house, upstream, canary, make):
    upstream.script(make(400, f"Bad: {canary} here") if make else failed("invalid_prompt", f"Bad: {canary} here"))
    answered = await house.stream()
    assert answered.status_code == 400
    assert "canary" not in answered.text
    assert "here" in answered.json()["error"]["message"]


async def test_a_huge_error_page_is_cut(house, upstream):
    upstream.script(reply("x" * 5_000_000, 500))
    answered = await house.stream()
    assert answered.status_code == 500
    assert len(answered.content) < 5000


async def test_the_field_at_fault_is_passed_on(house, upstream):
    error = {"message": "Bad", "type": "invalid_request_error", "param": "input[0]", "code": None}
    upstream.script(json_reply({"error": error}, 400))
    assert (await house.stream()).json()["error"] == error


async def test_an_error_says_which_request_it_was(house, upstream):
    upstream.script(http_error(500))
    answered = await house.post()
    assert answered.headers["x-request-id"] == (await house.records.request()).request_id


async def test_after_the_opening_was_let_through_a_failure_is_told_in_the_stream(serve, upstream):
    house = await serve(upstream, config={"limits": {"handshake-hold": 0.02}})
    upstream.script(failed("server_error", "Boom").after(2, Pause()))
    async with house.open() as answered:
        assert answered.status_code == 200
        upstream.last.resume()
        events = [data for _, data in read_sse(await answered.aread())]
    check_events(events, end="response.failed")


async def test_an_abandoned_error_body_leaves_no_connection_behind(house, upstream):
    script = dataclasses.replace(http_error(500), framing="chunked")
    upstream.script(script)
    await house.post()
    assert house.host.upstream.open_connections <= 1
