"""The official `openai` SDK on the Chat route, sync and async, against the real server."""

import asyncio

import openai
import pytest
from jackfield.testing import (
    Reasoning,
    Text,
    ToolCall,
    answer,
    http_error,
    incomplete,
    parallel_tool_calls,
    rate_limited,
    text_answer,
    upstream_problems,
)

KEY = "client-key-0123456789abcdef"
ASK = {"model": "gpt-5", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]}
TOOL = {
    "type": "function",
    "function": {
        "name": "read",
        "description": "Read a file",
        "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    },
}


@pytest.fixture
async def house(serve, upstream):
    return await serve(upstream, config={"api-keys": [KEY], "request-retry": 0, "disable-cooling": True})


@pytest.fixture
async def aio(house):
    async with openai.AsyncOpenAI(base_url=house.server.v1, api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
def sync(house):
    with openai.OpenAI(base_url=house.server.v1, api_key=KEY, max_retries=0) as client:
        yield client


async def test_create(aio, upstream):
    upstream.script(answer(Reasoning(["Hm."]), Text("Grüße, 对话")))
    completion = await aio.chat.completions.create(**ASK)
    [choice] = completion.choices
    assert (choice.message.content, choice.finish_reason) == ("Grüße, 对话", "stop")
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (11, 7)
    assert upstream_problems(upstream.last.json()) == []
    assert [item["role"] for item in upstream.last.json()["input"]] == ["user"]


async def test_create_sync(sync, upstream):
    upstream.script(text_answer("Hello you"))
    completion = await asyncio.to_thread(sync.chat.completions.create, **ASK)
    assert completion.choices[0].message.content == "Hello you"


@pytest.mark.parametrize("usage", [True, False])
async def test_a_stream_with_and_without_usage(aio, upstream, usage):
    upstream.script(text_answer("Hello you"))
    options = {"stream_options": {"include_usage": True}} if usage else {}
    chunks = [chunk async for chunk in await aio.chat.completions.create(**ASK, stream=True, **options)]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello you"
    assert bool([chunk for chunk in chunks if not chunk.choices]) is usage


async def test_the_stream_helper_and_a_tool_round_trip(aio, upstream):
    upstream.script(
        parallel_tool_calls(ToolCall("read", {"path": "a"}), ToolCall("read", {"path": "b"})), text_answer("Both read.")
    )
    async with aio.chat.completions.stream(**ASK, tools=[TOOL]) as stream:
        async for _ in stream:
            pass
        first = await stream.get_final_completion()
    [choice] = first.choices
    assert choice.finish_reason == "tool_calls"
    calls = choice.message.tool_calls
    assert [call.function.arguments.replace(" ", "") for call in calls] == ['{"path":"a"}', '{"path":"b"}']
    results = [{"role": "tool", "tool_call_id": call.id, "content": f"is {n}"} for n, call in enumerate(calls)]
    said = {
        "role": "assistant",
        "content": None,
        "tool_calls": [call.model_dump(include={"id", "type", "function"}, exclude_none=True) for call in calls],
    }
    for call in said["tool_calls"]:
        call["function"].pop("parsed_arguments", None)
    second = await aio.chat.completions.create(**{**ASK, "messages": [*ASK["messages"], said, *results]}, tools=[TOOL])
    assert second.choices[0].message.content == "Both read."
    assert upstream_problems(upstream.last.json()) == []


async def test_structured_output(aio, upstream):
    upstream.script(text_answer('{"answer": 42}'))
    schema = {"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}
    await aio.chat.completions.create(**ASK, response_format=wanted)
    assert upstream.last.json()["text"]["format"]["name"] == "reply"


async def test_a_stop_sequence_ends_the_text(aio, upstream):
    upstream.script(text_answer("one two three"))
    completion = await aio.chat.completions.create(**ASK, stop=["two"])
    assert (completion.choices[0].message.content, completion.choices[0].finish_reason) == ("one ", "stop")


async def test_a_cut_answer_says_so(aio, upstream):
    upstream.script(incomplete("max_output_tokens", Text("Hello")))
    assert (await aio.chat.completions.create(**ASK)).choices[0].finish_reason == "length"


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (http_error(400), openai.BadRequestError),
        (rate_limited(retry_after=3), openai.RateLimitError),
        (http_error(500), openai.InternalServerError),
        (http_error(503), openai.InternalServerError),
    ],
)
async def test_failures_are_typed(aio, upstream, script, error):
    upstream.default = script
    with pytest.raises(error) as caught:
        await aio.chat.completions.create(**ASK)
    assert caught.value.type


async def test_a_wrong_key_an_unknown_model_and_n_are_typed(aio):
    with pytest.raises(openai.AuthenticationError):
        await aio.with_options(api_key="wrong").chat.completions.create(**ASK)
    with pytest.raises(openai.NotFoundError):
        await aio.chat.completions.create(**{**ASK, "model": "nobody-has-it"})
    with pytest.raises(openai.BadRequestError, match="n"):
        await aio.chat.completions.create(**ASK, n=2)


async def test_a_stream_that_breaks_raises(aio, upstream):
    upstream.script(text_answer("Hello you there").cut(6))
    with pytest.raises(openai.APIError, match="closed"):
        async for _ in await aio.chat.completions.create(**ASK, stream=True):
            pass
