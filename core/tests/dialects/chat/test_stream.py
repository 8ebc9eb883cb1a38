import pytest
from jackfield.dialects.chat import ChatDialect
from jackfield.responses.sse import Event
from openai.lib.streaming.chat import ChatCompletionStreamState


def test_plain_text(stream, up):
    answer = stream([up.created(), *up.message(0, "Hel", "lo"), up.completed()])
    assert answer.text() == "Hello"
    assert (answer.reason, answer.finished, answer.usage) == ("stop", True, None)
    chunk = answer.chunks[0]
    assert (chunk.id, chunk.created, chunk.model) == ("chatcmpl-1", 1700000000, "gpt-5-high")
    assert answer.deltas[0] == {"role": "assistant", "content": ""}
    assert answer.deltas[-1] == {}
    assert all(body["choices"] and "usage" not in body for body in answer.bodies)


def test_deltas_of_one_read_make_one_chunk(stream, up):
    answer = stream([*up.message(0, "a", "b", "c"), up.completed()])
    assert [delta.get("content") for delta in answer.deltas] == ["", "abc", None]


def test_deltas_go_out_as_they_come(parsed, up):
    writer = ChatDialect().writer(parsed(stream=True))
    events = [Event.of(body) for body in up.message(0, "one", "two")]
    assert writer.feed(events[:1]) == b""
    assert b'"content":"one"' in writer.feed(events[1:2])
    assert b'"content":"two"' in writer.feed(events[2:3])
    assert not writer.done
    assert writer.feed([Event.of(up.completed())]).endswith(b"data: [DONE]\n\n")
    assert writer.done


def test_nothing_is_said_after_the_end(parsed, up):
    writer = ChatDialect().writer(parsed(stream=True))
    writer.feed([Event.of(up.completed())])
    assert writer.feed([Event.of(body) for body in (*up.message(0, "late"), up.completed())]) == b""


def test_text_is_escaped(stream, up):
    text = 'quote " backslash \\ newline \n nul \0 emoji \U0001f600 data: x\n\n'
    answer = stream([*up.message(0, text), up.completed()])
    assert answer.text() == text


def test_an_answer_without_a_word_is_well_formed(stream, up):
    answer = stream([up.completed()])
    assert (answer.text(), answer.reason, answer.finished) == ("", "stop", True)
    assert answer.chunks[0].id.startswith("chatcmpl-")
    assert answer.chunks[0].created > 0


def test_include_usage(stream, up):
    answer = stream([*up.message(0, "x"), up.completed()], stream_options={"include_usage": True})
    assert all(body["usage"] is None for body in answer.bodies[:-1])
    assert answer.bodies[-1]["choices"] == []
    assert answer.bodies[-1]["usage"] == {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 15,
        "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }


def test_include_usage_without_usage_upstream_is_zeros(stream, up):
    answer = stream([up.completed(usage=None)], stream_options={"include_usage": True})
    assert answer.usage.total_tokens == 0


def test_refusal_has_its_own_field(stream, collect, up):
    refused = [
        up.added(0, type="message", content=[]),
        up.delta("refusal", 0, "I will "),
        up.delta("refusal", 0, "not."),
        up.completed(),
    ]
    answer = stream(refused)
    assert (answer.text("refusal"), answer.text(), answer.reason) == ("I will not.", "", "stop")
    message = collect(refused)["choices"][0]["message"]
    assert (message["refusal"], message["content"]) == ("I will not.", None)


def test_reasoning_goes_to_reasoning_content_with_a_blank_line_between_parts(stream, collect, up):
    events = [*up.reasoning(0, "first", "second"), *up.reasoning(1, "third"), *up.message(2, "answer"), up.completed()]
    answer = stream(events)
    assert answer.text("reasoning_content") == "first\n\nsecond\n\nthird"
    assert answer.text() == "answer"
    message = collect(events)["choices"][0]["message"]
    assert (message["reasoning_content"], message["content"]) == ("first\n\nsecond\n\nthird", "answer")


def test_two_messages_are_two_paragraphs(stream, collect, up):
    events = [*up.message(0, "Looking."), *up.message(1, "Found."), up.completed()]
    assert stream(events).text() == "Looking.\n\nFound."
    assert collect(events)["choices"][0]["message"]["content"] == "Looking.\n\nFound."


def test_interleaved_messages_are_not_mixed(stream, collect, up):
    first, second = list(up.message(0, "a1", "a2")), list(up.message(1, "b1", "b2"))
    events = [event for pair in zip(first, second, strict=True) for event in pair]
    assert stream([*events, up.completed()]).text() == "a1a2\n\nb1b2"
    assert collect([*events, up.completed()])["choices"][0]["message"]["content"] == "a1a2\n\nb1b2"


def test_a_call(stream, up):
    answer = stream([*up.message(0, "Let me see."), *up.function(1, "read", '{"a"', ":1}"), up.completed()])
    assert answer.calls() == [("call_1", "read", '{"a":1}')]
    assert (answer.text(), answer.reason) == ("Let me see.", "tool_calls")
    first = answer.deltas[2]["tool_calls"]
    assert first == [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "read", "arguments": ""}}]


