"""What a provider serves by default, and the models that it says it has (L8, L2)."""

import asyncio

import pytest
from jackfield.api import ConfigError
from jackfield.testing import FakeUpstream, Hang, Head, Script, Send, http_error, jackfield_server, json_reply, make_app
from jackfield_codex import models_date, openai_models
from jackfield_tppc import discovery

FOX = {"name": "fox", "enabled": True, "api-key": "sk-fox-0123456789"}
CLAUDE = {"model": "claude-opus-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


def config(upstream, **keys):
    return {"tppc": {"providers": [{**FOX, "base-url": upstream.base_url, **keys}]}}


async def asked(upstream, section, path="/v1/responses", body=None):
    async with jackfield_server(section) as server, server.client() as client:
        answer = await client.post(path, json=body or {"model": "gpt-5", "input": "Hi"})
    assert answer.status_code == 200, answer.text
    return upstream.last.json()


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        ({}, ("gpt-5", "high")),
        ({"model": "gpt-6.1-sol"}, ("gpt-6.1-sol", "high")),
        ({"model": "gpt-6.1-sol", "model-reasoning-effort": "xhigh"}, ("gpt-6.1-sol", "xhigh")),
    ],
)
async def test_claude_names_are_served_by_the_providers_own_defaults(defaults, expected):
    """L8: pools on ChatGPT accounts refuse gpt-5."""
    async with FakeUpstream() as upstream:
        body = await asked(upstream, config(upstream, defaults=defaults), "/v1/messages", CLAUDE)
    assert (body["model"], body["reasoning"]["effort"]) == expected


@pytest.mark.parametrize("effort", ["low", "max", "none"])
async def test_any_effort_is_added_where_a_request_names_none(effort):
    """L8: packycode's three are packycode's."""
    async with FakeUpstream() as upstream:
        section = config(upstream, defaults={"model-reasoning-effort": effort})
        assert (await asked(upstream, section))["reasoning"] == {"effort": effort}


@pytest.mark.parametrize("section", ["tppc", "packycode"])
async def test_the_default_effort_can_be_switched_off(section):
    """L2: nothing is added that the client left out."""
    defaults = {"defaults": {"model-reasoning-effort": ""}}
    async with FakeUpstream() as upstream:
        key = {"openai-api-key": "sk-key-0123456789"}
        block = {"enabled": True, "base-url": upstream.base_url, "credentials": key, **defaults}
        whole = {"packycode": block} if section == "packycode" else config(upstream, **defaults)
        assert "reasoning" not in await asked(upstream, whole)


def test_an_effort_that_is_no_word_is_refused_with_the_mend():
    with pytest.raises(ConfigError, match="low, medium or high"):
        make_app(
            {
                "tppc": {
                    "providers": [{**FOX, "base-url": "https://x/v1", "defaults": {"model-reasoning-effort": "A b"}}]
                }
            }
        )


def test_the_shipped_list_is_data_with_a_date_and_has_names_of_today():
    """L8, R1: names that no Codex of today warns about."""
    names = {model.id for model in openai_models()}
    assert {"gpt-5", "gpt-5-codex-high", "codex-mini-latest", "gpt-5.5", "gpt-6.1-sol"} <= names
    assert models_date() >= "2026-11-28"


async def listed(client, name):
    async with asyncio.timeout(30):
        while True:
            found = {model["id"] for model in (await client.get("/v1/models")).json()["data"]}
            if name in found:
                return found
            await asyncio.sleep(0.01)


LISTS = {
    "OpenAI's form": {"object": "list", "data": [{"id": "relay-large", "object": "model"}, {"id": "gpt-5"}]},
    "Codex's form": {"models": [{"slug": "relay-large"}]},
    "names": ["relay-large"],
}


