"""A streamed answer: the upstream's bytes, in order, at once."""

import asyncio
import dataclasses

import pytest
from jackfield.testing import (
    CustomToolCall,
    Interleaved,
    Pause,
    Reasoning,
    Refusal,
    Send,
    SendEvent,
    Text,
    ToolCall,
    WebSearch,
    answer,
    check_events,
    empty_output_completed,
    incomplete,
    json_response,
    read_sse,
    text_answer,
)
from jackfield.testing.validate import validate_responses_stream

ANSWERS = {
    "text": answer(Text("Grüße, 对话 🎉")),
    "thinking": answer(Reasoning(["Hm.", "So."], "gAAAA"), Text("Hi")),
    "raw thinking": answer(Reasoning([], None, text="Hm."), Text("Hi")),
    "call": answer(ToolCall("read", {"path": "/ä"})),
    "call with a namespace": answer(ToolCall("list_agents", {}, namespace="multi_agent_v1")),
    "calls that interleave": answer(Interleaved([ToolCall("a", {"n": 1}), ToolCall("b", {"n": 2})])),
    "custom call": answer(CustomToolCall("apply_patch", "*** Begin Patch")),
    "search": answer(WebSearch("x", ["https://example.org"]), Text("Found", citations=[("https://example.org", "x")])),
    "refusal": answer(Refusal("No.")),
    "incomplete": incomplete("max_output_tokens"),
    "missing output": empty_output_completed(Text("Hi"), missing=True),
    "two megabytes": answer(Text("x" * 2_000_000, 1)),
}


@pytest.mark.parametrize("script", ANSWERS.values(), ids=ANSWERS)
async def test_the_clients_bytes_are_the_upstreams(house, upstream, script):
    upstream.script(script)
    assert (await house.stream()).content == script.body


UNKNOWN = (
    SendEvent({"type": "codex.rate_limits", "plan_type": "plus", "rate_limits": {"allowed": True}}),
    SendEvent({"type": "response.of_tomorrow", "sequence_number": 4, "anything": {"goes": "ü"}}),
    SendEvent({"type": "keepalive"}),
    SendEvent({"no": "type"}, named=False),
    Send(b'id: 7\nretry: 100\nevent: codex.other\ndata: {"fields": "of others"}\n\n'),
    Send(b": a comment\n\n"),
)


@pytest.mark.parametrize("place", [1, 5])
async def test_events_that_nobody_knows_are_forwarded_in_their_place(house, upstream, place):
    script = text_answer("Hello you").after(place, *UNKNOWN)
    upstream.script(script)
    assert (await house.stream()).content == script.body


@pytest.mark.parametrize("line", [b"data: upstream is busy\n\n", b"event: codex.other\ndata: not json\n\n"])
async def test_what_is_no_json_is_left_out_because_the_sdk_would_end_on_it(house, upstream, line):
    script = text_answer("Hello you")
    upstream.script(script.after(5, Send(line)))
    assert (await house.stream()).content == script.body


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
async def test_other_line_ends_and_missing_names_change_no_event(house, upstream, newline, named):
    script = answer(Reasoning(["Hm."]), Text("Grüße, 对话")).styled(named=named, newline=newline)
    upstream.script(script.commented())
    events = read_sse((await house.stream()).content)
    assert [data for _, data in events] == script.events
    assert [name for name, _ in events] == [event["type"] if named else "" for event in script.events]


@pytest.mark.parametrize("sizes", [(1,), (2,), (3, 1, 7), (1000,)], ids=str)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
async def test_a_cut_anywhere_even_inside_a_character_changes_nothing(house, upstream, sizes, newline):
    script = answer(Text("Grüße, 对话 🎉")).styled(newline=newline)
    upstream.script(script.rechunked(*sizes))
    assert [data for _, data in read_sse((await house.stream()).content)] == script.events


async def test_a_byte_order_mark_is_not_taken_for_a_part_of_the_first_event(house, upstream):
    script = text_answer()
    upstream.script(script.first(Send(b"\xef\xbb\xbf")))
    assert [data for _, data in await house.events()] == script.events


async def test_a_last_event_without_its_blank_line_is_an_event(house, upstream):
    script = text_answer()
    body = script.body.removesuffix(b"\n\n")
    upstream.script(script.cut(0, Send(body)))
    assert (await house.stream()).content == script.body


@pytest.mark.parametrize("tail", [b"data: [DONE]\n\n", b'data: {"type":"response.of_tomorrow"}\n\n', b": bye\n\n"])
async def test_nothing_follows_the_terminal_event(house, upstream, tail):
    script = text_answer()
    upstream.script(script.then(Send(tail)))
    assert (await house.stream()).content == script.body


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_every_framing_of_the_upstream_will_do(house, upstream, framing):
    script = text_answer("Hello you")
    upstream.script(dataclasses.replace(script, framing=framing))
    assert (await house.stream()).content == script.body


