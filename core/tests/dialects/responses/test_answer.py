import orjson
import pytest
from jackfield.dialects.responses.answer import ResponseCollector
from jackfield.model.errors import Kind, UpstreamError
from jackfield.responses.sse import Event
from jackfield.testing import Text, ToolCall, answer, empty_output_completed, failed, incomplete, text_answer


def collected(events, model="gpt-5"):
    collector = ResponseCollector(model)
    for event in events:
        collector.feed([Event.of(event)])
    return orjson.loads(collector.result())


def test_the_last_events_response_is_the_answer():
    events = answer(Text("Hi"), ToolCall("read", {})).events
    assert collected(events) == events[-1]["response"]


def test_an_incomplete_one_is_an_answer_too():
    events = incomplete("content_filter").events
    assert collected(events) == events[-1]["response"]


def test_an_output_that_is_missing_is_rebuilt():
    whole = answer(Text("Hi"), ToolCall("read", {})).events[-1]["response"]["output"]
    for missing in (True, False):
        events = empty_output_completed(Text("Hi"), ToolCall("read", {}), missing=missing).events
        assert collected(events)["output"] == whole


def test_what_the_end_leaves_out_is_taken_from_the_beginning():
    begun = {**text_answer().events[0]["response"], "id": "resp_9", "model": "gpt-5.5", "metadata": {"a": "b"}}
    end = {"type": "response.completed", "response": {"id": None, "model": None, "usage": {"input_tokens": 1}}}
    found = collected([{"type": "response.created", "response": begun}, end])
    assert (found["id"], found["model"], found["metadata"]) == ("resp_9", "gpt-5.5", {"a": "b"})
    assert (found["status"], found["usage"]) == ("completed", {"input_tokens": 1})


@pytest.mark.parametrize(("kind", "status"), [("completed", "completed"), ("incomplete", "incomplete")])
@pytest.mark.parametrize("response", [None, {}, 5])
def test_with_nothing_at_all_there_is_still_a_response(kind, status, response):
    found = collected([{"type": f"response.{kind}", "response": response}], "asked-for")
    assert (found["object"], found["status"], found["model"], found["output"]) == ("response", status, "asked-for", [])
    assert found["id"].startswith("resp_")
    assert (found["tools"], found["tool_choice"], found["parallel_tool_calls"]) == ([], "auto", True)


def test_a_failure_is_raised():
    with pytest.raises(UpstreamError, match="Boom") as caught:
        collected(failed("rate_limit_exceeded", "Boom").events)
    assert caught.value.kind is Kind.RATE_LIMITED
