"""The official `anthropic` SDK, sync and async, against the real server."""

import asyncio

import anthropic
import pytest
from jackfield.testing import (
    Pause,
    Reasoning,
    Text,
    ToolCall,
    answer,
    http_error,
    parallel_tool_calls,
    rate_limited,
    text_answer,
    tool_call,
    upstream_problems,
)

KEY = "client-key-0123456789abcdef"
ASK = {"model": "claude-sonnet-5", "max_tokens": 500, "messages": [{"role": "user", "content": "Hi"}]}
TOOL = {
    "name": "read",
    "description": "Read a file",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


@pytest.fixture
async def house(serve, upstream):
    return await serve(upstream, config={"api-keys": [KEY], "request-retry": 0, "disable-cooling": True})


@pytest.fixture
async def aio(house):
    async with anthropic.AsyncAnthropic(base_url=house.server.base_url, api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
def sync(house):
    with anthropic.Anthropic(base_url=house.server.base_url, api_key=KEY, max_retries=0) as client:
        yield client


async def test_create(aio, upstream):
    upstream.script(text_answer("Grüße, 对话"))
    message = await aio.messages.create(**ASK)
    assert [block.text for block in message.content] == ["Grüße, 对话"]
    assert (message.stop_reason, message.role) == ("end_turn", "assistant")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (11, 7)
    assert upstream_problems(upstream.last.json()) == []


async def test_another_vendors_model_is_served_by_the_providers_default(aio, upstream):
    message = await aio.messages.create(**ASK)
    assert (upstream.last.json()["model"], upstream.last.json()["reasoning"]["effort"]) == ("gpt-5", "high")
    assert message.model == "claude-sonnet-5"


async def test_create_sync(sync, upstream):
    upstream.script(text_answer("Hello you"))
    message = await asyncio.to_thread(sync.messages.create, **ASK)
    assert message.content[0].text == "Hello you"


async def test_the_stream_helper(aio, upstream):
    upstream.script(answer(Reasoning(["Hm."], "blob"), Text("Hello you"), ToolCall("read", {"path": "a"})))
    async with aio.messages.stream(**ASK, tools=[TOOL], thinking={"type": "adaptive"}) as stream:
        texts = [text async for text in stream.text_stream]
        message = await stream.get_final_message()
    assert "".join(texts) == "Hello you"
    assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
    assert (message.content[2].name, message.content[2].input) == ("read", {"path": "a"})
    assert message.stop_reason == "tool_use"


async def test_the_first_words_come_while_the_upstream_still_speaks(aio, upstream):
    upstream.script(text_answer("Hello you there").after(5, Pause()))
    async with aio.messages.stream(**ASK) as stream:
        first = await anext(stream.text_stream)
        await upstream.last.wait_paused()
        upstream.last.resume()
        rest = [text async for text in stream.text_stream]
    assert first + "".join(rest) == "Hello you there"


async def test_parallel_tools_and_their_results(aio, upstream):
    upstream.script(
        parallel_tool_calls(ToolCall("read", {"path": "a"}), ToolCall("read", {"path": "b"})), text_answer("Both read.")
    )
    first = await aio.messages.create(**ASK, tools=[TOOL])
    calls = [block for block in first.content if block.type == "tool_use"]
    assert [call.input for call in calls] == [{"path": "a"}, {"path": "b"}]
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": f"is {n}"} for n, call in enumerate(calls)]
    turns = [
        *ASK["messages"],
        {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]},
        {"role": "user", "content": results},
    ]
    second = await aio.messages.create(**{**ASK, "messages": turns}, tools=[TOOL])
    assert second.content[0].text == "Both read."
    sent = upstream.last.json()
    assert upstream_problems(sent) == []
    outputs = [item["output"] for item in sent["input"] if item["type"] == "function_call_output"]
    assert outputs == ["is 0", "is 1"]


async def thinking_turn(aio, upstream):
    """Return the turns after a first answer that carries encrypted reasoning."""
    upstream.script(answer(Reasoning(["Hm."], "blob-of-fox"), Text("Hello")))
    first = await aio.messages.create(**ASK, thinking={"type": "adaptive"})
    content = [block.model_dump(exclude_none=True) for block in first.content]
    assert content[0]["type"] == "thinking"
    follow = {"role": "user", "content": "Go on"}
    return [*ASK["messages"], {"role": "assistant", "content": content}, follow]


def blobs(request):
    return [item["encrypted_content"] for item in request.json()["input"] if item["type"] == "reasoning"]


async def test_encrypted_reasoning_goes_through_the_client_and_back(aio, upstream):
    turns = await thinking_turn(aio, upstream)
    await aio.messages.create(**{**ASK, "messages": turns})
    assert blobs(upstream.last) == ["blob-of-fox"]


async def test_a_foreign_signature_is_dropped(aio, upstream):
    turns = await thinking_turn(aio, upstream)
    turns[1]["content"][0]["signature"] = "from-somebody-else"
    await aio.messages.create(**{**ASK, "messages": turns})
    assert blobs(upstream.last) == []


async def test_reasoning_of_another_provider_is_dropped(serve, upstream, second, aio):
    turns = await thinking_turn(aio, upstream)
    other = await serve("http://127.0.0.1:9/v1", second)
    async with anthropic.AsyncAnthropic(base_url=other.server.base_url, api_key="x", max_retries=0) as client:
        await client.messages.create(**{**ASK, "model": "owl/gpt-5", "messages": turns})
    assert blobs(second.last) == []


async def test_a_refused_blob_is_left_out_once(aio, upstream):
    turns = await thinking_turn(aio, upstream)
    refused = http_error(400, "could not be verified", code="invalid_encrypted_content")
    upstream.script(refused, text_answer("All the same"))
    message = await aio.messages.create(**{**ASK, "messages": turns})
    assert message.content[0].text == "All the same"
    assert [blobs(request) for request in upstream.requests[-2:]] == [["blob-of-fox"], []]


async def test_images_and_documents_reach_the_upstream(aio, upstream):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
    await aio.messages.create(**{**ASK, "messages": [{"role": "user", "content": [image]}]})
    [part] = upstream.last.json()["input"][-1]["content"]
    assert (part["type"], part["image_url"]) == ("input_image", f"data:image/png;base64,{PIXEL}")


async def test_stop_sequences_are_enforced(aio, upstream):
    upstream.script(text_answer("one two three"))
    message = await aio.messages.create(**ASK, stop_sequences=["two"])
    assert (message.content[0].text, message.stop_reason, message.stop_sequence) == ("one ", "stop_sequence", "two")


async def test_tokens_are_counted_without_the_upstream(aio, upstream):
    counted = await aio.messages.count_tokens(model="gpt-5", messages=ASK["messages"], tools=[TOOL])
    assert counted.input_tokens > 10
    assert upstream.requests == []


async def test_models_are_listed(aio):
    models = [model async for model in aio.models.list(limit=3)]
    assert "gpt-5" in {model.id for model in models}
    assert (await aio.models.retrieve("gpt-5")).id == "gpt-5"


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (http_error(400), anthropic.BadRequestError),
        (rate_limited(retry_after=3), anthropic.RateLimitError),
        (http_error(413), anthropic.RequestTooLargeError),
        (http_error(503), anthropic.OverloadedError),
        (http_error(500), anthropic.InternalServerError),
    ],
)
async def test_failures_are_typed(aio, upstream, script, error):
    upstream.default = script
    with pytest.raises(error) as caught:
        await aio.messages.create(**ASK)
    assert caught.value.body["type"] == "error"


