"""H1, H2: Responses shapes on the Chat route are read, or refused by name."""

import orjson
import pytest
from jackfield.dialects.chat import ChatDialect
from jackfield.model.errors import ClientError
from jackfield.testing.upstream_rules import REJECTED, check_upstream_request

PNG = "data:image/png;base64,AA=="
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
EDIT = {"type": "function", "name": "edit", "description": "d", "parameters": SCHEMA}
USER = {"role": "user", "content": "Hi"}


def parse(**request):
    """Return the body that goes up for a request without `messages`, which has to be one that upstreams accept."""
    body = ChatDialect().parse(orjson.dumps({"model": "gpt-5", **request}), {}).body
    sent = {key: value for key, value in body.items() if key not in REJECTED}  # as executors do
    check_upstream_request({"model": "gpt-5", **sent})
    return body


def refused(**request):
    with pytest.raises(ClientError) as caught:
        parse(**request)
    return caught.value


def said(text, role="user"):
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def test_the_request_of_a_client_that_mixes_both_apis_is_read():
    body = parse(input=[{"role": "system", "content": "Be brief."}, USER], tools=[EDIT], stream=True)
    assert (body["instructions"], body["input"]) == ("Be brief.", [said("Hi")])
    assert body["tools"] == [{**EDIT, "strict": False}]


@pytest.mark.parametrize("messages", [{}, {"messages": None}, {"messages": []}])
def test_input_is_read_where_messages_say_nothing(messages):
    assert parse(input="Hi", **messages)["input"] == [said("Hi")]
    assert parse(input=[{"type": "message", **USER}], **messages)["input"] == [said("Hi")]


def test_messages_are_read_where_input_says_nothing():
    for nothing in (None, "", []):
        assert parse(messages=[USER], input=nothing)["input"] == [said("Hi")]


def test_both_at_once_are_refused_by_name():
    assert refused(messages=[USER], input=[USER]).detail.param == "input"


def test_neither_is_refused_as_ever():
    assert refused().message == "messages: this field is required"
    assert refused(input=[]).detail.param == "messages"


def test_a_wrong_input_is_refused_with_its_place():
    assert refused(input=1).detail.param == "input"
    assert refused(input=["Hi"]).detail.param == "input[0]"
    assert refused(input=[{"role": "user", "content": [{"type": "input_image"}]}]).detail.param.startswith(
        "input[0].content[0].image_url"
    )


def test_instructions_stand_in_front_on_both_ways():
    system = {"role": "system", "content": "Be brief."}
    for field in ("input", "messages"):
        body = parse(instructions="Be kind.", **{field: [system, USER]})
        assert (body["instructions"], body["input"]) == ("Be kind.\n\nBe brief.", [said("Hi")])


def test_calls_and_outputs_are_read_as_items():
    items = [
        USER,
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "blob"},
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "edit", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": "x"},
        {"type": "function_call_output", "call_id": "c1", "output": "done"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_image", "image_url": PNG}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "There."}]},
        USER,
    ]
    for field in ("input", "messages"):
        assert parse(**{field: items})["input"] == [
            said("Hi"),
            {"type": "reasoning", "summary": [], "encrypted_content": "blob"},
            {"type": "function_call", "name": "edit", "arguments": "{}", "call_id": "c1"},
            {"type": "custom_tool_call", "name": "patch", "input": "x", "call_id": "c2"},
            {"type": "function_call_output", "call_id": "c1", "output": "done"},
            {
                "type": "custom_tool_call_output",
                "call_id": "c2",
                "output": [{"type": "input_image", "image_url": PNG, "detail": "auto"}],
            },
            said("There.", "assistant"),
            said("Hi"),
        ]


def test_a_result_of_chat_answers_a_call_that_is_an_item():
    call = {"type": "function_call", "call_id": "c1", "name": "edit", "arguments": "{}"}
    body = parse(input=[USER, call, {"role": "tool", "tool_call_id": "c1", "content": "done"}])
    assert body["input"][2] == {"type": "function_call_output", "call_id": "c1", "output": "done"}


