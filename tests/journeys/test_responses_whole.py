"""The answer of a client that asked for no stream, made of an upstream that only streams."""

import dataclasses

import orjson
import pytest
from jackfield.testing import (
    CustomToolCall,
    Interleaved,
    Reasoning,
    Refusal,
    SendEvent,
    Text,
    ToolCall,
    WebSearch,
    answer,
    empty_output_completed,
    html_page,
    incomplete,
    json_reply,
    json_response,
    reply,
    text_answer,
)
from openai.types.responses import Response

ITEMS = {
    "text": (Text("Grüße, 对话 🎉"),),
    "thinking": (Reasoning(["Hm.", "So."], "gAAAA"), Text("Hi")),
    "raw thinking": (Reasoning([], None, text="Hm."), Text("Hi")),
    "call": (ToolCall("read", {"path": "/ä"}),),
    "call told only when done": (ToolCall("read", {"path": "/ä"}, deltas=0),),
    "namespace": (ToolCall("list_agents", {}, namespace="multi_agent_v1"),),
    "calls that interleave": (Interleaved([ToolCall("a", {"n": 1}), ToolCall("b", {"n": 2})]),),
    "custom call": (CustomToolCall("apply_patch", "*** Begin Patch"),),
    "search": (WebSearch("x", ["https://example.org"]), Text("Found", citations=[("https://example.org", "x")])),
    "refusal": (Refusal("No."),),
    "nothing": (),
}


def final(script):
    return script.events[-1]["response"]


async def whole(house):
    answered = await house.post()
    assert answered.status_code == 200, answered.text
    Response.model_validate(answered.json(), strict=True)
    return answered.json()


@pytest.mark.parametrize("items", ITEMS.values(), ids=ITEMS)
async def test_it_is_the_response_of_the_last_event(house, upstream, items):
    script = answer(*items)
    upstream.script(script)
    assert await whole(house) == final(script)


@pytest.mark.parametrize("items", ITEMS.values(), ids=ITEMS)
@pytest.mark.parametrize("missing", [False, True], ids=["empty", "missing"])
async def test_an_empty_output_is_filled_from_the_stream(house, upstream, items, missing):
    upstream.script(empty_output_completed(*(items or (Text(""),)), missing=missing))
    expected = final(answer(*(items or (Text(""),))))
    found = await whole(house)
    assert found["output"] == expected["output"]
    assert (found["id"], found["model"], found["status"]) == ("resp_test", "gpt-5", "completed")
    assert (found["object"], found["created_at"]) == ("response", expected["created_at"])
    assert found["usage"]["total_tokens"] == 18


async def test_items_are_sorted_by_their_index_whatever_came_first(house, upstream):
    script = empty_output_completed(Text("one"), ToolCall("read", {}), Text("two"))
    done = [step for step in script.steps if step.event["type"] == "response.output_item.done"]
    rest = [step for step in script.steps if step not in done]
    upstream.script(dataclasses.replace(script, steps=(*rest[:-1], *reversed(done), rest[-1])))
    assert (await whole(house))["output"] == final(answer(Text("one"), ToolCall("read", {}), Text("two")))["output"]


def without(script, *kinds):
    """Return the script without these events."""
    steps = [step for step in script.steps if not isinstance(step, SendEvent) or step.event["type"] not in kinds]
    return dataclasses.replace(script, steps=tuple(steps))


DONE = "response.output_item.done"
ADDED = "response.output_item.added"
WHOLES = (
    "response.output_text.done",
    "response.content_part.done",
    "response.function_call_arguments.done",
    "response.custom_tool_call_input.done",
    "response.refusal.done",
    "response.reasoning_summary_text.done",
    "response.reasoning_summary_part.done",
)
DELTAS = (
    "response.output_text.delta",
    "response.function_call_arguments.delta",
    "response.custom_tool_call_input.delta",
    "response.refusal.delta",
    "response.reasoning_summary_text.delta",
)
MEANING = (Reasoning(["Hm."], None), Text("Hello you"), ToolCall("read", {"n": 1}), CustomToolCall("sh", "ls"))