@pytest.mark.parametrize("form", LISTS)
async def test_the_models_of_a_relay_are_discovered(form):
    """L8: `discover-models: true` reads its `/models`, with the provider's key and parameters."""
    async with FakeUpstream() as upstream:
        upstream.models = json_reply(LISTS[form])
        section = config(
            upstream, **{"discover-models": True, "query-params": {"v": "2"}, "headers": {"X-Team": "red"}}
        )
        async with jackfield_server(section) as server, server.client() as client:
            assert "gpt-5" in await listed(client, "relay-large")
            answer = await client.post("/v1/responses", json={"model": "relay-large", "input": "Hi"})
            assert answer.status_code == 200
        [asked] = [request for request in upstream.requests if request.method == "GET"]
        assert (asked.key, asked.headers["x-team"]) == ("sk-fox-0123456789", "red")
        assert asked.path == "/v1/models?v=2"


async def test_the_list_is_fetched_through_the_proxy_of_all():
    """U3: the proxy's own questions go the way of its requests."""
    async with FakeUpstream() as way:
        way.models = json_reply({"data": [{"id": "made-here"}]})
        fox = {**FOX, "base-url": "http://fox.invalid/v1", "discover-models": True}
        section = {"proxy-url": way.base_url.removesuffix("/v1"), "tppc": {"providers": [fox]}}
        async with jackfield_server(section) as server, server.client() as client:
            await listed(client, "made-here")
    assert way.last.path == "http://fox.invalid/v1/models"


@pytest.mark.parametrize("endless", [Script((Hang(),)), Script((Head(), Send(b'{"data": ['), Hang()))])
async def test_a_relay_that_never_ends_its_list_keeps_the_others_waiting_for_a_while_alone(endless, monkeypatch):
    """U6: and its connection is closed."""
    monkeypatch.setattr(discovery, "WITHIN", 0.3)
    async with FakeUpstream() as fox, FakeUpstream() as owl:
        fox.models, owl.models = endless, json_reply({"data": [{"id": "made-here"}]})
        entries = [
            {**FOX, "name": name, "base-url": each.base_url, "discover-models": True}
            for name, each in (("fox", fox), ("owl", owl))
        ]
        async with jackfield_server({"tppc": {"providers": entries}}) as server, server.client() as client:
            await listed(client, "made-here")
            await fox.wait_for_connections(0)


async def test_without_it_nobody_is_asked():
    async with FakeUpstream() as upstream:
        await asked(upstream, config(upstream))
        assert [request.method for request in upstream.requests] == ["POST"]


@pytest.mark.parametrize(
    "script", [http_error(404), json_reply({"error": "no"}), json_reply({"data": [5, {"id": 7}, {}]})], ids=str
)
async def test_a_relay_that_tells_nothing_changes_nothing(script):
    """L8: it serves what it is configured for."""
    async with FakeUpstream() as upstream:
        upstream.models = script
        section = config(upstream, **{"discover-models": True})
        async with jackfield_server(section) as server, server.client() as client:
            await upstream.wait_for_requests(1)
            answer = await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})
            assert answer.status_code == 200


async def test_a_relay_takes_no_name_that_pins_a_provider():
    """L8: `owl/gpt-5` is owl's, whatever fox says that it has; names of another form are its own to choose."""
    async with FakeUpstream() as fox, FakeUpstream() as owl:
        names = ["owl/gpt-5", "owl/large", "fox/gpt-5", "codex/gpt-5", "acme/large", "x" * 300, " padded "]
        fox.models = json_reply({"data": [{"id": name} for name in names]})
        section = config(fox, **{"discover-models": True})
        section["tppc"]["providers"].append({**FOX, "name": "owl", "base-url": owl.base_url})
        async with jackfield_server(section) as server, server.client() as client:
            found = await listed(client, "acme/large")
            assert not found & {*names} - {"acme/large"}
            assert "padded" in found
            for name, expected in {"owl/gpt-5": owl, "fox/gpt-5": fox, "acme/large": fox}.items():
                answer = await client.post("/v1/responses", json={"model": name, "input": "Hi"})
                assert answer.status_code == 200
                assert expected.last.json()["model"] == name.removeprefix("owl/").removeprefix("fox/")
        assert [request.method for request in owl.requests] == ["POST"]