@pytest.mark.parametrize("field", ["input", "messages"])
def test_images_and_files_are_read_in_both_forms(field):
    parts = [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": PNG, "detail": "high"},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "image_url", "image_url": {"url": PNG}},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
        {"type": "input_file", "file_url": "https://a.example/a.pdf"},
        {"type": "input_file", "file_id": "file-2"},
    ]
    [message] = parse(**{field: [{"role": "user", "content": parts}]})["input"]
    assert message["content"] == [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": PNG, "detail": "high"},
        {"type": "input_image", "file_id": "file-1", "detail": "auto"},
        {"type": "input_image", "image_url": PNG, "detail": "auto"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
        {"type": "input_file", "file_url": "https://a.example/a.pdf"},
        {"type": "input_file", "file_id": "file-2"},
    ]


@pytest.mark.parametrize("kind", ["item_reference", "web_search_call", "next_year"])
def test_an_item_that_cannot_be_read_is_refused_by_name(kind):
    failure = refused(input=[USER, {"type": kind, "id": "x"}])
    assert failure.detail.param == "input[1].type"
    assert kind in failure.message


def test_reasoning_and_text_are_read():
    wish = {"type": "json_schema", "name": "answer", "strict": True, "schema": SCHEMA}
    body = parse(
        input="Hi",
        reasoning={"effort": "low", "summary": "detailed"},
        text={"format": wish, "verbosity": "low"},
        max_output_tokens=5,
    )
    assert body["reasoning"] == {"effort": "low", "summary": "detailed"}
    assert body["text"] == {"format": wish, "verbosity": "low"}
    assert body["max_output_tokens"] == 16


def test_the_fields_of_chat_go_first():
    body = parse(
        messages=[USER],
        reasoning={"effort": "low"},
        reasoning_effort="high",
        text={"verbosity": "low"},
        verbosity="high",
    )
    assert (body["reasoning"]["effort"], body["text"]["verbosity"]) == ("high", "high")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("logprobs", True),
        ("top_logprobs", 3),
        ("background", True),
        ("previous_response_id", "resp_1"),
        ("conversation", {"id": "conv_1"}),
        ("prompt", {"id": "pmpt_1"}),
    ],
)
def test_what_no_answer_could_honour_is_refused_by_name(field, value):
    failure = refused(messages=[USER], **{field: value})
    assert failure.detail.param == field
    assert failure.message.startswith(f"{field}: ")


def test_a_spoken_answer_of_before_is_refused_by_name():
    failure = refused(messages=[USER, {"role": "assistant", "audio": {"id": "audio_1"}}, USER])
    assert failure.detail.param == "messages[1].audio"


# -- H2


def test_a_flat_schema_goes_up_as_written():
    body = parse(
        messages=[USER],
        response_format={"type": "json_schema", "name": "answer", "strict": True, "schema": SCHEMA, "description": "d"},
    )
    wanted = {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True, "description": "d"}
    assert body["text"]["format"] == wanted


@pytest.mark.parametrize(
    "given", [{}, {"json_schema": {}}, {"json_schema": {"name": "x", "schema": None}}, {"name": "x", "strict": True}]
)
def test_no_schema_at_all_is_refused_by_its_name(given):
    failure = refused(messages=[USER], response_format={"type": "json_schema", **given})
    assert failure.detail.param == "response_format.json_schema.schema"
    assert refused(messages=[USER], response_format={"type": "json_schema", "schema": None}).detail.param == (
        "response_format.schema"
    )


@pytest.mark.parametrize("choice", [{"type": "function", "name": "edit"}, {"name": "edit"}])
def test_a_flat_choice_is_read(choice):
    assert parse(messages=[USER], tools=[EDIT], tool_choice=choice)["tool_choice"] == {
        "type": "function",
        "name": "edit",
    }


@pytest.mark.parametrize(("kind", "sent"), [("auto", "auto"), ("none", "none"), ("any", "required")])
def test_a_choice_that_is_a_word_in_an_object_is_read(kind, sent):
    assert parse(messages=[USER], tools=[EDIT], tool_choice={"type": kind})["tool_choice"] == sent


def test_a_choice_of_a_kind_that_is_not_there_is_refused_by_name():
    assert refused(messages=[USER], tools=[EDIT], tool_choice={"type": "mcp"}).detail.param == "tool_choice.type"


def test_strict_is_read_flat_inside_and_beside_the_function():
    inside = {"type": "function", "function": {"name": "a", "parameters": SCHEMA, "strict": True}}
    beside = {"type": "function", "function": {"name": "b", "parameters": SCHEMA}, "strict": True}
    flat = {**EDIT, "strict": True}
    assert [tool["strict"] for tool in parse(messages=[USER], tools=[inside, beside, flat])["tools"]] == [True] * 3


@pytest.mark.parametrize("kind", ["code_interpreter", "mcp", "file_search", "image_generation", "computer_use_preview"])
def test_a_tool_that_chat_has_no_words_for_is_refused_by_name(kind):
    failure = refused(messages=[USER], tools=[EDIT, {"type": kind}])
    assert failure.detail.param == "tools[1].type"
    assert kind in failure.message
