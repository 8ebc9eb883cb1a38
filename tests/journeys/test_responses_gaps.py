"""What a relay leaves out of a stream is put in, and nothing else is touched (X5, the second half of L10)."""

import dataclasses

import pytest
from jackfield.testing import (
    Completed,
    CustomToolCall,
    Incomplete,
    Interleaved,
    Reasoning,
    Refusal,
    SendEvent,
    Text,
    ToolCall,
    WebSearch,
    answer,
    check_events,
    read_sse,
    text_answer,
)
from openai import AsyncOpenAI

ADDED, DONE = "response.output_item.added", "response.output_item.done"
DELTAS = ("response.output_text.delta", "response.refusal.delta", "response.reasoning_summary_text.delta")
PART = "response.content_part.added"
WHOLES = (
    "response.output_text.done",
    "response.content_part.done",
    "response.refusal.done",
    "response.function_call_arguments.done",
    "response.custom_tool_call_input.done",
    "response.reasoning_summary_text.done",
    "response.reasoning_summary_part.done",
)
ITEMS = {
    "text": (Text("Hello you there"),),
    "two texts": (Text("One two"), Text("Three four")),
    "call": (ToolCall("read", {"path": "/x"}),),
    "custom call": (CustomToolCall("sh", "ls -l"),),
    "text and calls": (Text("I look."), ToolCall("a", {"n": 1}, "call_a"), ToolCall("b", {"n": 2}, "call_b")),
    "interleaved": (Interleaved([ToolCall("a", {"n": 1}, "call_a"), ToolCall("b", {"n": 2}, "call_b")]),),
    "thinking with its blob": (Reasoning(["Hm.", "So."], "gAAAAblob"), Text("Hello you")),
    "refusal": (Refusal("No, not that."),),
    "search": (WebSearch("x", ["https://example.org"]), Text("Found it")),
}


def without(script, *kinds, only=None):
    """Return the script without these events, with numbers that rise; `only`: those of the item at that index."""
    kept = [
        dict(event)
        for event in script.events
        if event["type"] not in kinds or (only is not None and event.get("output_index") != only)
    ]
    events = [{**event, "sequence_number": number} for number, event in enumerate(kept)]
    return dataclasses.replace(script, steps=tuple(map(SendEvent, events)))


def said(output):
    """Return what items say, without ids and other fields that no delta tells."""
    keys = ("type", "name", "arguments", "input", "call_id", "encrypted_content")
    return [
        {key: item[key] for key in keys if key in item}
        | {"said": [part.get("text", part.get("refusal")) for part in item.get("content") or item.get("summary") or []]}
        for item in output
    ]


def output(script):
    return [event["item"] for event in sorted(script.events, key=lambda e: e.get("output_index", 0))
            if event["type"] == DONE]  # fmt: skip


async def streamed(house, end="response.completed"):
    """Return what the stream amounts to; it must be well-formed."""
    answered = await house.stream()
    assert answered.status_code == 200
    return check_events([data for _, data in read_sse(answered.content)], end=end)


@pytest.mark.parametrize("items", ITEMS.values(), ids=ITEMS)
async def test_nothing_is_touched_where_nothing_lacks(house, upstream, items):
    """X5, L10: the upstream's own bytes."""
    script = answer(*items)
    upstream.script(script)
    assert (await house.stream()).content == script.body


@pytest.mark.parametrize("missing", [None, "missing"], ids=["null", "none"])
async def test_an_output_that_is_not_there_at_all_passes_as_it_is(house, upstream, missing):
    """X5: clients do not trust what is not there."""
    script = answer(Text("Hello"))
    last = dict(script.events[-1])
    response = {key: value for key, value in last["response"].items() if key != "output"}
    last["response"] = response if missing else {**response, "output": None}
    script = dataclasses.replace(script, steps=(*script.steps[:-1], SendEvent(last)))
    upstream.script(script)
    assert (await house.stream()).content == script.body


@pytest.mark.parametrize("items", ITEMS.values(), ids=ITEMS)
async def test_an_empty_output_of_the_last_event_is_filled(house, upstream, items):
    """X5: from the items that came, and every other event is the upstream's own."""
    script = answer(*items, end=Completed(output="empty"))
    upstream.script(script)
    body = (await house.stream()).content
    assert body.startswith(b"".join(step.encode() for step in script.steps[:-1]))
    assert read_sse(body)[-1].data["response"]["output"] == output(script)


async def test_an_empty_output_of_an_incomplete_answer_is_filled(house, upstream):
    """X5: incomplete."""
    script = answer(Text("It stops in the"), end=Incomplete())
    last = {**script.events[-1], "response": {**script.events[-1]["response"], "output": []}}
    upstream.script(dataclasses.replace(script, steps=(*script.steps[:-1], SendEvent(last))))
    events = read_sse((await house.stream()).content)
    assert events[-1].data["response"]["output"] == output(script)