async def test_a_wrong_key_and_an_unknown_model_are_typed(aio):
    with pytest.raises(anthropic.AuthenticationError):
        await aio.with_options(api_key="wrong").messages.create(**ASK)
    with pytest.raises(anthropic.NotFoundError):
        await aio.messages.create(**{**ASK, "model": "nobody-has-it"})


async def test_a_stream_that_breaks_raises(aio, upstream):
    upstream.script(text_answer("Hello you there").cut(6))
    async with aio.messages.stream(**ASK) as stream:
        with pytest.raises(anthropic.APIStatusError, match="closed"):
            await stream.get_final_message()


async def test_eight_at_once_do_not_mix(aio, upstream):
    upstream.default = lambda request: text_answer(request.json()["input"][-1]["content"][0]["text"])
    asked = [{**ASK, "messages": [{"role": "user", "content": f"canary {n}"}]} for n in range(8)]
    told = await asyncio.gather(*(aio.messages.create(**each) for each in asked))
    assert [message.content[0].text for message in told] == [f"canary {n}" for n in range(8)]


async def test_a_client_that_leaves_closes_the_upstream(aio, upstream):
    upstream.script(text_answer("Hello you there").after(5, Pause()))
    async with aio.messages.stream(**ASK) as stream:
        await anext(stream.text_stream)
    await upstream.last.wait_closed()


async def test_a_tool_with_a_long_and_illegal_name_comes_back_under_it(aio, upstream):
    name = "mcp__plugin.of-somebody__" + "x" * 90
    upstream.default = lambda request: tool_call(request.json()["tools"][0]["name"], {"path": "a"})
    message = await aio.messages.create(**ASK, tools=[{**TOOL, "name": name}])
    assert upstream_problems(upstream.last.json()) == []
    assert message.content[0].name == name
