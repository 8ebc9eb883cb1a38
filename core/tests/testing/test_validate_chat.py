import json

import pytest
from jackfield.testing import validate_chat_stream, validate_completion

BASE = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5"}
USAGE = {**BASE, "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}
ERROR = {"error": {"message": "gone", "type": "server_error", "code": None, "param": None}}
DONE = "[DONE]"


def chunk(finish=None, **delta):
    return {**BASE, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def call(index, arguments, **first):
    function = {"arguments": arguments, **({"name": first.pop("name")} if "name" in first else {})}
    return chunk(tool_calls=[{"index": index, "function": function, **first}])


FIRST = chunk(role="assistant", content="")
READ = {"id": "call_1", "type": "function", "name": "read"}


def wire(*chunks):
    return "".join(f"data: {part if isinstance(part, str) else json.dumps(part)}\n\n" for part in chunks)


def test_a_good_stream_is_told_back():
    chunks = [
        FIRST,
        chunk(reasoning_content="Hm."),
        chunk(content="Hel"),
        chunk(content="lo"),
        call(0, '{"a"', **READ),
        call(1, "{}", **{**READ, "id": "call_2"}),
        call(0, ": 1}"),
        chunk("tool_calls"),
        USAGE,
        DONE,
    ]
    answer = validate_chat_stream(wire(*chunks), usage=True)
    assert (answer.id, answer.model, answer.content, answer.reasoning) == ("chatcmpl-1", "gpt-5", "Hello", "Hm.")
    assert answer.calls == [
        {"id": "call_1", "name": "read", "arguments": '{"a": 1}'},
        {"id": "call_2", "name": "read", "arguments": "{}"},
    ]
    assert answer.finish_reason == "tool_calls"
    assert answer.usage == USAGE["usage"]


def test_a_refusal_is_told_back():
    assert validate_chat_stream(wire(FIRST, chunk(refusal="no"), chunk("stop"), DONE)).refusal == "no"


def test_a_failed_stream_ends_with_its_error():
    assert validate_chat_stream(wire(FIRST, ERROR), end="error").error == ERROR["error"]
    assert validate_chat_stream(wire(FIRST, ERROR, DONE), end="error").error


GOOD_END = [chunk("stop"), DONE]
BROKEN = {
    "no done": ([FIRST, chunk("stop")], r"without \[DONE\]"),
    "nothing": ([], r"without \[DONE\]"),
    "done too early": ([FIRST, DONE, chunk("stop"), DONE], "follows"),
    "no object": ([[1]], "no object"),
    "another shape": ([{**FIRST, "object": "chat.completion"}], "does not fit ChatCompletionChunk: object"),
    "a float for a time": ([{**FIRST, "created": 1.5}], "created"),
    "another id": ([FIRST, {**chunk("stop"), "id": "x"}, DONE], "'x'.*as id, model and time"),
    "another time": ([FIRST, {**chunk("stop"), "created": 2}, DONE], "as id, model and time"),
    "no role": ([chunk(content="Hi"), *GOOD_END], "first delta has role ''"),
    "a second choice": ([{**BASE, "choices": [{"index": 1, "delta": {"role": "assistant"}}]}], "has choice 1"),
    "no finish": ([FIRST, DONE], "finish_reason None does not fit"),
    "content after the finish": ([FIRST, chunk("stop"), chunk(content="x"), DONE], "after the finish_reason"),
    "stop with a call": ([FIRST, call(0, "{}", **READ), *GOOD_END], "'stop' does not fit 1 tool calls"),
    "a call that begins bare": ([FIRST, call(0, "{}")], "without id, type or name"),
    "a gap in the calls": ([FIRST, call(1, "{}", **READ)], "tool call 1, but 0 is next"),
    "a call that changes": ([FIRST, call(0, "{", **READ), call(0, "}", id="call_9")], "changes id of tool call 0"),
    "half arguments": ([FIRST, call(0, "{", **READ), chunk("tool_calls"), DONE], "no JSON object"),
    "usage unasked": ([FIRST, chunk("stop"), USAGE, DONE], "there is a usage chunk"),
    "usage too early": ([FIRST, USAGE, *GOOD_END], "usage before the finish_reason"),
    "no choices": ([FIRST, {**BASE, "choices": []}, *GOOD_END], "neither choices nor usage"),
    "something after usage": ([FIRST, chunk("stop"), USAGE, USAGE, DONE], "after the usage chunk"),
    "a failure": ([FIRST, ERROR, DONE], "the stream fails"),
}


@pytest.mark.parametrize(("chunks", "fault"), BROKEN.values(), ids=BROKEN)
def test_faults_are_told(chunks, fault):
    with pytest.raises(AssertionError, match=fault):
        validate_chat_stream(wire(*chunks))


def test_usage_must_come_when_asked_for():
    with pytest.raises(AssertionError, match="no usage chunk"):
        validate_chat_stream(wire(FIRST, *GOOD_END), usage=True)


def test_names_are_a_fault():
    with pytest.raises(AssertionError, match="event name, 'message'"):
        validate_chat_stream("event: message\n" + wire(FIRST))


BROKEN_ERRORS = {
    "no error": ([FIRST, *GOOD_END], "without an error object"),
    "an error after the finish": ([FIRST, chunk("stop"), ERROR], "after the finish_reason"),
    "an error without words": ([FIRST, {"error": "gone"}], "needs a message"),
    "something after it": ([FIRST, ERROR, chunk("stop")], "comes after an error"),
}


@pytest.mark.parametrize(("chunks", "fault"), BROKEN_ERRORS.values(), ids=BROKEN_ERRORS)
def test_faults_of_failed_streams_are_told(chunks, fault):
    with pytest.raises(AssertionError, match=fault):
        validate_chat_stream(wire(*chunks), end="error")


def test_json_answers():
    message = {"role": "assistant", "content": "Hi", "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    completion = {**BASE, "object": "chat.completion", "choices": [choice]}
    validate_completion(completion)
    with pytest.raises(AssertionError, match="'tool_calls' does not fit"):
        validate_completion({**completion, "choices": [{**choice, "finish_reason": "tool_calls"}]})
    with pytest.raises(AssertionError, match="does not fit ChatCompletion: object"):
        validate_completion({**completion, "object": "x"})
