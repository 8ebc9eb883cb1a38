"""Which headers travel: from the client to the upstream, and back."""

import dataclasses

import pytest
from jackfield.api import VERSION
from jackfield.testing import rate_limited, text_answer

CLIENT_KEY = "client-key-0123456789abcdef"

CODEX = {"originator": "codex_exec", "user-agent": "codex_exec/0.169.0 (Linux)"}

TRAVEL = {
    "session_id": "s1",
    "session-id": "s2",
    "session_source": "cli",
    "conversation_id": "c1",
    "conversation-id": "c2",
    "thread-id": "t1",
    "originator": "codex_exec",
    "version": "0.169.0",
    "user-agent": "codex_exec/0.169.0 (Linux)",
    "openai-beta": "responses_websockets=2026-02-06",
    "x-client-request-id": "r1",
    "x-codex-window-id": "w1",
    "x-codex-turn-metadata": '{"a":"b"}',
    "x-codex-beta-features": "remote_compaction_v2",
    "x-codex-of-tomorrow": "yes",
    "x-openai-internal-codex-responses-lite": "true",
    "x-openai-subagent": "review",
    "x-oai-attestation": "a1",
}

STAY = {
    "cookie": "sid=canary",
    "x-goog-api-key": CLIENT_KEY,
    "x-api-key": CLIENT_KEY,
    "proxy-authorization": "Basic Y2FuYXJ5",
    "x-forwarded-for": "10.0.0.1",
    "forwarded": "for=10.0.0.1",
    "referer": "http://canary.example",
    "origin": "http://canary.example",
    "anthropic-beta": "canary",
    "openai-organization": "canary",
    "x-stainless-lang": "python",
    "te": "trailers",
    "x-anything": "canary",
    "x-openai-authorization": "Bearer canary",
    "x-oai-api-key": "canary",
    "x-codex-cookie": "canary",
    "x-openai-forwarded-for": "10.0.0.1",
}


@pytest.fixture
async def guarded(serve, upstream):
    return await serve(upstream, config={"api-keys": [CLIENT_KEY]})


async def test_the_upstream_gets_the_providers_key_and_what_a_stream_needs(guarded, upstream):
    await guarded.post({"authorization": f"Bearer {CLIENT_KEY}", "accept": "application/json"})
    headers = upstream.last.headers
    assert upstream.last.key == "sk-fox-0123456789"
    assert headers["accept"] == "text/event-stream"
    assert headers["content-type"] == "application/json"
    assert headers["accept-encoding"] == "identity"
    assert headers["content-length"] == str(len(upstream.last.body))
    assert "127.0.0.1" in headers["host"]


async def test_nothing_of_the_clients_key_is_forwarded(guarded, upstream):
    await guarded.post({"authorization": f"Bearer {CLIENT_KEY}", "x-api-key": CLIENT_KEY})
    assert CLIENT_KEY not in str(upstream.last.raw_headers)
    assert CLIENT_KEY.encode() not in upstream.last.body


@pytest.mark.parametrize("name", TRAVEL)
async def test_what_a_codex_client_sends_of_itself_travels(house, upstream, name):
    """L6: by its kind, not by a list that ages."""
    await house.post({**CODEX, name: TRAVEL[name]})
    assert upstream.last.headers[name] == TRAVEL[name]


KNOWN_BY = {
    "originator": {"originator": "codex_vscode", "user-agent": "x/1"},
    "user agent": {"user-agent": "codex_cli_rs/0.125.0"},
    "another originator": {"originator": "Codex Desktop", "user-agent": "Mozilla/5.0"},
    "a header of its own": {"x-codex-window-id": "w1"},
}


