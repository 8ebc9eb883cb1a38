import pytest
from jackfield.testing import (
    Completed,
    Interleaved,
    Reasoning,
    Refusal,
    ServerSentEvent,
    Text,
    ToolCall,
    check_events,
    error_event,
    failed,
    incomplete,
    read_sse,
    reasoning,
    response_events,
    text_answer,
)

ITEMS = [
    Reasoning(["One", "Two"], "blob", text="raw"),
    Text("Hello there"),
    Interleaved([ToolCall("a", {"x": 1}), ToolCall("b", {})]),
    Refusal("no"),
]


def good():
    return response_events(ITEMS, Completed())


def kinds(events):
    return [event["type"] for event in events]


def test_read_sse_reads_what_the_format_allows():
    body = b'event: a\ndata: {"x": 1}\n\n: comment\n\ndata: {"y":\ndata: 2}\r\n\r\ndata: [DONE]\n\n'
    assert read_sse(body) == [
        ServerSentEvent("a", {"x": 1}),
        ServerSentEvent("", {"y": 2}),
        ServerSentEvent("", "[DONE]"),
    ]
    assert read_sse(b"") == []
    assert [event.data for event in read_sse(text_answer("ü").body)] == text_answer("ü").events


def test_read_sse_tells_of_a_cut_event():
    with pytest.raises(ValueError, match="middle of an event"):
        read_sse(b"data: {}\n\ndata: {")


def test_a_good_stream_is_told_back():
    answer = check_events(good())
    assert (answer.text, answer.thinking) == ("Hello there", "One\n\nTwo")
    assert [call["name"] for call in answer.calls] == ["a", "b"]
    assert len(answer.output) == 5
    assert answer.response["status"] == "completed"


def test_other_ends_are_good_when_expected():
    check_events(failed().events, end="response.failed")
    check_events(incomplete().events, end="response.incomplete")
    check_events(response_events(ITEMS, Completed(output="empty")), empty_output=True)
    check_events([event for event in good() if event["type"] != "response.in_progress"], gaps=True)


def without(kind):
    return [event for event in good() if event["type"] != kind]


def changed(kind, **fields):
    return [{**event, **fields} if event["type"] == kind else event for event in good()]


def renumbered(events):
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


BROKEN = {
    "nothing": ([], "ends without response.completed"),
    "no created": (renumbered(good()[1:]), "instead of response.created"),
    "a gap in the numbers": (without("response.in_progress"), "sequence_number 2, not 1"),
    "no numbers": ([{**event, "sequence_number": None} for event in good()], "no sequence_number"),
    "no end": (good()[:-1], "ends without response.completed"),
    "two ends": ([*good(), {**good()[-1], "sequence_number": len(good())}], "comes after response.completed"),
    "failed": (failed("c", "why").events, "ends with response.failed, not response.completed.*why"),
    "incomplete": (incomplete("content_filter").events, "ends with response.incomplete.*content_filter"),
    "an error event": (error_event().events, "ends without response.completed"),
    "another id": (changed("response.in_progress", response={"id": "resp_2"}), "response id 'resp_2', not 'resp_test'"),
    "no response": (changed("response.in_progress", response=None), "no response object"),
    "wrong status": (
        changed("response.completed", response={**good()[-1]["response"], "status": "in_progress"}),
        "status 'in_progress', not 'completed'",
    ),
    "an item twice": (changed("response.output_item.added", output_index=0), "opens output 0 a second time"),
    "an item that never opens": (renumbered(without("response.output_item.added")), "never opened"),
    "an item that stays open": (
        renumbered(without("response.output_item.done")),
        r"outputs \[0, 1, 2, 3, 4\] are open",
    ),
    "a delta of another item": (changed("response.output_text.delta", item_id="msg_9"), "item_id 'msg_9', not 'msg_1'"),
    "a delta too late": (renumbered([*good()[:-1], good()[5], good()[-1]]), "which is closed"),
    "a lost delta": (
        renumbered([e for e in good() if e.get("delta") != "Hello "]),
        "says 'Hello there', but the deltas",
    ),
    "lost arguments": (
        changed("response.function_call_arguments.delta", delta=""),
        "but the deltas made ''",
    ),
    "a changed call id": (
        [
            {**event, "item": {**event["item"], "call_id": "other"}}
            if event["type"] == "response.output_item.done" and event["item"]["type"] == "function_call"
            else event
            for event in good()
        ],
        "changes call_id from 'call_2' to 'other'",
    ),
    "text without a part": (
        renumbered(without("response.content_part.added")),
        "content part 0, which was never opened",
    ),
    "an empty output": (response_events(ITEMS, Completed(output="empty")), r"has output \[\], but"),
}


@pytest.mark.parametrize(("events", "fault"), BROKEN.values(), ids=BROKEN)
def test_faults_are_told(events, fault):
    with pytest.raises(AssertionError, match=f"(?s){fault}"):
        check_events(events)


def test_a_finished_item_must_hold_what_was_streamed():
    events = response_events([Text("Hello")], Completed())
    item = {**events[-1]["response"]["output"][0], "content": []}
    events[-2] = {**events[-2], "item": item}
    events[-1] = {**events[-1], "response": {**events[-1]["response"], "output": [item]}}
    with pytest.raises(AssertionError, match="as text 0, but its events made 'Hello'"):
        check_events(events)


def test_events_that_nobody_knows_are_let_through():
    events = reasoning("x").events
    events.insert(1, {"type": "codex.rate_limits"})
    check_events(events, gaps=True)
    assert "codex.rate_limits" in kinds(events)
