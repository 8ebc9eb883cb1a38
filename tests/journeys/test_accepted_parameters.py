"""What a provider says that it takes, it is sent; every other is sent what Codex-style upstreams take (issue 12)."""

import pytest
from jackfield.api import ConfigError
from jackfield.testing import FakeUpstream, jackfield_server, make_app

from .conftest import ASK, provider

MESSAGE = {"role": "user", "content": "Hi"}
FIELDS = {"temperature": 0.5, "top_p": 0.25, "metadata": {"a": "b"}, "user": "u"}
CASES = {
    "/v1/responses": ({**ASK, **FIELDS, "max_output_tokens": 300}, {**FIELDS, "max_output_tokens": 300}),
    "/v1/chat/completions": (
        {"model": "gpt-5", "messages": [MESSAGE], **FIELDS, "max_tokens": 300},
        {**FIELDS, "max_output_tokens": 300},
    ),
    "/v1/messages": (
        {"model": "gpt-5", "messages": [MESSAGE], "max_tokens": 300, "temperature": 0.5, "top_p": 0.25},
        {"temperature": 0.5, "top_p": 0.25, "max_output_tokens": 300},
    ),
}
NAMES = [*FIELDS, "max_output_tokens"]
NONE = {*NAMES, "max_tokens", "safety_identifier"}


async def sent(upstream, path, body, **keys):
    """Return what the upstream gets of a request."""
    config = {"tppc": {"providers": [provider("fox", upstream.base_url, **keys)]}}
    async with jackfield_server(config) as server, server.client() as client:
        answer = await client.post(path, json=body)
        assert answer.status_code == 200, answer.text
    return upstream.last.json()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", CASES)
async def test_a_relay_that_says_so_is_sent_length_and_sampling(upstream, path, stream):
    body, expected = CASES[path]
    found = await sent(upstream, path, {**body, "stream": stream}, accepts=NAMES)
    assert {name: found[name] for name in expected} == expected
    assert "max_tokens" not in found


@pytest.mark.parametrize("section", ["tppc", "packycode", "codex-api-key"])
@pytest.mark.parametrize("path", CASES)
async def test_others_are_sent_what_their_kind_takes(path, section):
    key = "sk-key-0123456789"
    body, _ = CASES[path]
    async with FakeUpstream(strict=True) as upstream:
        config = {
            "tppc": {"tppc": {"providers": [provider("fox", upstream.base_url)]}},
            "packycode": {
                "packycode": {"enabled": True, "base-url": upstream.base_url, "credentials": {"openai-api-key": key}}
            },
            "codex-api-key": {"codex-api-key": [{"api-key": key, "base-url": upstream.base_url}]},
        }[section]
        async with jackfield_server(config) as server, server.client() as client:
            answer = await client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        assert not NONE & upstream.last.json().keys()


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_a_small_limit_goes_up_as_the_least_that_the_upstream_takes(upstream, path):
    body, _ = CASES[path]
    found = await sent(upstream, path, {**body, "max_tokens": 3}, accepts=["max_output_tokens"])
    assert found["max_output_tokens"] == 16
    assert "temperature" not in found


async def test_only_what_is_named_goes_up(upstream):
    body, _ = CASES["/v1/chat/completions"]
    found = await sent(upstream, "/v1/chat/completions", body, accepts=["temperature"])
    assert NONE & found.keys() == {"temperature"}


async def test_chats_names_for_the_length_are_read_on_the_responses_route(upstream):
    for name in ("max_tokens", "max_completion_tokens"):
        found = await sent(upstream, "/v1/responses", {**ASK, name: 40}, accepts=["max_output_tokens"])
        assert found["max_output_tokens"] == 40
        assert name not in found


async def test_who_the_client_is_goes_only_where_it_is_taken(upstream):
    """A Responses client's `safety_identifier` passes, as ever; that of others is not meant for a subscription."""
    chat, _ = CASES["/v1/chat/completions"]
    asked = {**chat, "safety_identifier": "hash"}
    assert "safety_identifier" not in await sent(upstream, "/v1/chat/completions", asked)
    found = await sent(upstream, "/v1/chat/completions", asked, accepts=["safety_identifier"])
    assert found["safety_identifier"] == "hash"
    found = await sent(upstream, "/v1/responses", {**ASK, "safety_identifier": "hash"})
    assert found["safety_identifier"] == "hash"


def test_a_parameter_that_cannot_be_taken_is_refused_with_its_place():
    with pytest.raises(ConfigError, match=r"tppc\.providers\[0\]\.accepts\[0\]"):
        make_app({"tppc": {"providers": [provider("fox", "http://127.0.0.1:9/v1", accepts=["store"])]}})


@pytest.mark.parametrize("name", ["max_tokens", "temperature", "top_p"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_a_number_that_is_none_is_named(serve, upstream, path, name):
    house = await serve(upstream)
    body, _ = CASES[path]
    answer = await house.client.post(path, json={**body, name: "much"})
    assert answer.status_code == 400
    assert name in answer.json()["error"]["message"]
    assert upstream.requests == []
