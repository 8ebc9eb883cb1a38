"""M7: the tool runners of the `anthropic` SDK, which ask for threads by default, finish with whole conversations."""

import asyncio

import anthropic
import pytest
from anthropic import beta_async_tool, beta_tool
from jackfield.testing import ToolCall, answer, text_answer

KEY = "client-key-0123456789abcdef"
ASK = {"model": "gpt-5", "max_tokens": 500, "messages": [{"role": "user", "content": "What is the weather in Bergen?"}]}


@pytest.fixture
async def house(serve, upstream):
    upstream.script(answer(ToolCall("weather", {"place": "Bergen"})), text_answer("It rains."))
    return await serve(upstream, config={"api-keys": [KEY], "request-retry": 0})


def checked(upstream):
    """Assert that the upstream was told the whole conversation the second time."""
    first, second = (request.json() for request in upstream.requests)
    assert second["input"][: len(first["input"])] == first["input"]
    assert [item["type"] for item in second["input"]] == ["message", "function_call", "function_call_output"]
    assert second["input"][-1]["output"] == "rain in Bergen"
    assert [tool["name"] for tool in second["tools"]] == ["weather"]


@pytest.mark.parametrize("stream", [False, True])
async def test_the_async_tool_runner_finishes(house, upstream, stream):
    @beta_async_tool
    async def weather(place: str) -> str:
        """Tell the weather of a place."""
        return f"rain in {place}"

    async with anthropic.AsyncAnthropic(base_url=house.server.base_url, api_key=KEY, max_retries=0) as client:
        runner = client.beta.messages.tool_runner(**ASK, tools=[weather], stream=stream)
        if stream:
            async for message in runner:
                last = await message.get_final_message()
        else:
            last = await runner.until_done()
    assert last.content[0].text == "It rains."
    assert house.records.of("request")[0].status == 400, "the SDK asked for no thread"
    checked(upstream)


async def test_the_tool_runner_finishes(house, upstream):
    @beta_tool
    def weather(place: str) -> str:
        """Tell the weather of a place."""
        return f"rain in {place}"

    with anthropic.Anthropic(base_url=house.server.base_url, api_key=KEY, max_retries=0) as client:
        runner = client.beta.messages.tool_runner(**ASK, tools=[weather])
        last = await asyncio.to_thread(runner.until_done)
    assert last.content[0].text == "It rains."
    checked(upstream)


async def test_a_thread_that_may_go_without_one_finishes(house, upstream):
    @beta_async_tool
    async def weather(place: str) -> str:
        """Tell the weather of a place."""
        return f"rain in {place}"

    async with anthropic.AsyncAnthropic(base_url=house.server.base_url, api_key=KEY, max_retries=0) as client:
        wanted = {"model": "gpt-5", "max_tokens": 500, "tools": [weather], "messages": ASK["messages"]}
        thread = client.beta.messages.thread(**wanted, unsupported_request_behavior="continue_unthreaded")
        last = await thread.tool_runner().until_done()
    assert last.content[0].text == "It rains."
    checked(upstream)


async def test_a_thread_that_must_be_one_is_told_so(house, upstream):
    async with anthropic.AsyncAnthropic(base_url=house.server.base_url, api_key=KEY, max_retries=0) as client:
        thread = client.beta.messages.thread(model="gpt-5", max_tokens=500)
        with pytest.raises(anthropic.BadRequestError, match="send the whole conversation"):
            await thread.send(ASK["messages"][0])
    assert upstream.requests == []


async def test_a_thread_is_refused_with_details_on_the_wire(house, upstream):
    whole = {**ASK, "thread": {"type": "continue", "previous_message_id": "msg_1"}}
    for path in ("/v1/messages", "/v1/messages?beta=true", "/v1/messages/count_tokens"):
        for stream in (False, True):
            asked = await house.client.post(path, json={**whole, "stream": stream}, headers={"x-api-key": KEY})
            assert asked.status_code == 400
            error = asked.json()["error"]
            assert error["type"] == "invalid_request_error"
            assert error["details"] == {"error_code": "thread_unsupported_request", "unsupported": []}
    assert upstream.requests == []


async def test_no_thread_is_accepted(house):
    asked = await house.client.post("/v1/messages", json={**ASK, "thread": None}, headers={"x-api-key": KEY})
    assert asked.status_code == 200