def meaning(output):
    """Return what items say, without the fields that deltas cannot tell."""
    keys = ("type", "name", "arguments", "input", "call_id", "role")
    texts = ("text", "refusal")
    return [
        {key: item[key] for key in keys if key in item}
        | {"said": [part.get(key) for part in item.get("content") or item.get("summary") or [] for key in texts]}
        for item in output
    ]


@pytest.mark.parametrize(
    "lost",
    [(DONE,), (DONE, *WHOLES), (DONE, *DELTAS), (DONE, "response.content_part.added", *WHOLES)],
    ids=["no finished items", "deltas only", "wholes only", "no parts"],
)
@pytest.mark.parametrize("items", [MEANING, (Refusal("No."),)], ids=["all", "refusal"])
async def test_an_output_that_only_events_told_is_put_together(house, upstream, lost, items):
    upstream.script(without(empty_output_completed(*items), *lost))
    found = await whole(house)
    assert meaning(found["output"]) == meaning(final(answer(*items))["output"])
    assert all(item.get("status", "completed") == "completed" for item in found["output"])


async def test_deltas_without_any_announcement_make_a_message(house, upstream):
    upstream.script(without(empty_output_completed(Text("Hello you")), ADDED, DONE, *WHOLES))
    [item] = (await whole(house))["output"]
    assert (item["role"], item["content"][0]["text"]) == ("assistant", "Hello you")


async def test_what_is_finished_is_not_doubled_by_its_deltas(house, upstream):
    script = empty_output_completed(Text("Hello you"))
    upstream.script(script)
    [item] = (await whole(house))["output"]
    assert item["content"][0]["text"] == "Hello you"


async def test_an_incomplete_answer_is_200_and_says_so(house, upstream):
    script = incomplete("max_output_tokens")
    upstream.script(script)
    found = await whole(house)
    assert (found["status"], found["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    record = await house.records.request()
    assert (record.status, record.error, record.streaming) == (200, "", False)


async def test_a_bare_terminal_event_gets_the_fields_that_clients_need(house, upstream):
    upstream.script(text_answer().cut(0, SendEvent({"type": "response.completed", "response": {}})))
    found = (await house.post()).json()
    assert found["id"].startswith("resp_")
    assert (found["object"], found["status"], found["model"], found["output"]) == ("response", "completed", "gpt-5", [])
    assert isinstance(found["created_at"], int)


async def test_a_json_document_instead_of_a_stream_is_the_answer(house, upstream):
    script = answer(Text("Hi"), ToolCall("read", {}))
    upstream.script(json_response(script))
    assert await whole(house) == final(script)


@pytest.mark.parametrize("leading", ["", "\n\n  "], ids=["bare", "after blanks"])
async def test_json_is_known_by_its_content_not_its_type(house, upstream, leading):
    document = leading + orjson.dumps(final(text_answer("Hi"))).decode()
    upstream.script(reply(document, 200, "text/event-stream"))
    assert await whole(house) == final(text_answer("Hi"))


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "script",
    [json_reply({"error": {"code": "rate_limit_exceeded", "message": "Slow down"}}), json_reply({"error": "Busy"})],
    ids=["object", "text"],
)
async def test_an_error_document_with_200_is_an_error(serve, upstream, stream, script):
    upstream.script(script)
    house = await serve(upstream, config={"request-retry": 0})
    answered = await house.post(stream=stream)
    assert answered.status_code in (429, 502)
    assert answered.json()["error"]["message"] in ("Slow down", "Busy")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("script", [html_page(), json_reply([1, 2]), json_reply("text")], ids=["html", "list", "text"])
async def test_anything_else_with_200_is_a_bad_gateway(serve, upstream, stream, script):
    upstream.script(script)
    house = await serve(upstream, config={"request-retry": 0})
    answered = await house.post(stream=stream)
    assert answered.status_code == 502
    assert "sign in" not in answered.text
    assert "<" not in answered.json()["error"]["message"]
