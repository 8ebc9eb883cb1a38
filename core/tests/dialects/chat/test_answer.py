import pytest
from jackfield.dialects.chat import ChatDialect
from jackfield.model.errors import Kind, UpstreamError
from jackfield.responses.sse import Event


def test_whole_answer(collect, up):
    answer = collect([up.created(model="gpt-5-2025"), *up.message(0, "Hel", "lo"), up.completed()])
    assert answer == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-5-high",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
    }


def test_content_is_null_with_calls_alone(collect, up):
    choice = collect([*up.function(0, "read", '{"a":1}'), up.completed()])["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "annotations": [],
        "tool_calls": [{"id": "call_0", "type": "function", "function": {"name": "read", "arguments": '{"a":1}'}}],
    }


def test_an_empty_answer_has_empty_content(collect, up):
    assert collect([up.completed()])["choices"][0]["message"]["content"] == ""


def test_calls_stand_in_the_upstreams_order(collect, up):
    events = [*up.function(2, "late", "{}"), *up.function(1, "early", "{}"), up.completed()]
    calls = collect(events)["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["early", "late"]


def test_items_that_only_the_terminal_event_has(collect, stream, up):
    output = [
        {"type": "message", "id": "m", "role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]},
        {"type": "function_call", "id": "f", "call_id": "c", "name": "read", "arguments": '{"a":1}'},
    ]
    message = collect([up.completed(output=output)])["choices"][0]["message"]
    assert message["content"] == "Hello"
    assert message["tool_calls"][0]["function"] == {"name": "read", "arguments": '{"a":1}'}
    assert stream([up.completed(output=output)]).calls() == [("c", "read", '{"a":1}')]


def test_failure_is_raised_and_partial_text_discarded(collect, up):
    with pytest.raises(UpstreamError) as caught:
        collect([*up.message(0, "half"), up.failed("rate_limit_exceeded", "slow down")])
    assert caught.value.kind is Kind.RATE_LIMITED


def test_an_answer_without_end_is_a_failure(collect, up):
    with pytest.raises(UpstreamError) as caught:
        collect([*up.message(0, "half")])
    assert caught.value.kind is Kind.STREAM_CUT


def test_done_at_the_end(parsed, up):
    collector = ChatDialect().collector(parsed())
    collector.feed([Event.of(body) for body in up.message(0, "x")])
    assert not collector.done
    collector.feed([Event.of(up.completed())])
    assert collector.done
