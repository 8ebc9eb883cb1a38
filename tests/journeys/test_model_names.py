"""M5, M6: the names by which clients ask for models: marks of their own, and aliases."""

import anthropic
import openai
import pytest
from jackfield.testing import text_answer

ALIASES = [
    {"match": "claude-gpt-5", "model": "gpt-5", "effort": "low"},
    {"match": "opus", "model": "gpt-5-high"},
    {"match": "sonnet-*", "model": "gpt-5"},
    {"match": "gpt-5-codex", "model": "gpt-5"},
    {"match": "nowhere", "model": "not-a-model"},
]
HEADERS = {"anthropic-version": "2023-06-01"}
MESSAGE = {"max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
async def house(serve, upstream):
    return await serve(upstream, config={"model-aliases": ALIASES})


@pytest.mark.parametrize(
    ("asked", "sent", "effort"),
    [
        ("gpt-5[1m]", "gpt-5", None),
        ("gpt-5[1M]", "gpt-5", None),
        ("gpt-5[1m][1m]", "gpt-5", None),
        ("gpt-5-low[1m]", "gpt-5", "low"),
        ("gpt-5[1m]-low", "gpt-5", "low"),
        ("fox/gpt-5[1m]", "gpt-5", None),
        ("opus[1m]", "gpt-5", "high"),
        ("sonnet-4[1m]", "gpt-5", None),
        ("gpt-9.1-turbo[1m]", "gpt-9.1-turbo", None),
        ("claude-sonnet-5[1m]", "gpt-5", None),
    ],
)
async def test_a_mark_of_the_client_never_goes_up(house, upstream, asked, sent, effort):
    """M5"""
    answer = await house.client.post("/v1/messages", json={"model": asked, **MESSAGE})
    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == asked
    assert upstream.last.json()["model"] == sent
    if effort:
        assert upstream.last.json()["reasoning"]["effort"] == effort


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/chat/completions"])
async def test_a_mark_never_goes_up_on_the_other_routes_either(house, upstream, path):
    body = {"model": "gpt-5[1m]", "input": "Hi", "messages": [{"role": "user", "content": "Hi"}]}
    body.pop("messages" if path == "/v1/responses" else "input")
    assert (await house.client.post(path, json=body)).status_code == 200
    assert upstream.last.json()["model"] == "gpt-5"


async def test_a_streamed_answer_names_the_model_as_it_was_asked_for(house, upstream):
    upstream.script(text_answer("Hi"))
    answer = await house.client.post("/v1/messages", json={"model": "gpt-5[1m]", "stream": True, **MESSAGE})
    assert '"model":"gpt-5[1m]"' in answer.text


async def test_a_marked_name_is_counted_and_looked_up(house):
    """M5"""
    counted = await house.client.post("/v1/messages/count_tokens", json={"model": "gpt-5[1m]", **MESSAGE})
    assert counted.status_code == 200
    for headers in ({}, HEADERS):
        for name in ("gpt-5[1m]", "gpt-5%5B1m%5D", "opus[1m]"):
            found = await house.client.get(f"/v1/models/{name}", headers=headers)
            assert found.status_code == 200, found.text
            assert found.json()["id"].endswith("[1m]")


async def test_a_marked_name_that_nobody_serves_is_404(house):
    answer = await house.client.post("/v1/messages", json={"model": "llama[1m]", **MESSAGE})
    assert answer.status_code == 404


@pytest.mark.parametrize("headers", [{}, HEADERS], ids=["openai", "anthropic"])
async def test_aliases_are_listed_where_they_are_names(house, headers):
    """M6"""
    listed = (await house.client.get("/v1/models", params={"limit": 100}, headers=headers)).json()["data"]
    names = [model["id"] for model in listed]
    assert {"claude-gpt-5", "opus"} < set(names)
    assert not {"sonnet-*", "nowhere"} & set(names)
    assert names == sorted(names)
    assert len(names) == len(set(names))
    assert names.count("gpt-5-codex") == 1


@pytest.mark.parametrize("headers", [{}, HEADERS], ids=["openai", "anthropic"])
async def test_an_alias_can_be_looked_up_by_its_name(house, headers):
    for name in ("claude-gpt-5", "opus", "sonnet-anything"):
        assert (await house.client.get(f"/v1/models/{name}", headers=headers)).json()["id"] == name
    assert (await house.client.get("/v1/models/nowhere", headers=headers)).status_code == 404


async def test_pages_lead_over_aliases(house):
    """M6"""
    async with anthropic.AsyncAnthropic(base_url=house.server.base_url, api_key="x") as client:
        names = [model.id async for model in client.models.list(limit=2)]
    assert names == sorted(names)
    assert {"claude-gpt-5", "opus", "gpt-5"} < set(names)
    answer = await house.client.get("/v1/models", params={"after_id": "claude-gpt-5", "limit": 1}, headers=HEADERS)
    assert answer.json()["first_id"] > "claude-gpt-5"


async def test_an_alias_that_is_shadowed_by_an_earlier_one_leads_where_that_leads(serve, upstream):
    aliases = [{"match": "a*", "model": "gpt-5"}, {"match": "abc", "model": "not-a-model"}]
    house = await serve(upstream, config={"model-aliases": aliases})
    assert "abc" in [model["id"] for model in (await house.client.get("/v1/models")).json()["data"]]


async def test_the_sdks_find_a_model_with_a_slash_in_its_name(serve, upstream):
    """M6: both write the slash as %2F."""
    house = await serve(upstream, keys={"models": ["acme/large"]})
    async with openai.AsyncOpenAI(api_key="x", base_url=house.server.v1) as client:
        assert (await client.models.retrieve("acme/large")).id == "acme/large"
    async with anthropic.AsyncAnthropic(api_key="x", base_url=house.server.base_url) as client:
        assert (await client.models.retrieve("acme/large")).id == "acme/large"
