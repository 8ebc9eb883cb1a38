"""What a login tells ChatGPT of the client, and what relays are told (L6, L9)."""

import pytest
from jackfield.api import VERSION, ConfigError
from jackfield.testing import FakeUpstream, jackfield_server, make_app

CODEX = {"originator": "codex_exec", "user-agent": "codex_exec/0.169.0", "version": "0.169.0"}
BROWSER = {"user-agent": "Mozilla/5.0 (X11)", "originator": "web"}
ASK = {"model": "gpt-5", "input": "Hi"}


@pytest.mark.parametrize("client", [{}, BROWSER, {"user-agent": "claude-cli/2.1"}], ids=["none", "browser", "Claude"])
async def test_a_login_calls_under_our_own_name(serve, backend, auth, client):
    """L9: never under the name of a client that is not Codex, nor a browser's."""
    house = await serve(auth)
    await house.client.post("/v1/responses", json=ASK, headers=client)
    found = backend.last.headers
    assert (found["originator"], found["user-agent"]) == ("jackfield", f"jackfield/{VERSION}")


async def test_a_login_calls_under_codexs_name_where_the_client_is_codex(serve, backend, auth):
    """L9: untouched."""
    house = await serve(auth)
    await house.client.post("/v1/responses", json=ASK, headers=CODEX)
    assert {name: backend.last.headers[name] for name in CODEX} == CODEX


async def test_a_messages_client_on_a_login(serve, backend, auth):
    """L9: on the other routes too."""
    house = await serve(auth)
    body = {"model": "gpt-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    await house.client.post("/v1/messages", json=body, headers={"user-agent": "claude-cli/2.1"})
    assert backend.last.headers["originator"] == "jackfield"
    assert "claude" not in str(backend.last.raw_headers)


async def test_a_login_gets_instructions_though_the_client_sent_none(serve, backend, auth):
    """L2: that backend insists on the field, where relays refuse an empty one."""
    house = await serve(auth)
    await house.client.post("/v1/responses", json=ASK)
    assert backend.last.json()["instructions"] == ""


OPTIONS = {"headers": {"X-Team": "red"}, "default-headers": {"User-Agent": "team/1"}, "query-params": {"v": "2"}}
SECTIONS = {
    "codex-api-key": lambda url: {"codex-api-key": [{"api-key": "sk-key-0123456789", "base-url": url, **OPTIONS}]},
    "packycode": lambda url: {
        "packycode": {
            "enabled": True, "base-url": url, "credentials": {"openai-api-key": "sk-key-0123456789"}, **OPTIONS,
        }
    },
    "tppc": lambda url: {
        "tppc": {
            "providers": [
                {"name": "fox", "enabled": True, "base-url": url, "api-key": "sk-key-0123456789", **OPTIONS}
            ]
        }
    },
}  # fmt: skip


@pytest.mark.parametrize("section", SECTIONS)
async def test_headers_defaults_and_parameters_are_sent_by_every_section(section):
    """L6: `headers` win, `default-headers` fill gaps, `query-params` go into the URL."""
    async with FakeUpstream() as upstream, jackfield_server(SECTIONS[section](upstream.base_url)) as server:
        async with server.client() as client:
            assert (await client.post("/v1/responses", json=ASK)).status_code == 200
        found = upstream.last
        assert (found.headers["x-team"], found.headers["user-agent"]) == ("red", "team/1")
        assert (found.key, found.path) == ("sk-key-0123456789", "/v1/responses?v=2")


async def test_a_key_that_stands_in_the_headers_is_enough_where_none_is_asked_for():
    """L6, L7: a relay that wants its key in a header of its own."""
    block = {"enabled": True, "requires-openai-auth": False, "headers": {"Authorization": "Basic eDp5"}}
    async with FakeUpstream() as upstream:
        config = {"packycode": {**block, "base-url": upstream.base_url}}
        async with jackfield_server(config) as server, server.client() as client:
            assert (await client.post("/v1/responses", json=ASK)).status_code == 200
        assert upstream.last.headers["authorization"] == "Basic eDp5"


FORBIDDEN = {
    "Content-Length": "5",
    "Transfer-Encoding": "chunked",
    "Content-Encoding": "gzip",
    "Expect": "100-continue",
    "Proxy-Connection": "close",
    "Proxy-Authorization": "Basic eDp5",
    "X Space": "1",
    "": "1",
}


@pytest.mark.parametrize("key", ["headers", "default-headers"])
@pytest.mark.parametrize("name", FORBIDDEN)
@pytest.mark.parametrize("section", SECTIONS)
def test_a_header_of_the_connection_or_of_nothing_is_refused(section, name, key):
    """L6: it would break every request."""
    config = SECTIONS[section]("https://relay.example/v1")
    block = config[section]
    entry = block[0] if isinstance(block, list) else block.get("providers", [block])[0]
    entry[key] = {name: FORBIDDEN[name]}
    with pytest.raises(ConfigError, match=repr(name)):
        make_app(config)


@pytest.mark.parametrize("section", SECTIONS)
def test_one_header_in_two_spellings_is_refused(section):
    """L6: a name has no case, so one of the two values would be lost."""
    config = SECTIONS[section]("https://relay.example/v1")
    block = config[section]
    entry = block[0] if isinstance(block, list) else block.get("providers", [block])[0]
    entry["headers"] = {"X-Team": "red", "x-team": "blue"}
    with pytest.raises(ConfigError, match="twice"):
        make_app(config)


async def test_what_codex_asks_of_the_answer_travels():
    """L6: `x-responsesapi-*` too."""
    asked = {**CODEX, "x-responsesapi-include-timing-metrics": "true"}
    async with FakeUpstream() as upstream:
        async with jackfield_server(SECTIONS["tppc"](upstream.base_url)) as server, server.client() as client:
            await client.post("/v1/responses", json=ASK, headers=asked)
        assert upstream.last.headers["x-responsesapi-include-timing-metrics"] == "true"
