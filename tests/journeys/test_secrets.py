"""No key is told to anybody: not in a log, not in an answer, whatever goes wrong."""

import io
import logging

import pytest
from jackfield.api import hookimpl
from jackfield.testing import closed_url, cut_after, failed, hang, html_page, http_error, reply, text_answer

CLIENT, PROVIDER, MANAGEMENT = "client-canary-0123456789", "provider-canary-0123456789", "manage-canary-0123456789"
ECHO = f"your key {PROVIDER} and sk-canary0123456789 and Bearer canary0123456789 are not welcome"

CASES = {
    "served": text_answer(),
    "refused": http_error(401, ECHO),
    "bad request": http_error(400, ECHO),
    "rate limited": http_error(429, ECHO),
    "text": reply(ECHO, 500),
    "failed": failed("server_error", ECHO),
    "html": html_page(),
    "hang": hang(),
    "cut": cut_after(6),
}


class Talkative:
    """A plugin that logs and raises what it should not."""

    @hookimpl
    def on_request_complete(self, record):
        logging.getLogger("jackfield.plugin.talkative").warning("saw %s", PROVIDER, extra={"key": CLIENT})
        raise ValueError(f"the key is {PROVIDER}")


@pytest.fixture(params=["text", "json"])
async def house(request, serve, upstream, monkeypatch):
    keys = {"api-key": PROVIDER, "headers": {"x-team": "header-canary-0123456789"}}
    config = {
        "api-keys": [CLIENT],
        "debug": True,
        "log-format": request.param,
        "limits": {"first-byte-timeout": 0.05},
    }
    house = await serve(upstream, config=config, keys=keys, plugins={"talkative": Talkative()})
    [handler] = [each for each in logging.getLogger("jackfield").handlers if each.get_name() == "jackfield"]
    stream = io.StringIO()
    monkeypatch.setattr(handler, "stream", stream)
    house.log = stream
    return house


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("script", CASES.values(), ids=CASES)
async def test_no_key_in_any_log_or_answer(house, upstream, script, stream):
    upstream.default = script
    answered = await house.post({"x-api-key": CLIENT}, stream=stream)
    refused = await house.post({"x-api-key": CLIENT + "x"})
    assert refused.status_code == 401
    await house.records.request(2)
    log = house.log.getvalue()
    assert "saw" in log
    assert "the key is" in log
    for told in (log, answered.text, str(answered.headers), refused.text, repr(house.records.all)):
        assert "canary" not in told
    assert upstream.requests[0].key == PROVIDER


async def test_nor_in_the_small_routes(house):
    for path in ("/", "/readyz", "/healthz", "/v1/models", "/v1/models/gpt-5", "/nowhere"):
        answered = await house.client.get(path, headers={"x-api-key": CLIENT})
        assert "canary" not in answered.text
    assert "canary" not in repr(house.host.settings)
    assert "canary" not in repr(house.host.runtime)


async def test_bodies_are_never_written(house, upstream):
    upstream.default = text_answer("the answer says pelican")
    await house.post({"x-api-key": CLIENT}, input="the question says flamingo")
    await house.records.request()
    assert "flamingo" not in house.log.getvalue()
    assert "pelican" not in house.log.getvalue()
    assert "flamingo" not in repr(house.records.all)


async def test_a_key_goes_only_to_the_url_it_was_configured_with(serve, upstream, second):
    house = await serve(closed_url(), upstream, second)
    for _ in range(3):
        await house.post()
    assert {request.key for request in upstream.requests} == {"sk-owl-0123456789"}
    assert {request.key for request in second.requests} <= {"sk-elk-0123456789"}
