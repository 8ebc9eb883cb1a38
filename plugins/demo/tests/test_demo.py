"""The demo as a newcomer meets it: nothing configured, and an answer comes."""

import json

import pytest
from jackfield.testing import FakeUpstream, jackfield_server, read_sse
from jackfield.testing.validate import validate_responses_stream

QUICK = {"demo": {"enabled": True, "delay": 0}}
TOOL = {
    "type": "function",
    "name": "read",
    "parameters": {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "lines": {"type": "integer"},
            "mode": {"enum": ["fast", "slow"]},
            "deep": {"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"]},
            "unused": {"type": "string"},
        },
        "required": ["path", "lines", "mode", "deep"],
    },
}
OTHER = {"type": "function", "name": "write", "parameters": {"type": "object", "properties": {}}}


@pytest.fixture
async def client():
    async with jackfield_server(QUICK) as proxy, proxy.client(verify=False) as client:
        yield client


async def ask(client, **fields):
    """Return what a streamed answer amounts to, which every Responses client must be able to read."""
    answered = await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi", "stream": True, **fields})
    assert answered.status_code == 200, answered.text
    return validate_responses_stream(answered.content)


async def test_it_says_what_it_is_and_what_was_asked_for(client):
    answer = await ask(client, model="gpt-5.6-sol")
    assert "demo provider" in answer.text
    assert "gpt-5.6-sol" in answer.text
    assert "config.yaml" in answer.text


@pytest.mark.parametrize("model", ["demo", "gpt-5", "gpt-5-codex", "gpt-5-low", "codex-mini-latest", "gpt-6.1-sol"])
async def test_it_answers_any_model_it_registers_or_matches(client, model):
    assert (await ask(client, model=model)).text


async def test_it_answers_without_a_stream_too(client):
    answered = await client.post("/v1/responses", json={"model": "demo", "input": "Hi"})
    body = answered.json()
    assert (answered.status_code, body["status"], body["model"]) == (200, "completed", "demo")
    assert "demo provider" in body["output"][0]["content"][0]["text"]
    assert body["usage"]["output_tokens"] > 10


async def test_it_counts_tokens(client):
    usage = (await ask(client, input="x" * 4000, reasoning={"summary": "auto"})).response["usage"]
    assert usage["input_tokens"] >= 1000
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert 0 < usage["output_tokens_details"]["reasoning_tokens"] < usage["output_tokens"]


async def test_it_thinks_aloud_only_when_a_summary_is_wanted(client):
    assert "thinking" in (await ask(client, reasoning={"summary": "auto"})).thinking
    assert (await ask(client, reasoning={"effort": "high"})).thinking == ""


@pytest.mark.parametrize("words", ["Use a tool, please", "call the TOOL"])
async def test_asked_for_a_tool_it_calls_the_first_one_once(client, words):
    answer = await ask(client, input=words, tools=[{"type": "web_search"}, TOOL, OTHER])
    [call] = answer.calls
    assert call["name"] == "read"
    assert json.loads(call["arguments"]) == {"path": "demo", "lines": 1, "mode": "fast", "deep": {"on": True}}
    assert answer.text == ""


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "read"}])
async def test_a_choice_can_demand_it(client, choice):
    assert len((await ask(client, tools=[TOOL], tool_choice=choice)).calls) == 1


@pytest.mark.parametrize("fields", [{}, {"tools": []}, {"tools": [{"type": "web_search"}]}])
async def test_without_a_function_or_a_wish_it_calls_nothing(client, fields):
    answer = await ask(client, input="use a tool", **fields)
    assert answer.calls == []
    assert answer.text
    assert (await ask(client, tools=[TOOL])).calls == []


async def test_with_the_result_it_ends_the_round_trip(client):
    first = await ask(client, input="use a tool", tools=[TOOL])
    history = [{"role": "user", "content": "use a tool"}, *first.output]
    output = {"type": "function_call_output", "call_id": first.calls[0]["call_id"], "output": "done"}
    second = await ask(client, input=[*history, output], tools=[TOOL])
    assert second.calls == []
    assert "result came back" in second.text


async def test_it_can_be_watched(client):
    async with (
        jackfield_server({"demo": {"enabled": True, "delay": 0.005}}) as proxy,
        proxy.client(verify=False) as client,
        client.stream("POST", "/v1/responses", json={"model": "demo", "input": "Hi", "stream": True}) as answered,
    ):
        pieces = [piece async for piece in answered.aiter_raw()]
    deltas = [event for event, _ in read_sse(b"".join(pieces)) if event.endswith(".delta")]
    assert len(pieces) > len(deltas) > 10


async def test_every_dialect_can_use_it(client):
    chat = await client.post(
        "/v1/chat/completions", json={"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}
    )
    assert "demo provider" in chat.json()["choices"][0]["message"]["content"]
    body = {"model": "demo", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
    messages = await client.post("/v1/messages", json=body)
    assert "demo provider" in messages.json()["content"][0]["text"]


# -- when it is on


async def providers(config):
    async with jackfield_server(config) as proxy, proxy.client(verify=False) as client:
        return (await client.get("/readyz")).json()["providers"]


async def test_it_stands_by_for_others(client):
    async with FakeUpstream() as upstream:
        fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
        configured = {"tppc": {"providers": [fox]}}
        assert await providers({}) == ["demo"]
        assert await providers(configured) == ["fox"]
        assert await providers({"tppc": {"providers": [{**fox, "enabled": False}]}}) == []
        assert await providers({"debug": True}) == []
        assert await providers({**configured, "demo": {"enabled": True}}) == ["demo", "fox"]
        assert await providers({**configured, "demo": {"enabled": None}}) == ["fox"]
    assert await providers({"demo": {"enabled": False}}) == []


async def test_it_does_not_answer_in_place_of_a_provider_whose_plugin_is_missing():
    assert await providers({"acme": {"api-key": "x"}}) == []
    assert await providers({"plugins": {"disabled": ["tppc"]}, "tppc": {"providers": []}}) == []