def test_interleaved_calls_count_from_zero_in_order_of_appearance(stream, up):
    one, two = list(up.function(3, "one", "{", '"x":1}')), list(up.function(5, "two", "{", '"y":2}'))
    events = [event for pair in zip(one, two, strict=True) for event in pair]
    answer = stream([*up.reasoning(0, "hm"), *events, up.completed()])
    assert answer.calls() == [("call_3", "one", '{"x":1}'), ("call_5", "two", '{"y":2}')]


def test_arguments_only_at_the_end(stream, up):
    call = {"type": "function_call", "name": "read", "call_id": "c"}
    answer = stream([up.added(0, **call), up.done(0, **call, arguments='{"a":1}'), up.completed()])
    assert answer.calls() == [("c", "read", '{"a":1}')]


def test_call_without_arguments_gets_an_empty_object(stream, collect, up):
    events = [*up.function(0, "now"), *up.function(1, "then", "{}"), up.completed()]
    assert stream(events).calls() == [("call_0", "now", "{}"), ("call_1", "then", "{}")]
    assert collect(events)["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_call_that_was_cut_is_not_completed(stream, up):
    events = [up.added(0, type="function_call", name="now", call_id="c"), up.incomplete("max_output_tokens")]
    answer = stream(events)
    assert (answer.calls(), answer.reason) == ([("c", "now", "")], "length")


def test_tool_names_come_back_as_the_client_wrote_them(stream, parsed, up):
    name = "mcp__plugin_with_a_very_long_name__" + "x" * 60
    tools = [{"type": "function", "function": {"name": name}}]
    short = parsed(tools=tools).body["tools"][0]["name"]
    assert len(short) <= 64
    answer = stream([*up.function(0, short, "{}"), up.completed()], tools=tools)
    assert answer.calls() == [("call_0", name, "{}")]


def test_custom_call_streams_as_a_function(stream, collect, up):
    events = [*up.custom(0, "patch", "*** Begin", " Patch"), up.completed()]
    answer = stream(events)
    assert answer.calls() == [("call_0", "patch", "*** Begin Patch")]
    assert answer.reason == "tool_calls"
    assert collect(events)["choices"][0]["message"]["tool_calls"] == [
        {"id": "call_0", "type": "custom", "custom": {"name": "patch", "input": "*** Begin Patch"}}
    ]


def test_legacy_functions_are_answered_in_function_call(stream, collect, up):
    functions = [{"name": "read", "parameters": {"type": "object", "properties": {}}}]
    events = [*up.function(0, "read", '{"a"', ":1}"), *up.function(1, "read", "{}"), up.completed()]
    answer = stream(events, functions=functions)
    calls = [delta["function_call"] for delta in answer.deltas if "function_call" in delta]
    assert calls == [{"name": "read", "arguments": ""}, {"arguments": '{"a":1}'}]
    assert (answer.reason, answer.calls()) == ("function_call", [])
    choice = collect(events, functions=functions)["choices"][0]
    assert choice["finish_reason"] == "function_call"
    assert choice["message"]["function_call"] == {"name": "read", "arguments": '{"a":1}'}
    assert "tool_calls" not in choice["message"]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("max_output_tokens", "length"),
        ("max_messages", "length"),
        ("content_filter", "content_filter"),
        ("steered", "stop"),
        ("something_new", "length"),
    ],
)
def test_incomplete(stream, collect, up, reason, expected):
    events = [*up.message(0, "half"), up.incomplete(reason)]
    answer = stream(events)
    assert (answer.text(), answer.reason, answer.finished) == ("half", expected, True)
    assert collect(events)["choices"][0]["finish_reason"] == expected


def test_cut_call_is_a_length_stop_although_there_was_a_call(stream, up):
    events = [*up.function(0, "a", "{}"), up.incomplete("max_output_tokens")]
    assert stream(events).reason == "length"


def test_failure_after_the_first_byte(stream, up):
    answer = stream([*up.message(0, "half"), up.failed("server_error", "it broke")])
    assert answer.text() == "half"
    assert (answer.reason, answer.finished) == (None, False)
    assert answer.error == {"message": "it broke", "type": "server_error", "param": None, "code": "server_error"}


def test_failure_before_the_first_byte(stream, up):
    answer = stream([up.created(), up.failed("rate_limit_exceeded", "slow down")])
    assert (answer.bodies, answer.finished) == ([], False)
    assert answer.error["type"] == "rate_limit_error"