LOST = {
    "item ends": (DONE,),
    "all ends": (DONE, *WHOLES),
    "announcements": (ADDED,),
    "both": (ADDED, DONE),
    "all but deltas": (ADDED, DONE, PART, "response.reasoning_summary_part.added", *WHOLES),
}
SHOWN = {name: ITEMS[name] for name in ("text", "two texts", "refusal")}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
@pytest.mark.parametrize("empty", ["empty", "full"])
@pytest.mark.parametrize("items", SHOWN.values(), ids=SHOWN)
async def test_events_of_a_message_that_a_relay_left_out_are_made(house, upstream, items, lost, empty):
    """L10: Codex reads `output_item.done` alone, the SDKs want an announcement before it."""
    full = answer(*items)
    upstream.script(without(answer(*items, end=Completed(output=empty)), *lost))
    found = await streamed(house)
    assert said(found.output) == said(output(full))


CALLS = ("call", "custom call", "text and calls", "interleaved", "thinking with its blob", "search")


@pytest.mark.parametrize("empty", ["empty", "full"])
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("lost", [(DONE,), (DONE, *WHOLES)], ids=["item ends", "all ends"])
async def test_ends_of_other_items_that_a_relay_left_out_are_made(house, upstream, name, lost, empty):
    """L10, X5: tool calls, and reasoning with its blob where the last event has it."""
    full = answer(*ITEMS[name])
    upstream.script(without(answer(*ITEMS[name], end=Completed(output=empty)), *lost))
    found = await streamed(house)
    drop = () if empty == "full" else ("encrypted_content",)
    expected = [{key: value for key, value in item.items() if key not in drop} for item in output(full)]
    got = [{key: value for key, value in item.items() if key not in drop} for item in found.output]
    assert said(got) == said(expected)


@pytest.mark.parametrize("only", [0, 1, 2])
async def test_the_end_of_one_item_among_several_is_made(house, upstream, only):
    """L10: the others are not told twice."""
    items = ITEMS["text and calls"]
    upstream.script(without(answer(*items, end=Completed(output="empty")), DONE, only=only))
    found = await streamed(house)
    assert said(found.output) == said(output(answer(*items)))


@pytest.mark.parametrize("name", ["text", "call", "text and calls", "thinking with its blob", "search"])
async def test_items_that_stand_in_the_last_event_alone_are_told_before_it(house, upstream, name):
    """L10: no item event at all, and everything in `response.completed`."""
    script = answer(*ITEMS[name])
    bare = [event for event in script.events if "output_index" not in event]
    events = [SendEvent({**event, "sequence_number": number}) for number, event in enumerate(bare)]
    upstream.script(dataclasses.replace(script, steps=tuple(events)))
    found = await streamed(house)
    assert found.output == output(script)


@pytest.mark.parametrize("name", ["text", "refusal", "call", "thinking with its blob"])
async def test_an_incomplete_answer_gets_its_item_events_too(house, upstream, name):
    """L10, X5: what was said before the limit is not lost either."""
    full = answer(*ITEMS[name], end=Incomplete())
    upstream.script(without(full, DONE))
    found = await streamed(house, end="response.incomplete")
    assert said(found.output) == said(output(full))


async def test_an_announcement_comes_before_the_end_of_a_call_that_lacks_it(house, upstream):
    """L10: a call's name is known at its end only."""
    script = answer(*ITEMS["call"])
    upstream.script(without(script, ADDED, "response.function_call_arguments.delta", *WHOLES))
    found = await streamed(house)
    assert found.output == output(script)


@pytest.mark.parametrize("lost", [(), (ADDED, DONE), (DONE, *WHOLES), (ADDED, DONE, PART, *WHOLES)], ids=str)
async def test_the_sdks_stream_has_the_text(house, upstream, lost):
    """X5, L10: `responses.stream()` of the openai SDK, which trusts the last event."""
    upstream.script(without(answer(Text("Hello you there"), end=Completed(output="empty")), *lost))
    async with (
        AsyncOpenAI(base_url=house.server.v1, api_key="sk-any", max_retries=0) as client,
        client.responses.stream(model="gpt-5", input="Hi") as stream,
    ):
        final = await stream.get_final_response()
    assert final.output_text == "Hello you there"


async def test_events_without_numbers_stay_without(house, upstream):
    """L10: numbers are made only where the upstream numbers its own."""
    script = without(text_answer("Hello you"), ADDED, DONE)
    bare = [{key: value for key, value in event.items() if key != "sequence_number"} for event in script.events]
    upstream.script(dataclasses.replace(script, steps=tuple(map(SendEvent, bare))))
    events = [data for _, data in read_sse((await house.stream()).content)]
    assert [event["type"] for event in events].count(DONE) == 1
    assert not [event for event in events if "sequence_number" in event]
