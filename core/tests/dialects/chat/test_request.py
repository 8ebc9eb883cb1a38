import orjson
import pytest
from jackfield.dialects.chat import ChatDialect
from jackfield.model.errors import ClientError

PNG = "data:image/png;base64,iVBORw0KGgo="
READ = {"type": "function", "function": {"name": "read", "parameters": {"type": "object", "properties": {}}}}


def user(content="Hi"):
    return {"role": "user", "content": content}


def call(name="read", call_id="c1", arguments="{}"):
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def calls(*tool_calls, **more):
    return {"role": "assistant", "content": None, "tool_calls": list(tool_calls), **more}


def result(call_id="c1", content="done"):
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def message(role, *parts):
    return {"type": "message", "role": role, "content": list(parts)}


def said(text):
    return {"type": "input_text", "text": text}


def error_of(parsed, **request):
    with pytest.raises(ClientError) as caught:
        parsed(**request)
    assert caught.value.openai_status == 400
    return caught.value


def test_least_request(parsed):
    request = parsed()
    assert (request.model, request.stream) == ("gpt-5-high", False)
    assert request.body == {
        "instructions": "",
        "input": [message("user", said("Hi"))],
        "reasoning": {"summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": request.session,
        "store": False,
        "stream": True,
    }


def test_what_the_upstream_lacks_is_left_out(parsed, body):
    dropped = {
        "seed": 1,
        "n": 1,
        "logit_bias": {"1": 2},
        "presence_penalty": 1,
        "frequency_penalty": 1,
        "prediction": {"type": "content", "content": "x"},
        "modalities": ["text"],
        "audio": None,
        "logprobs": False,
        "top_logprobs": 0,
        "background": False,
        "previous_response_id": None,
        "include": ["reasoning.encrypted_content"],
        "moderation": {"model": "m"},
        "store": True,
        "service_tier": "flex",
        "stop": ["END"],
        "stream_options": {"include_usage": True},
        "an_unknown_field": {"x": [1]},
    }
    assert body(**dropped) == parsed().body


def test_what_the_responses_api_has_a_field_for_travels(parsed, body):
    fields = {
        "temperature": 0.2,
        "top_p": 0.9,
        "metadata": {"a": "b"},
        "user": "me",
        "safety_identifier": "u1",
        "prompt_cache_retention": "24h",
        "prompt_cache_options": {"mode": "implicit"},
    }
    assert body(**fields) == {**parsed().body, **fields}


@pytest.mark.parametrize("name", ["max_completion_tokens", "max_tokens", "max_output_tokens"])
def test_the_length_of_the_answer_travels_under_every_name(parsed, name):
    found = parsed(**{name: 40})
    assert (found.body["max_output_tokens"], found.limit, found.without_body().limit) == (40, 40, 40)
    assert parsed(**{name: 3}).body["max_output_tokens"] == 16


def test_a_length_below_one_is_none(parsed):
    assert parsed(max_tokens=-1).body == parsed(max_tokens=0).body == parsed().body


def test_stream_wish_is_remembered(parsed):
    assert parsed(stream=True).stream is True
    assert parsed(stream=True).body["stream"] is True


def test_names_are_mapped_everywhere_alike(parsed, body):
    name = "a.very/long name " + "x" * 80
    tool = {"type": "function", "function": {"name": name}}
    found = body(user(), calls(call(name)), result(), tools=[tool], tool_choice=tool)
    [sent] = {found["tools"][0]["name"], found["tool_choice"]["name"], found["input"][1]["name"]}
    assert sent != name
    assert parsed(tools=[tool]).context.names.restore(sent) == name


def test_cache_key_stays_while_the_conversation_grows(parsed):
    system = {"role": "system", "content": "You are."}
    first = [system, user("one")]
    grown = [*first, calls(call()), result(), {"role": "assistant", "content": "x"}, user("two"), system]
    keys = {parsed(messages=grown[:size]).session for size in range(2, len(grown) + 1)}
    assert len(keys) == 1
    assert parsed(messages=[system, user("other")]).session not in keys
    assert parsed(messages=[{**system, "content": "You were."}, user("one")]).session not in keys


def test_a_growing_conversation_keeps_its_prefix_bytes(parsed):
    turns = [
        {"role": "system", "content": "You are."},
        user("one"),
        calls(call(call_id="a"), call(call_id="b"), content="Let me see."),
        result("a"),
        result("b"),
        {"role": "assistant", "content": "Done."},
        user("two"),
        calls(call(call_id="a")),
        result("a", [{"type": "image_url", "image_url": PNG}]),
        user("three"),
    ]
    before = b""
    for size in (2, 5, 7, 9, 10):
        written = orjson.dumps(parsed(messages=turns[:size], tools=[READ]).body["input"])[:-1]
        assert written.startswith(before)
        before = written


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"model": 3}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages"),
        ({"messages": ["Hi"]}, "messages[0]"),
        ({"messages": [{"content": "Hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "robot", "content": "Hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"messages": [user(), user([{"type": "text", "text": 3}])]}, "messages[1].content[0].text"),
        ({"messages": [user([{"type": "image_url"}])]}, "messages[0].content[0].image_url"),
        ({"messages": [user([{"type": "image_url", "image_url": {}}])]}, "messages[0].content[0].image_url.url"),
        ({"messages": [user([{"type": "file", "file": {}}])]}, "messages[0].content[0].file.file_data"),
        ({"messages": [user([{"type": "input_audio", "input_audio": {}}])]}, "messages[0].content[0].type"),
        ({"messages": [user(), calls({"id": "c"})]}, "messages[1].tool_calls[0].function"),
        ({"messages": [user(), calls(call(name=""))]}, "messages[1].tool_calls[0].function.name"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {"name": 1}}]}, "tools[0].function.name"),
        ({"tools": [READ], "tool_choice": 3}, "tool_choice"),
        ({"tools": [READ], "tool_choice": {"type": "function", "function": {"name": "x"}}},
         "tool_choice.function.name"),
        ({"tools": [READ], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"tools": []}}},
         "tool_choice.allowed_tools.tools"),
        ({"n": 2}, "n"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"stop": 3}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"reasoning_effort": 3}, "reasoning_effort"),
        ({"stream_options": {"include_usage": "yes"}}, "stream_options.include_usage"),
    ],
)  # fmt: skip
def test_refused_with_the_place(parsed, request_, param):
    failure = error_of(parsed, **request_)
    assert failure.detail.param == param
    assert param in failure.message


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"model":"\\ud800"}'])
def test_no_json_object(body):
    with pytest.raises(ClientError):
        ChatDialect().parse(body, {})


def test_errors_are_in_openais_envelope(parsed):
    answer = ChatDialect().error(error_of(parsed, n=2), "req_1")
    assert answer.status == 400
    assert orjson.loads(answer.body)["error"]["param"] == "n"
