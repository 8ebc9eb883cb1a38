import pytest

PNG = "data:image/png;base64,iVBORw0KGgo="
PATCH = {"type": "custom", "custom": {"name": "patch"}}


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


def test_system_text_at_the_beginning_becomes_instructions_and_later_one_keeps_its_place(body):
    """L2: as a Messages request's does; an upstream that wants instructions finds them."""
    found = body(
        {"role": "system", "content": "one"},
        {"role": "developer", "content": [{"type": "text", "text": "two"}, {"type": "text", "text": "lines"}]},
        user(),
        {"role": "system", "content": "three"},
    )
    assert found["instructions"] == "one\n\ntwo\nlines"
    assert [(item["role"], item["content"][0]["text"]) for item in found["input"]] == [
        ("user", "Hi"),
        ("developer", "three"),
    ]


def test_system_text_alone_is_still_something_to_answer(body):
    """L2: an empty input is refused everywhere."""
    found = body({"role": "system", "content": "one"})
    assert (found["instructions"], found["input"]) == ("", [message("developer", said("one"))])


def test_the_word_json_stays_in_the_input_where_upstreams_look_for_it(body):
    """L2: `json_object` is refused when only the instructions have the word."""
    found = body({"role": "system", "content": "Answer in JSON"}, user(), response_format={"type": "json_object"})
    assert (found["instructions"], found["input"][0]["role"]) == ("", "developer")


def test_user_parts(items):
    parts = [
        {"type": "text", "text": "see", "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "text", "text": ""},
        {"type": "image_url", "image_url": {"url": PNG, "detail": "high"}},
        {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
        {"type": "image_url", "image_url": PNG},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}},
        {"type": "file", "file": {"file_data": "AA=="}},
        {"type": "file", "file": {"file_id": "file-1"}},
    ]
    assert items(user(parts))[0]["content"] == [
        said("see"),
        {"type": "input_image", "image_url": PNG, "detail": "high"},
        {"type": "input_image", "image_url": "https://a.example/x.png", "detail": "auto"},
        {"type": "input_image", "image_url": PNG, "detail": "auto"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
        {"type": "input_file", "filename": "document.pdf", "file_data": "AA=="},
        {"type": "input_file", "file_id": "file-1"},
    ]


def test_unknown_part_is_named_in_its_place(items):
    parts = items(user([{"type": "video_url", "video_url": {"url": "x"}}, {"type": "text", "text": "what is it?"}]))
    assert parts[0]["content"] == [
        said("[content of type video_url was left out: not supported here]"),
        said("what is it?"),
    ]


def test_assistant_text_and_refusal(items):
    parts = [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "b"}, {"type": "thinking", "thinking": "c"}]
    found = items(
        user(),
        {"role": "assistant", "content": "text"},
        user(),
        {"role": "assistant", "content": parts},
        user(),
        {"role": "assistant", "content": None, "refusal": "no"},
    )
    assert [item["content"] for item in found if item["role"] == "assistant"] == [
        [{"type": "output_text", "text": "text"}],
        [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "b"}],
        [{"type": "refusal", "refusal": "no"}],
    ]


@pytest.mark.parametrize("content", [None, "", [], [{"type": "text", "text": ""}]])
def test_calls_without_text_make_no_empty_message(items, content):
    found = items(user(), calls(call(), content=content), result())
    assert [item["type"] for item in found] == ["message", "function_call", "function_call_output"]


def test_empty_messages_are_skipped(items):
    assert len(items(user(""), user("x"), {"role": "assistant", "content": ""}, {"role": "system", "content": []})) == 1


def test_reasoning_content_and_names_are_dropped(items):
    found = items(
        user() | {"name": "bob"}, {"role": "assistant", "content": "x", "reasoning_content": "hm", "name": "a"}
    )
    assert found == [message("user", said("Hi")), message("assistant", {"type": "output_text", "text": "x"})]


def test_call_after_its_text(items):
    found = items(user(), calls(call(arguments='{"a":"é"}'), content="I look."), result(content="ok"))
    assert found[1:] == [
        message("assistant", {"type": "output_text", "text": "I look."}),
        {"type": "function_call", "call_id": "c1", "name": "read", "arguments": '{"a":"é"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "ok"},
    ]


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ("", "{}"),
        (None, "{}"),
        (" ", "{}"),
        ({"a": 1}, '{"a":1}'),
        ('{"a": 1}', '{"a": 1}'),
        ('{"a', '{"_raw":"{\\"a"}'),
    ],
)
def test_arguments_are_json_text(items, arguments, sent):
    assert items(user(), calls(call(arguments=arguments)), result())[1]["arguments"] == sent