async def test_the_first_content_reaches_the_client_while_the_upstream_still_holds_the_rest(house, upstream):
    script = answer(Text("Hello you there"))
    upstream.script(script.after(5, Pause()))
    async with house.open() as answered:
        body = answered.aiter_raw()
        begun = b""
        while b'"delta":"Hello "' not in begun:
            begun += await anext(body)
        assert not upstream.last.finished
        assert script.body.startswith(begun)
        upstream.last.resume()
        rest = b"".join([piece async for piece in body])
    assert begun + rest == script.body


async def test_each_event_is_sent_when_it_comes(house, upstream):
    script = answer(Text("a b c d e f"))
    events = script.steps
    steps = [step for event in events[5:] for step in (Pause(), event)]
    upstream.script(script.cut(5, *steps))
    async with house.open() as answered:
        body = answered.aiter_raw()
        got = b""
        for count in range(5, len(events) + 1):
            expected = b"".join(event.encode() for event in events[:count])
            while len(got) < len(expected):
                got += await anext(body)
            assert got == expected
            upstream.last.resume()


async def test_the_opening_events_are_held_back_no_longer_than_configured(serve, upstream):
    house = await serve(upstream, config={"limits": {"handshake-hold": 0.05}})
    script = text_answer()
    upstream.script(script.after(2, Pause()))
    async with house.open() as answered:
        first = await anext(answered.aiter_raw())
        assert not upstream.last.finished
        assert first == b"".join(step.encode() for step in script.steps[:2])
        upstream.last.resume()


async def test_they_can_be_let_through_at_once(serve, upstream):
    house = await serve(upstream, config={"limits": {"handshake-hold": 0}})
    script = text_answer()
    upstream.script(script.after(1, Pause()))
    async with house.open() as answered:
        assert await anext(answered.aiter_raw()) == script.steps[0].encode()
        assert not upstream.last.finished
        upstream.last.resume()


async def test_a_json_document_instead_of_a_stream_becomes_a_whole_stream(house, upstream):
    script = answer(Reasoning(["Hm."]), Text("Grüße"), ToolCall("read", {"n": 1}))
    upstream.script(json_response(script))
    body = (await house.stream()).content
    found = validate_responses_stream(body)
    assert found.output == script.events[-1]["response"]["output"]
    assert found.response == script.events[-1]["response"]


async def test_an_answer_of_every_kind_is_one_the_sdk_can_read(house, upstream):
    for name, script in ANSWERS.items():
        if name != "missing output":  # which no SDK could read as it came
            upstream.script(script)
            end = script.events[-1]["type"]
            validate_responses_stream((await house.stream()).content, end=end, empty_output=True)


async def test_a_stream_outlives_every_time_out_that_is_not_meant_for_it(serve, upstream):
    limits = {"body-timeout": 0.05, "first-byte-timeout": 0.05, "connect-timeout": 0.05}
    house = await serve(
        upstream,
        config={"limits": limits},
        quart={"RESPONSE_TIMEOUT": 0.05, "BODY_TIMEOUT": 0.05},
        hypercorn={"keep_alive_timeout": 0.05, "read_timeout": None},
    )
    script = text_answer("a b c d e f")
    upstream.script(script.after(6, Pause()))
    async with house.open() as answered:
        asyncio.get_running_loop().call_later(0.3, upstream.last.resume)
        body = b"".join([piece async for piece in answered.aiter_raw()])
    assert body == script.body


async def test_many_streams_at_once_do_not_mix(house, upstream):
    def echo(request):
        canary = request.json()["input"][0]["content"][0]["text"]
        return text_answer(" ".join([canary] * 20), response_id=f"resp_{canary}").rechunked(100)

    upstream.default = echo
    canaries = [f"canary{number}" for number in range(30)]
    answers = await asyncio.gather(*(house.stream(input=canary) for canary in canaries))
    for canary, answered in zip(canaries, answers, strict=True):
        found = check_events(data for _, data in read_sse(answered.content))
        assert found.text.split(" ") == [canary] * 20
        assert found.response["id"] == f"resp_{canary}"


async def test_connections_to_the_upstream_are_kept(house, upstream):
    for _ in range(3):
        await house.stream()
        await house.post()
    assert {request.connection for request in upstream.requests} == {1}


async def test_the_record_tells_what_was_served(house, upstream):
    await house.stream(model="fox/gpt-5-low")
    record = await house.records.request()
    assert (record.scope, record.dialect, record.provider, record.model) == ("request", "responses", "fox", "gpt-5-low")
    assert (record.streaming, record.status, record.error, record.attempt) == (True, 200, "", 1)
    assert (record.usage.input, record.usage.output) == (11, 7)
    assert record.credential.startswith("tppc:fox:")
    assert record.started <= record.first_output <= record.last_output <= record.ended
    [attempt] = house.records.of("attempt")
    assert (attempt.request_id, attempt.outputs) == (record.request_id, 4)
