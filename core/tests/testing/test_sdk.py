"""The scripts against the official SDK itself: its stream helper is strict about order, ids and indexes."""

import openai
import pytest
from jackfield.testing import (
    CustomToolCall,
    Interleaved,
    Reasoning,
    Text,
    ToolCall,
    WebSearch,
    answer,
    cut_after,
    empty_output_completed,
    error_event,
    failed,
    http_error,
    incomplete,
    rate_limited,
    refusal,
    text_answer,
)

CALLS = [ToolCall("read", {"path": "a.txt"}), ToolCall("read", '{"path": "b.txt"}', deltas=0)]


@pytest.fixture
def client(upstream):
    with openai.OpenAI(base_url=upstream.base_url, api_key="sk-1", max_retries=0) as client:
        yield client


def ask(client, **options):
    return client.responses.create(model="gpt-5", input="Hi", stream=True, **options)


def final(client):
    with client.responses.stream(model="gpt-5", input="Hi") as stream:
        stream.until_done()
        return stream.get_final_response()


def test_text_streams_through_the_helper(upstream, client):
    upstream.script(text_answer("Hello there, friend").rechunked(7))
    response = final(client)
    assert response.output_text == "Hello there, friend"
    assert response.usage.output_tokens == 7


def test_every_kind_of_item_streams_through_the_helper(upstream, client):
    items = [
        Reasoning(["Hm", "Well"], "blob"),
        WebSearch("x", ["https://example.com"]),
        Text("Look"),
        Interleaved(CALLS),
    ]
    upstream.script(answer(*items, CustomToolCall("patch", "*** Begin")))
    response = final(client)
    kinds = ["reasoning", "web_search_call", "message", "function_call", "function_call", "custom_tool_call"]
    assert [item.type for item in response.output] == kinds
    assert [item.arguments for item in response.output[3:5]] == ['{"path":"a.txt"}', '{"path": "b.txt"}']


def test_refusals_and_other_ends(upstream, client):
    upstream.script(refusal("no"), incomplete(), failed("server_error", "boom"), error_event("c", "mid"))
    streams = [list(ask(client)) for _ in range(4)]
    assert streams[0][-1].response.output[0].content[0].refusal == "no"
    assert streams[1][-1].response.incomplete_details.reason == "max_output_tokens"
    assert streams[2][-1].response.error.message == "boom"
    assert (streams[3][-1].type, streams[3][-1].message) == ("error", "mid")


def test_an_empty_output_is_an_empty_output(upstream, client):
    upstream.script(empty_output_completed())
    assert list(ask(client))[-1].response.output == []


def test_other_forms_of_the_same_stream(upstream, client):
    script = text_answer("grüße 你好 🙂")
    upstream.script(script.styled(newline="\r\n"), script.commented(), script.rechunked(1))
    for _ in range(3):
        assert [event.delta for event in ask(client) if event.type == "response.output_text.delta"] == [
            "grüße ",
            "你好 ",
            "🙂",
        ]


def test_errors_become_typed_exceptions(upstream, client):
    upstream.script(http_error(500, "boom"), rate_limited(3), cut_after(2))
    with pytest.raises(openai.InternalServerError, match="boom"):
        ask(client)
    with pytest.raises(openai.RateLimitError) as limited:
        ask(client)
    assert limited.value.response.headers["retry-after"] == "3"
    stream = ask(client)
    with pytest.raises(openai.APIConnectionError):
        list(stream)


async def test_the_async_client(upstream):
    upstream.script(text_answer("Hello"))
    async with (
        openai.AsyncOpenAI(base_url=upstream.base_url, api_key="sk-1") as client,
        client.responses.stream(model="gpt-5", input="Hi") as stream,
    ):
        response = await stream.get_final_response()
    assert response.output_text == "Hello"
    assert upstream.last.key == "sk-1"
