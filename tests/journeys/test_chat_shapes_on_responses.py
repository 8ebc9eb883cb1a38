"""H1: parts of both dialects are read on both routes; X6: what came without its content is completed, or named."""

import pytest
from jackfield.testing import Reasoning, Text, answer, text_answer, upstream_problems

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
CALL = {"id": "call_1", "type": "function", "function": {"name": "read", "arguments": '{"n":1}'}}
NESTED = {"type": "function", "function": {"name": "read", "parameters": SCHEMA}}
FLAT = {"type": "function", "name": "read", "parameters": SCHEMA, "strict": False}
PNG = "data:image/png;base64,iVBORw0KGgo="


def said(role, text):
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


async def sent(house, upstream, **fields):
    """Ask; return what the upstream got, which it would take."""
    answered = await house.post(**fields)
    assert answered.status_code == 200, answered.text
    assert answered.json()["object"] == "response"
    assert upstream_problems(upstream.last.json()) == []
    return upstream.last.json()


async def test_messages_stand_for_input(house, upstream):
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
    ]
    body = await sent(house, upstream, input=None, messages=messages)
    assert body["input"] == [said("developer", "Be brief."), said("user", "Hi")]
    assert "messages" not in body


async def test_messages_beside_input_are_refused(house, upstream):
    answered = await house.post(messages=[{"role": "user", "content": "Hi"}])
    assert (answered.status_code, answered.json()["error"]["param"]) == (400, "messages")
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "text", "text": "Look"}, {"type": "input_text", "text": "Look"}),
        (
            {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
            {"type": "input_image", "image_url": PNG, "detail": "low"},
        ),
        ({"type": "file", "file": {"file_id": "file-1"}}, {"type": "input_file", "file_id": "file-1"}),
    ],
)
async def test_parts_of_chat_go_up_as_parts_of_the_api(house, upstream, part, expected):
    own = {"type": "input_text", "text": "Well?"}
    body = await sent(house, upstream, input=[{"role": "user", "content": [part, own]}])
    assert body["input"] == [{"type": "message", "role": "user", "content": [expected, own]}]


async def test_calls_and_results_of_chat_go_up_as_items(house, upstream):
    turn = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "42"},
    ]
    choice = {"type": "function", "function": {"name": "read"}}
    body = await sent(house, upstream, input=turn, tools=[NESTED], tool_choice=choice)
    assert body["input"][1:] == [
        {"type": "function_call", "name": "read", "arguments": '{"n":1}', "call_id": "call_1"},
        {"type": "function_call_output", "call_id": "call_1", "output": "42"},
    ]
    assert body["tools"] == [FLAT]
    assert body["tool_choice"] == {"type": "function", "name": "read"}


async def test_a_result_of_chat_finds_its_call_in_the_answer_before(house, upstream):
    first = await house.post(tools=[FLAT])
    result = {"role": "tool", "tool_call_id": "call_9", "content": "42"}
    call = {"type": "function_call", "call_id": "call_9", "name": "read", "arguments": "{}"}
    body = await sent(house, upstream, input=[call, result], previous_response_id=first.json()["id"])
    assert [item["type"] for item in body["input"]] == ["message", "message", "function_call", "function_call_output"]


async def test_settings_of_chat_go_into_their_places(house, upstream):
    wish = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
    body = await sent(house, upstream, response_format=wish, reasoning_effort="low", verbosity="low")
    format_ = {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True}
    assert body["text"] == {"format": format_, "verbosity": "low"}
    assert body["reasoning"]["effort"] == "low"
    assert not {"response_format", "reasoning_effort", "verbosity"} & body.keys()


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"response_format": {"type": "grammar"}}, "response_format.type"),
        ({"input": [{"role": "tool", "content": "x"}, {"type": "computer_call", "call_id": "c"}]}, "input[1].type"),
        ({"tools": [{"type": "function", "function": {"description": "no name"}}]}, "tools[0].function.name"),
    ],
)
async def test_what_has_no_word_here_is_named(house, upstream, fields, place):
    answered = await house.post(**fields)
    assert (answered.status_code, answered.json()["error"]["param"]) == (400, place)
    assert upstream.requests == []


async def test_reasoning_by_its_id_alone_is_completed_from_memory(house, upstream):
    """X6: as clients send it that rely on a store."""
    upstream.script(answer(Reasoning(["Hm."], "gAAAAblob"), Text("Yes?"), response_id="resp_1"), text_answer())
    thought, spoken = (await house.post(input="Hi")).json()["output"]
    bare = {"type": "reasoning", "id": thought["id"], "summary": []}
    body = await sent(house, upstream, input=[said("user", "Hi"), bare, spoken, said("user", "Go")])
    assert [item.get("encrypted_content") for item in body["input"]] == [None, "gAAAAblob", None, None]


async def test_another_clients_reasoning_is_left_out(house, upstream):
    """X6: what is not remembered only helped to think; the rest of the conversation is there."""
    bare = {"type": "reasoning", "id": "rs_of_another", "summary": []}
    body = await sent(house, upstream, input=[said("user", "Hi"), bare, said("assistant", "Yes?"), said("user", "Go")])
    assert [item["type"] for item in body["input"]] == ["message", "message", "message"]


async def test_nothing_but_reasoning_that_nobody_can_read_is_refused(house, upstream):
    """X6: it was an empty input upstream."""
    answered = await house.post(input=[{"type": "reasoning", "id": "rs_1", "summary": []}])
    assert answered.status_code == 400, answered.text
    assert "encrypted_content" in answered.json()["error"]["message"]
    assert upstream.requests == []
