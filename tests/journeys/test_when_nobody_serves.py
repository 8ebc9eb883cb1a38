"""What clients hear when nobody serves them: the cause, and a time that no client waits too long for (V8)."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from jackfield.testing import http_error, rate_limited, usage_limit

ASK = {
    "/v1/responses": {"model": "gpt-5", "input": "Hi"},
    "/v1/chat/completions": {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}]},
    "/v1/messages": {"model": "gpt-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
}


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("path", ASK)
async def test_a_refused_key_is_told_to_the_next_client_too(serve, upstream, path, stream):
    house = await serve(upstream)
    upstream.default = http_error(401, "Incorrect API key provided")
    for _ in range(2):
        answer = await house.client.post(path, json={**ASK[path], "stream": stream})
        assert answer.status_code == 502
        assert "retry-after" not in answer.headers
        assert answer.headers["x-should-retry"] == "false"
        assert "HTTP 401" in answer.json()["error"]["message"]
    assert len(upstream.requests) == 1
    message = answer.json()["error"]["message"]
    assert "fox refused its key (HTTP 401): Incorrect API key provided" in message
    assert "asked again in 30 min" in message
    if path != "/v1/messages":
        assert answer.json()["error"]["code"] == "upstream_auth"


LONG = {
    "429": lambda clock: rate_limited(86_400),
    "503": lambda clock: http_error(503, retry_after="86400"),
    "a date": lambda clock: http_error(429, retry_after=format_datetime(clock.now() + timedelta(days=1), usegmt=True)),
    "milliseconds": lambda clock: http_error(429, retry_after_ms="86400000"),
    "a plan": lambda clock: usage_limit(86_400),
}


@pytest.mark.parametrize("path", ASK)
@pytest.mark.parametrize("script", LONG.values(), ids=LONG)
async def test_no_client_is_told_to_wait_longer_than_a_minute(serve, upstream, fake_clock, script, path):
    house = await serve(upstream)
    upstream.default = script(house.host.clock)
    for _ in range(2):
        answer = await house.client.post(path, json=ASK[path])
        assert answer.status_code in (429, 503, 529)
        assert not {"retry-after", "retry-after-ms"} & set(answer.headers)
        assert answer.headers["x-should-retry"] == "false"
        message = answer.json()["error"]["message"]
        assert any(unit in message for unit in (" h", " days", " min")), message


@pytest.mark.parametrize("path", ASK)
async def test_a_spent_account_that_names_no_reset_is_not_tried_again(serve, upstream, path):
    house = await serve(upstream)
    upstream.default = http_error(429, "API key 额度已用完", code="API_KEY_QUOTA_EXHAUSTED")
    for _ in range(2):
        answer = await house.client.post(path, json=ASK[path])
        assert answer.status_code == 429
        assert answer.headers["x-should-retry"] == "false"
        assert "额度已用完" in answer.json()["error"]["message"]
    assert len(upstream.requests) == 1


async def test_milliseconds_of_an_upstream_do_not_pass(serve, upstream):
    house = await serve(upstream)
    upstream.script(http_error(429, retry_after_ms="9000"))
    answer = await house.post()
    assert (answer.headers["retry-after"], "retry-after-ms" in answer.headers) == ("9", False)


async def test_a_short_time_is_passed_on(serve, upstream):
    house = await serve(upstream)
    upstream.default = rate_limited(20)
    for _ in range(2):
        answer = await house.post()
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "20")
        assert "x-should-retry" not in answer.headers
    assert len(upstream.requests) == 1


async def test_one_that_is_back_sooner_counts(serve, upstream, second, fake_clock):
    house = await serve(upstream, second, clock=fake_clock)
    upstream.default = rate_limited(40)
    second.default = rate_limited(3000)
    assert (await house.post()).headers["retry-after"] == "40"
    assert (await house.post()).headers["retry-after"] == "40"


async def test_several_causes_are_told_together(serve, upstream, second, fake_clock):
    house = await serve(upstream, second, clock=fake_clock)
    upstream.default = http_error(401, "No such key")
    second.default = http_error(429, retry_after="30")
    await house.post()
    answer = await house.post()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    message = answer.json()["error"]["message"]
    assert "fox refused its key (HTTP 401)" in message
    assert "owl is limited (HTTP 429), asked again in 30 s" in message


@pytest.mark.parametrize("script", [http_error(401), http_error(402)])
async def test_a_refusal_without_retries_says_nothing_against_trying_again(serve, upstream, second, script):
    """Somebody else serves, though this request may not ask twice."""
    house = await serve(upstream, second, config={"request-retry": 0})
    upstream.default = script
    refused = await house.post()
    assert refused.status_code in (402, 502)
    assert "x-should-retry" not in refused.headers
    assert (await house.post()).status_code == 200


async def test_a_failure_that_passes_is_told_before_one_that_lasts(serve, upstream, second):
    house = await serve(upstream, second)
    upstream.default = http_error(500)
    second.default = http_error(401)
    answer = await house.post()
    assert answer.status_code == 500
    assert "x-should-retry" not in answer.headers


async def test_what_rests_after_one_clients_request_does_not_repeat_its_words(serve, upstream, fake_clock):
    house = await serve(upstream, clock=fake_clock)
    upstream.default = http_error(429, "You asked for a secret thing", retry_after="30")
    await house.post()
    assert "secret thing" not in (await house.post()).text
