import json

import pytest
from jackfield.testing import validate_message, validate_messages_stream

USAGE = {"input_tokens": 0, "output_tokens": 0}
START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": USAGE,
    },
}
PING = {"type": "ping"}
STOP = {"type": "message_stop"}
ERROR = {"type": "error", "error": {"type": "api_error", "message": "gone"}}


def opens(index, kind, **fields):
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **fields}}


def delta(index, kind, **fields):
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def closes(index):
    return {"type": "content_block_stop", "index": index}


def ends(reason="end_turn"):
    usage = {"output_tokens": 7, "input_tokens": 11}
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}


def text(index, words="Hello"):
    return [opens(index, "text", text=""), delta(index, "text_delta", text=words), closes(index)]


def thought(index):
    return [
        opens(index, "thinking", thinking="", signature=""),
        delta(index, "thinking_delta", thinking="Hm."),
        delta(index, "signature_delta", signature="sig"),
        closes(index),
    ]


def call(index, *parts):
    deltas = [delta(index, "input_json_delta", partial_json=part) for part in parts]
    return [opens(index, "tool_use", id=f"call_{index}", name="read", input={}), *deltas, closes(index)]


def wire(*events):
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)


def test_a_good_stream_is_told_back():
    events = [START, PING, *thought(0), *text(1), *call(2, '{"path"', ': "a"}'), *call(3), ends("tool_use"), STOP]
    answer = validate_messages_stream(wire(*events))
    assert (answer.thinking, answer.text, answer.stop_reason, answer.pings) == ("Hm.", "Hello", "tool_use", 1)
    assert [block["input"] for block in answer.calls] == [{"path": "a"}, {}]
    assert answer.content[0]["signature"] == "sig"
    assert answer.usage == {"input_tokens": 11, "output_tokens": 7}
    assert answer.message["id"] == "msg_1"


def test_a_search_and_its_citation_are_good():
    citation = {
        "type": "web_search_result_location",
        "cited_text": "x",
        "encrypted_index": "",
        "title": "A",
        "url": "https://example.com",
    }
    search = opens(0, "server_tool_use", id="srvtoolu_1", name="web_search", input={})
    result = opens(1, "web_search_tool_result", tool_use_id="srvtoolu_1", content=[])
    query = delta(0, "input_json_delta", partial_json='{"query": "x"}')
    cited = [
        opens(2, "text", text=""),
        delta(2, "text_delta", text="x"),
        delta(2, "citations_delta", citation=citation),
    ]
    body = wire(START, search, query, closes(0), result, closes(1), *cited, closes(2), ends(), STOP)
    answer = validate_messages_stream(body)
    assert answer.content[2]["citations"] == [citation]
    assert answer.content[0]["input"] == {"query": "x"}


def test_a_failed_stream_ends_with_its_error():
    answer = validate_messages_stream(wire(START, *text(0), ERROR), end="error")
    assert answer.error == ERROR["error"]
    assert validate_messages_stream(wire(ERROR), end="error").error


BROKEN = {
    "no start": ([*text(0), ends(), STOP], "content_block_start comes before message_start"),
    "an early ping": ([PING, START], "ping comes before message_start"),
    "two starts": ([START, START], "message_start comes twice"),
    "a model that does not fit": ([{**START, "message": {}}], "does not fit RawMessageStartEvent"),
    "a start with content": (
        [{**START, "message": {**START["message"], "stop_reason": "end_turn"}}],
        "message_start is not empty",
    ),
    "a block inside another": ([START, opens(0, "text", text=""), opens(1, "text", text="")], "opens inside another"),
    "a gap": ([START, *text(1)], "block 1 opens where 0 is next"),
    "a filled block": ([START, opens(0, "text", text="Hi")], "already filled"),
    "no signature": ([START, opens(0, "thinking", thinking="")], "signature: Field required"),
    "a delta of another kind": (
        [START, opens(0, "text", text=""), delta(0, "thinking_delta", thinking="x")],
        "in a block",
    ),
    "a delta without block": ([START, delta(0, "text_delta", text="x")], "which is not open"),
    "a stop of another block": ([START, opens(0, "text", text=""), closes(1)], "block 1, which is not open"),
    "empty text": ([START, opens(0, "text", text=""), closes(0)], "empty text"),
    "half arguments": ([START, *call(0, '{"path"')], "tool input is no JSON"),
    "arguments that are no object": ([START, *call(0, "[1]")], "tool input is no object"),
    "an open block at the end": ([START, opens(0, "text", text=""), ends()], "while a block is open"),
    "two ends": ([START, *text(0), ends(), ends()], "message_delta comes twice"),
    "a late block": ([START, ends(), *text(0)], "opens after message_delta"),
    "no message_delta": ([START, *text(0), STOP], "message_stop comes before message_delta"),
    "no message_stop": ([START, *text(0), ends()], "ends with nothing, not message_stop"),
    "something after the end": ([START, ends(), STOP, PING], "ping comes after message_stop"),
    "a failure": ([START, *text(0), ERROR], "ends with error, not message_stop"),
    "a call at end_turn": ([START, *call(0), ends(), STOP], "end_turn does not fit 1 tool calls"),
    "tool_use without a call": ([START, *text(0), ends("tool_use"), STOP], "tool_use does not fit 0 tool calls"),
    "an unknown type": ([START, {"type": "response.created"}], "unknown to Messages clients"),
}


@pytest.mark.parametrize(("events", "fault"), BROKEN.values(), ids=BROKEN)
def test_faults_are_told(events, fault):
    with pytest.raises(AssertionError, match=fault):
        validate_messages_stream(wire(*events))


BROKEN_ERRORS = {
    "no error": ([START, *text(0), ends(), STOP], "ends with message_stop, not error"),
    "an error after the delta": ([START, ends(), ERROR], "after message_delta"),
    "an error without words": ([START, {"type": "error", "error": "gone"}], "error.type and error.message"),
}


@pytest.mark.parametrize(("events", "fault"), BROKEN_ERRORS.values(), ids=BROKEN_ERRORS)
def test_faults_of_failed_streams_are_told(events, fault):
    with pytest.raises(AssertionError, match=fault):
        validate_messages_stream(wire(*events), end="error")


def test_a_name_must_be_the_type():
    with pytest.raises(AssertionError, match="named '', but its type is 'message_start'"):
        validate_messages_stream(f"data: {json.dumps(START)}\n\n")


def test_json_answers():
    message = {**START["message"], "content": [{"type": "text", "text": "x"}], "stop_reason": "end_turn"}
    validate_message(message)
    with pytest.raises(AssertionError, match="tool_use does not fit"):
        validate_message({**message, "stop_reason": "tool_use"})
    with pytest.raises(AssertionError, match="there is no stop_reason"):
        validate_message({**message, "stop_reason": None})
