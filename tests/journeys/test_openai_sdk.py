"""The official `openai` SDK, sync and async, against the real server."""

import asyncio

import openai
import pytest
from jackfield.testing import (
    Close,
    Pause,
    Reasoning,
    Reset,
    Text,
    ToolCall,
    answer,
    empty_output_completed,
    error_event,
    failed,
    hang,
    html_page,
    http_error,
    incomplete,
    json_response,
    rate_limited,
    reset_before_headers,
    text_answer,
    usage_limit,
)

KEY = "client-key-0123456789abcdef"
TOOL = {
    "type": "function",
    "name": "read",
    "description": "Read a file",
    "strict": False,
    "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}


@pytest.fixture
async def house(serve, upstream):
    limits = {"first-byte-timeout": 0.2, "stream-idle-timeout": 0.2}
    return await serve(upstream, config={"api-keys": [KEY], "limits": limits, "request-retry": 0})


@pytest.fixture
async def aio(house):
    async with openai.AsyncOpenAI(base_url=house.server.v1, api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
def sync(house):
    with openai.OpenAI(base_url=house.server.v1, api_key=KEY, max_retries=0) as client:
        yield client


ask = {"model": "gpt-5", "input": "Hi"}


async def test_create(aio, upstream):
    upstream.script(answer(Reasoning(["Hm."]), Text("Grüße, 对话")))
    response = await aio.responses.create(**ask)
    assert response.output_text == "Grüße, 对话"
    assert (response.status, response.model, response.id) == ("completed", "gpt-5", "resp_test")
    assert (response.usage.input_tokens, response.usage.output_tokens) == (11, 7)
    assert response.output[0].summary[0].text == "Hm."


async def test_create_from_an_empty_output(aio, upstream):
    upstream.script(empty_output_completed(Text("Hello you")))
    assert (await aio.responses.create(**ask)).output_text == "Hello you"


async def test_create_from_a_json_document(aio, upstream):
    upstream.script(json_response(text_answer("Hello you")))
    assert (await aio.responses.create(**ask)).output_text == "Hello you"


async def test_create_sync(sync, upstream):
    upstream.script(text_answer("Hello you"))
    response = await asyncio.to_thread(sync.responses.create, **ask)
    assert response.output_text == "Hello you"


async def test_create_with_a_stream(aio, upstream):
    upstream.script(text_answer("Hello you"))
    stream = await aio.responses.create(**ask, stream=True)
    events = [event async for event in stream]
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "Hello you"
    assert events[-1].type == "response.completed"
    assert [event.sequence_number for event in events] == list(range(len(events)))


async def test_the_stream_helper(aio, upstream):
    upstream.script(answer(Reasoning(["Hm."]), Text("Hello you"), ToolCall("read", {"path": "/x"})))
    async with aio.responses.stream(**ask) as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_response()
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert final.output_text == "Hello you"
    assert final.output[2].arguments == '{"path":"/x"}'


async def test_the_stream_helper_sync(sync, upstream):
    upstream.script(text_answer("Hello you"))

    def run():
        with sync.responses.stream(**ask) as stream:
            return "".join(event.delta for event in stream if event.type == "response.output_text.delta")

    assert await asyncio.to_thread(run) == "Hello you"


async def test_the_stream_helper_reads_a_json_document(aio, upstream):
    upstream.script(json_response(answer(Text("Hello you"), ToolCall("read", {"path": "/x"}))))
    async with aio.responses.stream(**ask) as stream:
        final = await stream.get_final_response()
    assert final.output_text == "Hello you"


async def test_the_stream_helper_shows_text_while_it_comes(aio, upstream):
    upstream.script(answer(Text("Hello you there")).after(5, Pause()))
    async with aio.responses.stream(**ask) as stream:
        async for event in stream:
            if event.type == "response.output_text.delta":
                assert not upstream.last.finished
                break
        upstream.last.resume()


async def round_trip(create, upstream):
    """Play a whole tool call: ask, be asked to call, give the result, be answered."""
    upstream.script(tool_answer(), text_answer("It says hello."))
    first = await create(model="gpt-5", input="Read /x", tools=[TOOL])
    [call] = [item for item in first.output if item.type == "function_call"]
    history = [{"role": "user", "content": "Read /x"}, *first.output]
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "hello"}
    return await create(model="gpt-5", input=[*history, output], tools=[TOOL])


def tool_answer():
    return answer(Reasoning(["Hm."], "gAAAA"), ToolCall("read", {"path": "/x"}, "call_77"))


def check_round_trip(final, upstream):
    assert final.output_text == "It says hello."
    _, reasoning, call, output = upstream.last.json()["input"]
    assert (reasoning["type"], reasoning["encrypted_content"]) == ("reasoning", "gAAAA")
    assert (call["call_id"], call["arguments"], output["output"]) == ("call_77", '{"path":"/x"}', "hello")
    assert "id" not in call
    assert upstream.last.json()["tools"] == [TOOL]
    first, second = upstream.requests
    assert first.json()["prompt_cache_key"] == second.json()["prompt_cache_key"]


async def test_a_tool_and_back(aio, upstream):
    check_round_trip(await round_trip(aio.responses.create, upstream), upstream)


async def test_a_tool_and_back_sync(sync, upstream):
    async def create(**fields):
        return await asyncio.to_thread(sync.responses.create, **fields)

    check_round_trip(await round_trip(create, upstream), upstream)


async def test_an_incomplete_answer_is_no_exception(aio, upstream):
    upstream.script(incomplete("max_output_tokens"))
    response = await aio.responses.create(**ask)
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")


async def test_models(aio):
    models = [model async for model in aio.models.list()]
    assert "gpt-5" in {model.id for model in models}
    assert (await aio.models.retrieve("gpt-5")).owned_by == "openai"


# -- exceptions

FAILURES = {
    "400": (http_error(400, "Bad"), openai.BadRequestError, 400),
    "context": (failed("context_length_exceeded", "Long"), openai.BadRequestError, 400),
    "402": (http_error(402, "Pay"), openai.APIStatusError, 402),
    "404": (http_error(404, "The model is not here"), openai.NotFoundError, 404),
    "409": (http_error(409, "Twice"), openai.ConflictError, 409),
    "413": (http_error(413, "Large"), openai.APIStatusError, 413),
    "429": (rate_limited(3), openai.RateLimitError, 429),
    "quota": (usage_limit(), openai.RateLimitError, 429),
    "500": (http_error(500, "Boom"), openai.InternalServerError, 500),
    "503": (http_error(503, "Busy"), openai.InternalServerError, 503),
    "401 of the provider": (http_error(401, "Bad key"), openai.InternalServerError, 502),
    "html": (html_page(), openai.InternalServerError, 502),
    "silence": (hang(), openai.InternalServerError, 504),
    "reset": (reset_before_headers(), openai.InternalServerError, 502),
    "error event": (error_event("server_error", "Boom"), openai.InternalServerError, 502),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("script", "kind", "status"), FAILURES.values(), ids=FAILURES)
async def test_a_failure_is_a_typed_exception(aio, upstream, stream, script, kind, status):
    upstream.script(script)
    with pytest.raises(kind) as caught:
        await aio.responses.create(**ask, stream=stream)
    assert caught.value.status_code == status
    assert caught.value.body["message"]
    assert caught.value.request_id


async def test_a_failure_is_a_typed_exception_sync(sync, upstream):
    upstream.script(rate_limited(3))
    with pytest.raises(openai.RateLimitError) as caught:
        await asyncio.to_thread(sync.responses.create, **ask)
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after"] == "3"


async def test_a_wrong_key_is_an_authentication_error(house):
    async with openai.AsyncOpenAI(base_url=house.server.v1, api_key="wrong", max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            await client.responses.create(**ask)
        assert caught.value.code == "invalid_api_key"
        with pytest.raises(openai.AuthenticationError):
            await client.models.list()


async def test_an_unknown_model_is_not_found(aio):
    with pytest.raises(openai.NotFoundError) as caught:
        await aio.responses.create(model="nobody", input="Hi")
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        await aio.models.retrieve("nobody")


async def test_a_missing_field_is_a_bad_request(aio):
    with pytest.raises(openai.BadRequestError) as caught:
        await aio.responses.create(model="gpt-5")
    assert caught.value.param == "input"


async def test_what_is_not_stored_cannot_be_fetched(aio):
    with pytest.raises(openai.NotFoundError):
        await aio.responses.retrieve("resp_1")


@pytest.mark.parametrize("how", [Close(), Reset()], ids=["close", "reset"])
async def test_a_cut_stream_tells_the_helper_why(aio, upstream, how):
    upstream.script(answer(Text("Hello you there")).cut(6, how))
    events = []
    async with aio.responses.stream(**ask) as stream:
        events = [event async for event in stream]
    assert events[-1].type == "response.failed"
    assert events[-1].response.error.message


async def test_a_failure_behind_the_headers_tells_the_helper_why(serve, upstream):
    """X4: the helper raises a RuntimeError of its own where `response.created` does not come first."""
    house = await serve(upstream, config={"limits": {"handshake-hold": 0.1, "first-byte-timeout": 1}})
    upstream.script(hang())
    client = openai.AsyncOpenAI(base_url=house.server.v1, api_key="unused", max_retries=0)
    async with client, client.responses.stream(**ask) as stream:
        created, failed = [event async for event in stream]
    assert (created.type, failed.type) == ("response.created", "response.failed")
    assert failed.response.error.code == "server_error"
    assert failed.response.error.message.startswith("upstream_timeout: ")


async def test_a_cut_answer_without_a_stream_is_an_exception(aio, upstream):
    upstream.script(answer(Text("Hello you there")).cut(6))
    with pytest.raises(openai.InternalServerError):
        await aio.responses.create(**ask)


async def test_the_sdks_own_retries_find_the_provider_well_again(house, upstream):
    upstream.script(http_error(500, retry_after_ms="1"), text_answer("well again"))
    async with openai.AsyncOpenAI(base_url=house.server.v1, api_key=KEY, max_retries=1) as client:
        assert (await client.responses.create(**ask)).output_text == "well again"
    assert len(upstream.requests) == 2


async def test_leaving_a_stream_closes_the_upstream(aio, upstream):
    upstream.script(answer(Text("Hello you there")).after(5, Pause()))
    stream = await aio.responses.create(**ask, stream=True)
    async for event in stream:
        if event.type == "response.output_text.delta":
            break
    await stream.close()
    await upstream.last.wait_closed()
