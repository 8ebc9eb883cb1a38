"""Nothing silent: what a request asks for and nobody here can do is a 400 that names it, never a 200 that forgets it.

Issue 11 (X6, M3, M4, H2): words and kinds that stand on no list, where leaving them out would change the answer.
"""

import pytest

FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
TOOL = {"name": "f", "input_schema": {"type": "object", "properties": {}}}
FETCH = {"type": "web_fetch_20260309", "name": "web_fetch"}

CHAT = {
    "a tool of another vendor": ({"tools": [{"type": "retrieval"}]}, "tools[0].type", "retrieval"),
    "such a tool beside a function": (
        {"tools": [FUNCTION, {"type": "google_search", "google_search": {}}]},
        "tools[1].type",
        "google_search",
    ),
    "a format of another server": (
        {"response_format": {"type": "grammar", "grammar": "root ::= x"}},
        "response_format.type",
        "json_schema",
    ),
    "a format that does not say its kind": (
        {"response_format": {"schema": {"type": "object"}}},
        "response_format.type",
        "json_schema",
    ),
    "a format in the place of the Responses API": (
        {"text": {"format": {"type": "grammar", "syntax": "lark"}}},
        "response_format.type",
        "json_schema",
    ),
    "a choice in an unknown word": ({"tools": [FUNCTION], "tool_choice": "sometimes"}, "tool_choice", "required"),
    "the choice of a tool without tools": (
        {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        "tool_choice.function.name",
        "no tool",
    ),
    "the older choice without functions": ({"function_call": {"name": "f"}}, "function_call.name", "no tool"),
    "answers in images": ({"modalities": ["text", "image"]}, "modalities", "image"),
}
MESSAGES = {
    "a tool of tomorrow": ({"tools": [{"type": "quantum_20270101", "name": "q"}]}, "tools[0].type", "quantum_20270101"),
    "such a tool beside a plain one": ({"tools": [TOOL, {"type": "oracle", "name": "q"}]}, "tools[1].type", "oracle"),
    "a choice of an unknown kind": (
        {"tools": [TOOL], "tool_choice": {"type": "sometimes"}},
        "tool_choice.type",
        "must be one of",
    ),
    "the choice of a tool without tools": (
        {"tool_choice": {"type": "tool", "name": "f"}},
        "tool_choice.name",
        "'f'",
    ),
    "the choice of a tool that only Anthropic runs": (
        {"tools": [FETCH], "tool_choice": {"type": "tool", "name": "web_fetch"}},
        "tool_choice.name",
        "'web_fetch'",
    ),
    "a format of another kind": (
        {"output_config": {"format": {"type": "grammar"}}},
        "output_config.format.type",
        "json_schema",
    ),
    "a format that does not say its kind": (
        {"output_config": {"format": {"schema": {"type": "object"}}}},
        "output_config.format.type",
        "json_schema",
    ),
    "an older format of another kind": ({"output_format": {"type": "xml"}}, "output_format.type", "json_schema"),
    "an image from elsewhere": (
        {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "s3", "bucket": "b"}}]}]},
        "messages[0].content[0].source.type",
        "'s3'",
    ),
}


@pytest.mark.parametrize(("fields", "place", "word"), CHAT.values(), ids=CHAT)
async def test_chat_names_what_it_cannot_do(house, upstream, fields, place, word):
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}], **fields}
    answered = await house.client.post("/v1/chat/completions", json=body)
    assert answered.status_code == 400, answered.text
    error = answered.json()["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", place)
    assert word in error["message"]
    assert upstream.requests == []


@pytest.mark.parametrize("route", ["/v1/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize(("fields", "place", "word"), MESSAGES.values(), ids=MESSAGES)
async def test_messages_names_what_it_cannot_do(house, upstream, route, fields, place, word):
    body = {"model": "gpt-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], **fields}
    answered = await house.client.post(route, json=body)
    assert answered.status_code == 400, answered.text
    error = answered.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert place in error["message"]
    assert word in error["message"]
    assert upstream.requests == []


@pytest.mark.parametrize(
    "fields",
    [
        {"tool_choice": "auto"},
        {"tool_choice": "none", "tools": []},
        {"tool_choice": {"type": "auto"}},
        {"response_format": {"type": "text"}, "modalities": ["text"]},
        {"response_format": {}},
    ],
)
async def test_what_asks_for_nothing_is_served(house, upstream, fields):
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}], **fields}
    answered = await house.client.post("/v1/chat/completions", json=body)
    assert answered.status_code == 200, answered.text
    assert "tool_choice" not in upstream.last.json()