@pytest.mark.parametrize("client", KNOWN_BY.values(), ids=KNOWN_BY)
async def test_a_codex_client_is_known_by_what_it_says(house, upstream, client):
    """L6: originator, user agent, or a header that only Codex has."""
    await house.post({**client, "version": "9"})
    found = upstream.last.headers
    assert {name: found.get(name) for name in (*client, "version")} == {**client, "version": "9"}


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/chat/completions", "/v1/messages"])
async def test_nobody_else_is_dressed_up_as_codex(house, upstream, path):
    """L6: of another client nothing travels, and nothing of Codex is added."""
    identity = {
        name: value for name, value in TRAVEL.items() if not name.startswith("x-codex-") and "session" not in name
    }
    client = {**identity, "originator": "opencode", "user-agent": "opencode/1.18", "anthropic-version": "2023-06-01"}
    body = {"model": "gpt-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], "input": "Hi"}
    keep = ("model", "input") if path.endswith("responses") else ("model", "max_tokens", "messages")
    answer = await house.client.post(path, json={key: body[key] for key in keep}, headers=client)
    assert answer.status_code == 200
    found = upstream.last.headers
    assert [name for name in identity if name in found] == ["user-agent"]
    assert found["user-agent"].startswith("jackfield/")
    assert "codex" not in str(upstream.last.raw_headers).lower()


@pytest.mark.parametrize("client", [{}, CODEX], ids=["anybody", "Codex"])
@pytest.mark.parametrize("name", STAY)
async def test_every_other_header_stays(guarded, upstream, name, client):
    """L6: never keys, cookies, forwarding headers, whatever they begin with."""
    answer = await guarded.post({"authorization": f"Bearer {CLIENT_KEY}", **client, name: STAY[name]})
    assert answer.status_code == 200
    assert name not in upstream.last.headers


async def test_a_header_comes_once(house, upstream):
    await house.post({**TRAVEL, "accept": "x/y"})
    names = [name.lower() for name, _ in upstream.last.raw_headers]
    assert sorted(names) == sorted(set(names))


async def test_a_session_header_of_the_client_is_not_doubled_by_ours(house, upstream):
    await house.post({**CODEX, "session-id": "mine"})
    assert "session_id" not in upstream.last.headers


@pytest.mark.parametrize("client", [{}, {**CODEX, "session_id": "mine"}], ids=["ours", "Codex's"])
async def test_a_session_id_is_sent_under_both_names(house, upstream, client):
    """L6: nginx drops a header with an underscore."""
    await house.post(client, prompt_cache_key="mine")
    assert (upstream.last.headers["session_id"], upstream.last.headers["session-id"]) == ("mine", "mine")


async def test_a_user_agent_is_always_sent(house, upstream):
    del house.client.headers["user-agent"]
    await house.post()
    assert upstream.last.headers["user-agent"] == f"jackfield/{VERSION}"


async def test_the_operators_headers_win_but_not_over_the_key(serve, upstream):
    extra = {"User-Agent": "mine/1.0", "X-Team": "red", "Authorization": "Bearer other", "Accept": "x/y"}
    house = await serve(upstream, keys={"headers": extra})
    await house.post({"user-agent": "codex_exec/2.0"})
    headers = upstream.last.headers
    assert (headers["user-agent"], headers["x-team"]) == ("mine/1.0", "red")
    assert (upstream.last.key, headers["accept"]) == ("sk-fox-0123456789", "text/event-stream")


GAP = {"User-Agent": "team/1.0", "X-Team": "red", "Version": "1"}


async def test_default_headers_fill_gaps_only(serve, upstream):
    """L6: what Codex says of itself is not hidden by the operator's defaults."""
    house = await serve(upstream, keys={"default-headers": GAP})
    await house.post(CODEX)
    found = upstream.last.headers
    assert (found["user-agent"], found["x-team"], found["version"]) == (CODEX["user-agent"], "red", "1")
    await house.post({"user-agent": "curl/8"})
    assert upstream.last.headers["user-agent"] == "team/1.0"


async def test_the_operators_headers_win_over_a_codex_client(serve, upstream):
    """L6: over its defaults too."""
    house = await serve(upstream, keys={"headers": {"User-Agent": "mine/1.0"}, "default-headers": GAP})
    await house.post(CODEX)
    assert (upstream.last.headers["user-agent"], upstream.last.headers["originator"]) == ("mine/1.0", "codex_exec")


async def test_query_params_go_into_the_url(serve, upstream):
    """L6: with whatever they need to be escaped."""
    house = await serve(upstream, keys={"query-params": {"api-version": "2025-04-01", "team": "a b&c"}})
    await house.post()
    assert upstream.last.path == "/v1/responses?api-version=2025-04-01&team=a+b%26c"


NASTY = {
    "CRLF": "x\r\nx-injected: 1",
    "LF": "x\ny",
    "NUL": "x\0y",
    "latin": "grüße",
    "beyond latin": "对话",
    "blanks": " padded ",
    "long": "x" * 5000,
}


@pytest.mark.parametrize("key", NASTY.values(), ids=NASTY)
async def test_a_cache_key_of_any_text_stays_in_the_body_and_breaks_no_header(house, upstream, key):
    answer = await house.post(prompt_cache_key=key)
    assert answer.status_code == 200
    assert upstream.last.json()["prompt_cache_key"] == key
    assert "x-injected" not in upstream.last.headers
    session = upstream.last.headers["session_id"]
    assert session
    assert session.isascii()
    assert len(session) <= 64


async def test_two_nasty_cache_keys_are_two_sessions(house, upstream):
    await house.post(prompt_cache_key="grüße")
    await house.post(prompt_cache_key="对话")
    one, two = upstream.requests
    assert one.headers["session_id"] != two.headers["session_id"]


async def test_a_header_that_is_not_ascii_is_no_fault_of_ours(house, upstream):
    odd = {"x-codex-name": "grüße".encode("latin-1"), "originator": "对话".encode()}
    answer = await house.post(odd)
    assert answer.status_code == 200
    assert upstream.last.headers["x-codex-name"] == "grüße"
    assert upstream.last.headers["originator"].encode("latin-1").decode() == "对话"


# -- and back

PASSED = {
    "x-request-id": "req_upstream",
    "openai-processing-ms": "17",
    "x-ratelimit-remaining-requests": "3",
    "x-ratelimit-reset-tokens": "6m0s",
    "x-codex-primary-used-percent": "12",
    "x-codex-primary-reset-after-seconds": "600",
}

HIDDEN = {
    "set-cookie": "sid=canary",
    "server": "canary",
    "alt-svc": 'h3=":443"',
    "x-powered-by": "canary",
    "strict-transport-security": "max-age=1",
    "access-control-allow-origin": "*",
    "cf-ray": "canary",
    "authorization": "Bearer canary",
    "openai-organization": "canary",
}


@pytest.mark.parametrize("stream", [True, False])
async def test_the_upstreams_headers_come_back_from_a_list(house, upstream, stream):
    upstream.script(dataclasses.replace(text_answer(), headers={**PASSED, **HIDDEN}))
    answer = await house.post(stream=stream)
    assert {name: answer.headers.get(name) for name in PASSED} == PASSED
    assert "canary" not in str(answer.headers)
    assert [name for name in HIDDEN if name in answer.headers] in ([], ["server"])  # our own server's name


@pytest.mark.parametrize("stream", [True, False])
async def test_those_of_an_error_come_back_too(serve, upstream, stream):
    upstream.script(dataclasses.replace(rate_limited(7), headers={"retry-after": "7", **PASSED, **HIDDEN}))
    house = await serve(upstream, config={"request-retry": 0})
    answer = await house.post(stream=stream)
    assert answer.status_code == 429
    assert {name: answer.headers.get(name) for name in PASSED} == PASSED
    assert answer.headers["retry-after"] == "7"
    assert "canary" not in str(answer.headers)


async def test_an_answer_always_has_a_request_id(house):
    one, two = await house.post(), await house.post()
    assert one.headers["x-request-id"].startswith("req_")
    assert one.headers["x-request-id"] != two.headers["x-request-id"]
    assert (await house.records.request(2)).request_id == two.headers["x-request-id"]


async def test_a_stream_says_what_it_is_and_asks_relays_not_to_buffer(house):
    answer = await house.stream()
    assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in answer.headers


async def test_an_answer_without_a_stream_is_json_with_a_length(house):
    answer = await house.post({"accept-encoding": "gzip, br"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert "content-encoding" not in answer.headers
