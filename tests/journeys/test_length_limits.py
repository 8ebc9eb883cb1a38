"""A length that an upstream is not told of is kept to here: visible tokens, in every dialect (issue 12)."""

import asyncio

import orjson
import pytest
from jackfield.dialects.tokens import count_texts
from jackfield.testing import (
    Hang,
    Reasoning,
    Script,
    SendEvent,
    Text,
    ToolCall,
    answer,
    read_sse,
    response_events,
    text_answer,
)

WORDS = "The quick brown fox jumps over the lazy dog, and then it goes home. " * 20
LENGTH = 12
USER = {"role": "user", "content": "Hi"}
ASKS = {
    "/v1/responses": ({"model": "gpt-5", "input": "Hi"}, "max_output_tokens"),
    "/v1/chat/completions": ({"model": "gpt-5", "messages": [USER]}, "max_completion_tokens"),
    "/v1/messages": ({"model": "gpt-5", "messages": [USER]}, "max_tokens"),
}
FORMS = [(path, stream) for path in ASKS for stream in (True, False)]


def streamed(path, events):
    """Return what a stream said, and why it ended."""
    bodies = [event.data for event in events if isinstance(event.data, dict)]
    if path == "/v1/responses":
        text = "".join(each["delta"] for each in bodies if each["type"] == "response.output_text.delta")
        end = bodies[-1]["response"]
        assert [part["text"] for item in end["output"] for part in item.get("content", ())] == [text] * bool(text)
        return text, f"{end['status']}: {(end['incomplete_details'] or {}).get('reason')}"
    if path == "/v1/messages":
        text = "".join(each["delta"].get("text", "") for each in bodies if each["type"] == "content_block_delta")
        assert bodies[-1]["type"] == "message_stop"
        return text, bodies[-2]["delta"]["stop_reason"]
    text = "".join(each["choices"][0]["delta"].get("content") or "" for each in bodies)
    return text, bodies[-1]["choices"][0]["finish_reason"]


def whole(path, body):
    """Return what a document says, and why it ended."""
    if path == "/v1/responses":
        text = "".join(part["text"] for item in body["output"] for part in item.get("content", ()))
        return text, f"{body['status']}: {(body.get('incomplete_details') or {}).get('reason')}"
    if path == "/v1/messages":
        return "".join(block.get("text", "") for block in body["content"]), body["stop_reason"]
    return body["choices"][0]["message"]["content"] or "", body["choices"][0]["finish_reason"]


CUT = {
    "/v1/responses": "incomplete: max_output_tokens",
    "/v1/chat/completions": "length",
    "/v1/messages": "max_tokens",
}
COMPLETE = {"/v1/responses": "completed: None", "/v1/chat/completions": "stop", "/v1/messages": "end_turn"}


async def asked(house, path, stream, limit, **fields):
    body, name = ASKS[path]
    limited = {name: limit} if limit else {"max_tokens": 64_000} if path == "/v1/messages" else {}
    got = await house.client.post(path, json={**body, **limited, **fields, "stream": stream})
    assert got.status_code == 200, got.text
    return streamed(path, read_sse(got.content)) if stream else whole(path, got.json())


@pytest.mark.parametrize("deltas", [None, 1, 0], ids=["words", "one", "none"])
@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_the_text_ends_at_the_limit(serve, upstream, path, stream, deltas):
    house = await serve(upstream)
    upstream.script(text_answer(WORDS, deltas=deltas))
    text, reason = await asked(house, path, stream, LENGTH)
    assert reason == CUT[path]
    assert WORDS.startswith(text)
    assert count_texts([text]) == LENGTH


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_an_answer_of_exactly_that_length_is_complete(serve, upstream, path, stream):
    house = await serve(upstream)
    upstream.script(text_answer(WORDS))
    text, reason = await asked(house, path, stream, count_texts([WORDS]))
    assert (text, reason) == (WORDS, COMPLETE[path])


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_without_a_limit_nothing_is_cut(serve, upstream, path, stream):
    house = await serve(upstream)
    upstream.script(text_answer(WORDS))
    assert await asked(house, path, stream, 0) == (WORDS, COMPLETE[path])


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_reasoning_does_not_count(serve, upstream, path, stream):
    house = await serve(upstream)
    upstream.script(answer(Reasoning([WORDS]), Text("Four words of mine.")))
    assert await asked(house, path, stream, LENGTH) == ("Four words of mine.", COMPLETE[path])


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_the_arguments_of_a_call_count(serve, upstream, path, stream):
    house = await serve(upstream)
    upstream.script(answer(ToolCall("write", {"text": WORDS})))
    _, reason = await asked(house, path, stream, LENGTH)
    assert reason == CUT[path]


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_text_and_calls_count_together(serve, upstream, path, stream):
    house = await serve(upstream)
    upstream.script(answer(Text("One two three four five."), ToolCall("write", {"text": "six seven eight nine ten"})))
    text, reason = await asked(house, path, stream, LENGTH)
    assert (text, reason) == ("One two three four five.", CUT[path])


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_the_upstream_is_left_at_the_limit(serve, upstream, path, stream):
    """It would say nothing more, and never end."""
    house = await serve(upstream)
    events = response_events([Text(WORDS)])
    said = next(place for place, event in enumerate(events) if event["type"] == "response.output_text.done")
    upstream.script(Script((*(SendEvent(event) for event in events[:said]), Hang())))
    async with asyncio.timeout(60):
        text, reason = await asked(house, path, stream, LENGTH)
        await upstream.last.wait_closed()
    assert (count_texts([text]), reason) == (LENGTH, CUT[path])


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_the_first_of_a_stop_sequence_and_the_limit_ends_it(serve, upstream, path):
    house = await serve(upstream)
    name = "stop" if path == "/v1/chat/completions" else "stop_sequences"
    upstream.default = text_answer(WORDS)
    text, reason = await asked(house, path, True, LENGTH, **{name: ["brown"]})
    assert (text, reason) == ("The quick ", "stop" if name == "stop" else "stop_sequence")
    text, reason = await asked(house, path, True, LENGTH, **{name: ["home"]})
    assert (count_texts([text]), reason) == (LENGTH, CUT[path])


@pytest.mark.parametrize(("path", "stream"), FORMS)
async def test_a_relay_that_takes_the_limit_is_left_to_keep_it(serve, upstream, path, stream):
    house = await serve(upstream, keys={"accepts": ["max_output_tokens"]})
    upstream.script(text_answer(WORDS))
    text, reason = await asked(house, path, stream, 20)
    assert (text, reason) == (WORDS, COMPLETE[path])
    assert upstream.last.json()["max_output_tokens"] == 20


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_less_than_the_relay_takes_is_kept_to_here_all_the_same(serve, upstream, path):
    house = await serve(upstream, keys={"accepts": ["max_output_tokens"]})
    upstream.script(text_answer(WORDS))
    text, reason = await asked(house, path, True, 3)
    assert (count_texts([text]), reason) == (3, CUT[path])


async def test_half_a_call_is_an_input_of_its_own_in_a_whole_message(serve, upstream):
    house = await serve(upstream)
    upstream.script(answer(ToolCall("write", {"text": WORDS})))
    body, _ = ASKS["/v1/messages"]
    found = (await house.client.post("/v1/messages", json={**body, "max_tokens": LENGTH})).json()
    assert [block["input"] for block in found["content"]] == [{}]
    assert found["usage"]["output_tokens"] == 0
    assert orjson.dumps(found)
