import json

import pytest
from jackfield.model.types import Usage
from jackfield.testing import (
    Completed,
    CustomToolCall,
    ErrorEvent,
    Failed,
    Incomplete,
    Interleaved,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    WebSearch,
    response_events,
)
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

TYPED = TypeAdapter(ResponseStreamEvent)

CALLS = [ToolCall("read", {"path": "a.txt"}), ToolCall("read", '{"path": "b.txt"}', namespace="files")]
ANSWERS = {
    "text": [Text("Hello there, friend")],
    "text without deltas": [Text("Hello", 0)],
    "cited text": [Text("Found", citations=[("https://example.com/a", "A")], phase="final_answer")],
    "refusal": [Refusal("I cannot do that")],
    "calls": CALLS,
    "interleaved calls": [Interleaved(CALLS)],
    "call without deltas": [ToolCall("read", {"path": "a"}, deltas=0)],
    "custom call": [CustomToolCall("patch", "*** Begin")],
    "reasoning": [Reasoning(["First thought", "Second"], "blob", text="raw")],
    "search": [WebSearch("news", ["https://example.com/a"])],
    "everything": [Reasoning(["Hm"]), WebSearch("x"), Text("Let me look"), Interleaved(CALLS), Text("bye")],
    "nothing": [],
}
ENDS = {
    "completed": Completed(),
    "no usage": Completed(None),
    "empty output": Completed(output="empty"),
    "incomplete": Incomplete("content_filter"),
    "failed": Failed(),
    "error": ErrorEvent(),
    "cut": None,
}


@pytest.mark.parametrize("items", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_every_event_fits_the_typed_models_of_the_sdk(items, end):
    for number, event in enumerate(response_events(items, end)):
        typed = TYPED.validate_python(event, strict=True)
        assert typed.type == event["type"]
        assert event["sequence_number"] == number


@pytest.mark.parametrize("items", ANSWERS.values(), ids=ANSWERS)
def test_items_open_and_close_once_and_end_up_in_the_output(items):
    events = response_events(items, Completed())
    added = [e["output_index"] for e in events if e["type"] == "response.output_item.added"]
    done = {e["output_index"]: e["item"] for e in events if e["type"] == "response.output_item.done"}
    assert added == list(range(len(added)))
    assert [done[index] for index in added] == events[-1]["response"]["output"]


def test_deltas_add_up():
    def told(deltas):
        events = response_events([Text("grüße, 你好 🙂 end", deltas)], Completed())
        return [e["delta"] for e in events if e["type"] == "response.output_text.delta"]

    assert told(None) == ["grüße, ", "你好 ", "🙂 ", "end"]
    assert len(told(2)) == 2
    assert "".join(told(4)) == "grüße, 你好 🙂 end"
    assert told(["grüße, 你好", " 🙂 end"]) == ["grüße, 你好", " 🙂 end"]
    assert told(0) == []
    with pytest.raises(ValueError, match="not 'grüße"):
        told(["something", "else"])


def test_interleaved_items_take_turns():
    events = response_events([Interleaved(CALLS)], Completed())
    indexes = [e["output_index"] for e in events if "output_index" in e]
    assert indexes[:4] == [0, 1, 0, 1]


def test_arguments_are_json_text():
    [call] = response_events([ToolCall("read", {"path": "ü", "n": 1})], Completed())[-1]["response"]["output"]
    assert json.loads(call["arguments"]) == {"path": "ü", "n": 1}
    assert call["call_id"] == "call_0"


def test_only_the_last_blob_is_the_blob():
    events = response_events([Reasoning(encrypted_content="blob")], Completed())
    blobs = [e["item"]["encrypted_content"] for e in events if "item" in e]
    assert blobs[-1] == "blob"
    assert blobs[0] != "blob"


def test_usage_is_told_at_the_end():
    usage = Usage(input=100, output=20, cached=60, cache_write=10, reasoning=5)
    assert response_events([], Completed(usage))[-1]["response"]["usage"] == {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
        "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": 120,
    }


def test_a_bare_end_lacks_what_some_upstreams_leave_out():
    response = response_events([Text("x")], Completed(output="missing"))[-1]["response"]
    assert set(response) == {"id", "object", "status", "usage"}


def test_ends():
    assert response_events([], Incomplete("max_output_tokens"))[-1]["response"]["incomplete_details"] == {
        "reason": "max_output_tokens"
    }
    assert response_events([], Failed("c", "m"))[-1]["response"]["error"] == {"code": "c", "message": "m"}
    assert response_events([], ErrorEvent("c", "m"))[-1]["message"] == "m"
    assert response_events([], ErrorEvent("c", "m", nested=True))[-1]["error"]["message"] == "m"
