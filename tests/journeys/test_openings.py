"""How answers begin and what is none: U6 (what comes before the first content is bounded), L10 (empty answers)."""

import dataclasses

import pytest
from jackfield.edge import ingress
from jackfield.model.types import Usage
from jackfield.testing import (
    Completed,
    Delay,
    Hang,
    Head,
    Raw,
    Reasoning,
    Script,
    Send,
    Text,
    ToolCall,
    answer,
    error_event,
)

NONE = Completed(Usage(11))
RESPONSES, CHAT, MESSAGES = "/v1/responses", "/v1/chat/completions", "/v1/messages"
SAID = [{"role": "user", "content": "Hi"}]
BODIES = {RESPONSES: {"input": "Hi"}, CHAT: {"messages": SAID}, MESSAGES: {"messages": SAID, "max_tokens": 9}}
BEGUN = b'event: response.in_progress\ndata: {"type":"response.in_progress","response":{"id":"r"}}\n\n'
FLOODS = {
    "repeated beginnings": BEGUN * 2000,
    "unknown events": b'data: {"type":"codex.new","n":1}\n\n' * 2000,
    "small items": b'data: {"type":"response.output_item.added","item":{"type":"reasoning"}}\n\n' * 2000,
    "large beginnings": b'data: {"type":"response.in_progress","response":{"instructions":"%s"}}\n\n'
    % (b"x" * 500_000),
    "reasoning without words": b'data: {"type":"response.reasoning_text.delta","delta":""}\n\n' * 2000,
}


async def ask(house, route, stream):
    body = {"model": "gpt-5", "stream": stream, **BODIES[route]}
    return await house.client.post(route, json=body)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
async def test_a_flood_before_the_first_content_is_an_error(house, upstream, flood, stream):
    upstream.script(Script((Head(), *[Send(flood)] * 60, Hang())))
    answer = await ask(house, RESPONSES, stream)
    assert answer.status_code == 502
    assert "too much before any content" in answer.text
    await upstream.last.wait_closed()
    assert len(upstream.requests) == 1


async def test_interim_answers_without_end_are_an_error(house, upstream):
    upstream.default = Script((*[Raw(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * 2000)] * 10, Hang()))
    assert (await ask(house, RESPONSES, True)).status_code == 502


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_comments_before_the_first_content_are_dropped(house, upstream, stream):
    upstream.script(answer(Text("Hello")).first(Head(), *[Send(b": x\n\n" * 5000)] * 20))
    found = await ask(house, RESPONSES, stream)
    assert found.status_code == 200
    assert b": x" not in found.content
    assert "Hello" in found.text


@pytest.mark.parametrize("comments", [b": queued\n\n", b": x\n\n" * 2000, b"id: 7\n\n" * 2000])
@pytest.mark.parametrize("route", BODIES)
async def test_comments_are_no_beginning_another_provider_may_still_answer(serve, upstream, second, comments, route):
    """U6: relays send them while they look for a channel; until then the client has its headers and signs of life."""
    house = await serve(upstream, second, config={"limits": {"handshake-hold": 0.1}})
    upstream.script(Script((Head(), Send(comments), Delay(0.5), *error_event().steps)))
    found = await ask(house, route, True)
    assert found.status_code == 200
    assert len(second.requests) == 1


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_comments_without_end_are_no_answer(serve, upstream, stream):
    """U6: they do not keep a request for ever."""
    house = await serve(upstream, config={"limits": {"handshake-hold": 0.1, "answer-timeout": 1}, "request-retry": 0})
    upstream.script(Script((Head(), *[Send(b": x\n\n" * 50), Delay(0.01)] * 10_000)))
    found = await ask(house, RESPONSES, stream)
    assert found.status_code == (200 if stream else 504)
    assert "limits.answer-timeout" in found.text
    await upstream.last.wait_closed()


async def test_what_nobody_reads_of_an_answer_in_one_piece_is_not_kept(house, upstream, monkeypatch):
    """U6: comments and unknown events without end behind the first content are much, too."""
    monkeypatch.setattr(ingress, "LONGEST_ANSWER", 1_000_000)
    noise = b": x\n\n" + b'data: {"type":"response.new"}\n\n'
    upstream.script(answer(Text("Hello")).after(6, *[Send(noise * 50)] * 200).then(Hang()))
    found = await ask(house, RESPONSES, False)
    assert found.status_code == 502
    assert "more than 1000000 bytes" in found.text
    await upstream.last.wait_closed()


EMPTY = {
    "no item and no token": answer(end=NONE),
    "white space": answer(Text(" \n\n")),
    "white space in many pieces": answer(Text("\n \n", deltas=["\n", " ", "\n"])),
    "white space told in deltas alone": answer(Text(" \n"), end=Completed(output="empty")),
    "only reasoning": answer(Reasoning([], "gAAAA")),
    "only reasoning, told in its event alone": answer(Reasoning([], "gAAAA"), end=Completed(output="empty")),
    "an empty message and no token": answer(Text(""), end=NONE),
}


@pytest.mark.parametrize("route", BODIES)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("script", EMPTY.values(), ids=EMPTY)
async def test_an_answer_that_is_none_is_a_failure_before_content(serve, upstream, second, script, stream, route):
    house = await serve(upstream, second)
    upstream.script(script)
    found = await ask(house, route, stream)
    assert (found.status_code, len(second.requests)) == (200, 1)
    assert "Hello" in found.text


async def test_with_nobody_else_it_is_a_502(house, upstream):
    upstream.default = answer(end=NONE)
    found = await ask(house, RESPONSES, False)
    assert (found.status_code, len(upstream.requests)) == (502, 1)
    assert "without text and without a call" in found.text


@pytest.mark.parametrize(
    "items", [(ToolCall("read", {}, deltas=0),), (Text(" a"),), (Text("\n"), ToolCall("read", {}))]
)
async def test_what_says_anything_is_an_answer(house, upstream, items):
    upstream.script(answer(*items))
    assert (await ask(house, MESSAGES, False)).status_code == 200


async def test_reasoning_that_was_shown_and_then_nothing_does_not_end_well(house, upstream):
    upstream.script(answer(Reasoning(["Hm."], None)))
    found = await ask(house, RESPONSES, True)
    assert found.status_code == 200
    assert "response.failed" in found.text
    assert "response.completed" not in found.text


async def test_the_model_that_really_served_is_recorded(house, upstream):
    upstream.script(answer(Text("Hi"), model="gpt-5-mini"))
    await ask(house, RESPONSES, True)
    assert (await house.records.request()).served == "gpt-5-mini"


async def test_so_is_one_that_only_a_header_names(house, upstream):
    script = answer(Text("Hi")).cut(6, Delay(0))
    upstream.script(dataclasses.replace(script, headers={"openai-model": "gpt-5-nano"}))
    await ask(house, RESPONSES, True)
    assert (await house.records.request()).served == "gpt-5-nano"