def test_results_as_parts(items):
    text = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    image = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": PNG}}]
    found = items(
        user(),
        calls(call(), call(call_id="c2"), call(call_id="c3")),
        result(content=text),
        result("c2", image),
        result("c3", None),
    )
    assert [item["output"] for item in found[4:]] == [
        "one\ntwo",
        [said("see"), {"type": "input_image", "image_url": PNG, "detail": "auto"}],
        "",
    ]


def test_custom_calls_and_results(items):
    custom = {"id": "c1", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}
    found = items(user(), calls(custom), result(), tools=[PATCH])
    assert found[1:] == [
        {"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": "*** Begin"},
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "done"},
    ]


def test_custom_call_that_came_as_a_function_from_a_stream_goes_back_as_custom(items):
    found = items(user(), calls(call("patch", arguments="*** Begin")), result(), tools=[PATCH])
    assert (found[1]["type"], found[1]["input"]) == ("custom_tool_call", "*** Begin")


def test_missing_ids_are_invented_and_linked_by_order(items):
    nameless = [
        {"type": "function", "function": {"name": "read", "arguments": text}} for text in ('{"a":1}', '{"a":2}')
    ]
    results = [{"role": "tool", "content": "one"}, {"role": "tool", "content": "two"}]
    found = items(user(), calls(*nameless), *results, user("and?"), calls(*nameless), *results)
    outputs = {item["call_id"]: item["output"] for item in found if item["type"] == "function_call_output"}
    linked = [(item["arguments"], outputs[item["call_id"]]) for item in found if item["type"] == "function_call"]
    assert linked == [('{"a":1}', "one"), ('{"a":2}', "two")] * 2


def test_result_with_an_id_that_the_call_lacks(items):
    found = items(user(), calls({"type": "function", "function": {"name": "read", "arguments": "{}"}}), result("c9"))
    assert found[1]["call_id"] == found[2]["call_id"]


def test_result_without_an_id_is_linked_by_name(items):
    answers = [{"role": "tool", "name": "two", "content": "2"}, {"role": "tool", "name": "one", "content": "1"}]
    found = items(user(), calls(call("one", "c1"), call("two", "c2")), *answers)
    assert {item["call_id"]: item["output"] for item in found[3:]} == {"c1": "1", "c2": "2"}


def test_calls_in_two_messages_in_a_row(items):
    nameless = {"type": "function", "function": {"name": "read", "arguments": "{}"}}
    results = [{"role": "tool", "content": "one"}, {"role": "tool", "content": "two"}]
    found = items(user(), calls(nameless), calls(nameless), *results)
    outputs = {item["call_id"]: item["output"] for item in found[3:]}
    assert [outputs[item["call_id"]] for item in found[1:3]] == ["one", "two"]


def test_legacy_calls_and_results(items):
    legacy = {"role": "assistant", "content": None, "function_call": {"name": "read", "arguments": "{}"}}
    found = items(user(), legacy, {"role": "function", "name": "read", "content": "1"}, legacy, user("stop"))
    assert [item["type"] for item in found[1:5]] == ["function_call", "function_call_output"] * 2
    assert found[1]["call_id"] == found[2]["call_id"] != found[3]["call_id"] == found[4]["call_id"]


def test_unanswered_call_gets_an_output_and_orphan_none(items):
    found = items(user(), calls(call()), user("go on"), result("c7", "lost"))
    assert [item["type"] for item in found] == [
        "message",
        "function_call",
        "function_call_output",
        "message",
        "message",
    ]
    assert found[4]["role"] == "user"


def test_long_ids_are_shortened_alike(items):
    long = "call_" + "x" * 90
    found = items(user(), calls(call(call_id=long), call(call_id=long + "y")), result(long), result(long + "y"))
    assert len({item["call_id"] for item in found[1:]}) == 2


@pytest.mark.parametrize("between", [{"role": "tool", "content": "1"}, user("never mind")])
def test_result_without_an_id_belongs_to_the_latest_turn(items, between):
    nameless = {"type": "function", "function": {"name": "read", "arguments": "{}"}}
    found = items(user(), calls(nameless, nameless), between, calls(nameless), {"role": "tool", "content": "3"})
    latest = next(item for item in reversed(found) if item["type"] == "function_call")
    outputs = {item["call_id"]: item["output"] for item in found if item["type"] == "function_call_output"}
    assert outputs[latest["call_id"]] == "3"