def test_failure_tells_what_came_just_before(parsed, streamed, up):
    writer = ChatDialect().writer(parsed(stream=True))
    events = [up.added(0, type="message"), up.delta("output_text", 0, "half"), up.failed("server_error", "it broke")]
    answer = streamed(writer.feed([Event.of(body) for body in events]))
    assert answer.text() == "half"
    assert answer.error is not None
    assert writer.done


def test_stop_sequence_across_deltas(stream, collect, up):
    events = [*up.message(0, "one E", "N", "D two"), up.completed()]
    answer = stream(events, stop=["END"], stream_options={"include_usage": True})
    assert (answer.text(), answer.reason, answer.finished) == ("one ", "stop", True)
    assert answer.usage is not None
    choice = collect(events, stop="END")["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("one ", "stop")


def test_stop_sequence_ends_the_reading(parsed, up):
    for answer in (ChatDialect().writer(parsed(stop="END")), ChatDialect().collector(parsed(stop="END"))):
        answer.feed([Event.of(body) for body in (up.added(0, type="message"), up.delta("output_text", 0, "xEN"))])
        assert not answer.done
        answer.feed([Event.of(up.delta("output_text", 0, "D and more"))])
        assert answer.done


def test_beginning_of_a_stop_sequence_is_shown_when_nothing_follows(stream, up):
    answer = stream([*up.message(0, "the EN"), *up.message(1, "D"), up.completed()], stop="END")
    assert answer.text() == "the EN\n\nD"


def test_blank_line_between_messages_is_no_stop_sequence(stream, up):
    answer = stream([*up.message(0, "one"), *up.message(1, "two"), up.completed()], stop="\n\n")
    assert answer.text() == "one\n\ntwo"


def test_stop_sequences_do_not_cut_reasoning_or_arguments(stream, up):
    events = [*up.reasoning(0, "the END"), *up.function(1, "a", '{"x":"END"}'), up.completed()]
    answer = stream(events, stop="END")
    assert answer.text("reasoning_content") == "the END"
    assert answer.calls() == [("call_1", "a", '{"x":"END"}')]


def test_citations_count_from_the_start_of_the_content(stream, collect, up):
    note = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 1, "end_index": 3}
    events = [
        *up.message(0, "Look."),
        up.added(1, type="message"),
        up.delta("output_text", 1, "See A."),
        {
            **up.delta("output_text.annotation", 1, ""),
            "type": "response.output_text.annotation.added",
            "annotation": note,
        },
        up.completed(),
    ]
    cited = {"url": "https://a.example", "title": "A", "start_index": 8, "end_index": 10}
    expected = [{"type": "url_citation", "url_citation": cited}]
    assert collect(events)["choices"][0]["message"]["annotations"] == expected
    assert [delta["annotations"] for delta in stream(events).deltas if "annotations" in delta] == [expected]


@pytest.mark.parametrize(("told", "shown"), [("priority", "priority"), ("ultrafast", "priority"), ("warp", None)])
def test_service_tier(stream, collect, up, told, shown):
    events = [*up.message(0, "x"), up.completed(service_tier=told)]
    assert collect(events).get("service_tier") == shown
    assert stream(events).bodies[-1].get("service_tier") == shown


def test_searches_and_unknown_items_are_not_calls(stream, up):
    events = [
        {"type": "codex.rate_limits", "x": 1},
        up.added(0, type="web_search_call", status="in_progress"),
        up.done(0, type="web_search_call", action={"type": "search", "query": "q"}),
        up.added(1, type="compaction"),
        *up.message(2, "Found."),
        up.completed(),
    ]
    answer = stream(events)
    assert (answer.text(), answer.reason, answer.calls()) == ("Found.", "stop", [])


def test_ping_only_while_the_stream_runs(parsed, up):
    writer = ChatDialect().writer(parsed(stream=True))
    assert writer.begin() == writer.ping() == b": ping\n\n"
    writer.feed([Event.of(body) for body in up.message(0, "x")])
    assert writer.ping() == b": ping\n\n"
    writer.feed([Event.of(up.completed())])
    assert writer.ping() == b""


def test_the_sdk_puts_the_chunks_together(stream, up):
    note = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 1, "end_index": 3}
    events = [
        *up.reasoning(0, "hm", "so"),
        *up.message(1, "See A."),
        {"type": "response.output_text.annotation.added", "item_id": "i_1", "output_index": 1, "annotation": note},
        *up.function(2, "read", '{"a"', ":1}"),
        *up.function(3, "now"),
        up.completed(service_tier="priority"),
    ]
    state = ChatCompletionStreamState()
    for chunk in stream(events, stream_options={"include_usage": True}).chunks:
        state.handle_chunk(chunk)
    completion = state.get_final_completion()
    choice = completion.choices[0]
    assert (choice.message.content, choice.finish_reason) == ("See A.", "tool_calls")
    assert [call.function.arguments for call in choice.message.tool_calls] == ['{"a":1}', "{}"]
    assert completion.usage.total_tokens == 15
