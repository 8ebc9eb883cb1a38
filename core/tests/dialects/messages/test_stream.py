import orjson
import pytest
from jackfield.dialects.messages.answer import MessagesCollector
from jackfield.dialects.messages.context import MessagesContext
from jackfield.dialects.messages.signature import Sealed, unseal
from jackfield.dialects.messages.stream import MessagesWriter, State
from jackfield.model.types import Usage
from jackfield.responses.sse import Event, Splitter
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
    read_sse,
    response_events,
)
from jackfield.testing.validate_messages import validate_message, validate_messages_stream

CONTEXT = MessagesContext("claude-test")


def play(items, end=None, context=CONTEXT, maker="m1", whole=True):
    """Return what a stream amounts to; the JSON answer to the same events must say the same."""
    events = [Event.of(event) for event in response_events(items, end or Completed())]
    writer = MessagesWriter(context)
    writer.served_by(maker)
    answer = validate_messages_stream(b"".join(writer.feed([event]) for event in events))
    assert writer.done
    if whole:
        message = collect(events, context, maker)
        assert message["content"] == answer.content
        assert message["stop_reason"] == answer.stop_reason
        assert message["usage"] == answer.usage
        assert message["id"] == answer.message["id"]
    return answer


def collect(events, context=CONTEXT, maker="m1"):
    collector = MessagesCollector(context)
    collector.served_by(maker)
    collector.feed(events)
    assert collector.done
    message = orjson.loads(collector.result())
    validate_message(message)
    return message


def names(data):
    return [event.event for event in read_sse(data)]


def test_a_text_answer():
    answer = play([Text("Hello wide world")])
    assert answer.content == [{"type": "text", "text": "Hello wide world", "citations": None}]
    assert answer.stop_reason == "end_turn"
    assert (answer.message["model"], answer.message["role"]) == ("claude-test", "assistant")


def test_each_message_has_an_id_of_its_own_whatever_the_upstreams():
    """Claude Code takes messages of one id for pieces of one message."""
    one, two = (play([Text("a")], context=MessagesContext("m")).message["id"] for _ in range(2))
    assert one.startswith("msg_")
    assert one != two


def test_the_order_of_events():
    writer = MessagesWriter(CONTEXT)
    data = b"".join(writer.feed([Event.of(event)]) for event in response_events([Text("a b")], Completed()))
    assert names(data) == [
        "message_start",
        "ping",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


def test_each_delta_goes_out_at_once():
    writer = MessagesWriter(CONTEXT)
    sent = [writer.feed([Event.of(event)]) for event in response_events([Text("a b c")], Completed())]
    assert sum(b"content_block_delta" in data for data in sent) == 3


def test_nothing_goes_out_before_the_first_content():
    writer = MessagesWriter(CONTEXT)
    for event in response_events([Reasoning(["why"]), Text("so")], Completed()):
        data = writer.feed([Event.of(event)])
        if data:
            break
        assert writer.state is State.HELD
        assert writer.ping() == b""
    assert event["type"] == "response.reasoning_summary_text.delta"
    assert names(data)[0] == "message_start"
    assert names(writer.ping()) == ["ping"]


def test_no_ping_after_the_end():
    writer = MessagesWriter(CONTEXT)
    writer.feed([Event.of(event) for event in response_events([Text("a")], Completed())])
    assert writer.ping() == b""
    assert writer.feed([Event.of({"type": "response.completed"})]) == b""


def test_message_start_carries_empty_usage():
    answer = MessagesWriter(CONTEXT).feed([Event.of(event) for event in response_events([Text("a")], Completed())])
    start = read_sse(answer)[0].data["message"]
    assert start["usage"]["input_tokens"] == start["usage"]["output_tokens"] == 0


def test_an_answer_without_content():
    answer = play([])
    assert (answer.content, answer.stop_reason) == ([], "end_turn")


def test_an_item_without_content_makes_no_block():
    assert play([Text(""), Reasoning([])]).content == []


# -- tools


def test_a_tool_call():
    answer = play([Text("Let me see."), ToolCall("Read", {"path": "/ä"}, call_id="call_1")])
    call = {"type": "tool_use", "id": "call_1", "name": "Read", "input": {"path": "/ä"}, "caller": {"type": "direct"}}
    assert answer.content[1] == call
    assert answer.stop_reason == "tool_use"


def test_names_are_restored():
    context = MessagesContext("m", restore=lambda name: name.upper())
    assert play([ToolCall("read", {}, call_id="c")], context=context).calls[0]["name"] == "READ"


def test_arguments_that_come_only_when_done():
    answer = play([ToolCall("f", {"a": 1}, call_id="c", deltas=0)])
    assert answer.calls[0]["input"] == {"a": 1}


@pytest.mark.parametrize("arguments", ["", "null", "  ", '""'])
def test_no_arguments_are_an_empty_object(arguments):
    assert play([ToolCall("f", arguments, call_id="c", deltas=1)]).calls[0]["input"] == {}


@pytest.mark.parametrize("arguments", ["[1]", "nonsense", '"text"', "3"])
def test_arguments_that_are_no_object_are_kept_as_text(arguments):
    assert play([ToolCall("f", arguments, call_id="c", deltas=2)]).calls[0]["input"] == {"_raw": arguments}


def test_a_custom_call_becomes_an_input():
    text = '*** "Begin"\n\\patch'
    assert play([CustomToolCall("apply", text, call_id="c", deltas=4)]).calls[0]["input"] == {"input": text}
    assert play([CustomToolCall("apply", "", call_id="c")]).calls[0]["input"] == {"input": ""}


def test_ids_have_only_legal_signs_and_stay_different():
    answer = play(
        [ToolCall("f", {}, call_id="a.b"), ToolCall("f", {}, call_id="a:b"), ToolCall("f", {}, call_id="ok-1")]
    )
    ids = [call["id"] for call in answer.calls]
    assert ids[0] == "a_b"
    assert ids[2] == "ok-1"
    assert len(set(ids)) == 3


def test_an_id_that_the_conversation_had_before_is_not_used_again():
    """Some relays count their ids anew with each answer; Claude Code then takes the new call for the old one."""
    context = MessagesContext("claude-test", taken=frozenset({"call_0", "call_0-2"}))
    calls = [ToolCall("f", {}, call_id=name) for name in ("call_0", "call_1", "call_0-3", "call_0")]
    ids = [call["id"] for call in play(calls, context=context).calls]
    assert ids == ["call_0-3", "call_1", "call_0-3-2", "call_0-4"]


def test_interleaved_calls_become_one_block_after_the_other():
    calls = [ToolCall(name, {"k": name * 9}, call_id=name, deltas=5) for name in "abc"]
    answer = play([Text("first"), Interleaved(calls)])
    assert [call["input"] for call in answer.calls] == [{"k": name * 9} for name in "abc"]


def test_a_text_and_a_call_that_interleave():
    """The stream opens what has something to say first: a call from its start, a text from its first word."""
    items = [Interleaved([Text("a b c d e f"), ToolCall("f", {"x": 1}, call_id="c", deltas=9)]), Text("end")]
    answer = play(items, whole=False)
    assert [block["type"] for block in answer.content] == ["tool_use", "text", "text"]
    assert answer.text == "a b c d e fend"
    assert answer.calls[0]["input"] == {"x": 1}


# -- thinking


def test_thinking_with_a_signature():
    answer = play([Reasoning(["One", "Two"], "blob"), Text("so")])
    thinking = answer.content[0]
    assert thinking["thinking"] == "One\n\nTwo"
    assert unseal(thinking["signature"]) == Sealed("m1", "blob")


def test_a_thinking_block_starts_with_an_empty_signature():
    writer = MessagesWriter(CONTEXT)
    data = writer.feed([Event.of(event) for event in response_events([Reasoning(["why"], "blob")], Completed())])
    start = next(event.data for event in read_sse(data) if event.event == "content_block_start")
    assert start["content_block"] == {"type": "thinking", "thinking": "", "signature": ""}


def test_reasoning_with_nothing_but_a_blob_survives():
    (block,) = play([Reasoning([], "blob")]).content
    assert block["thinking"] == ""
    assert unseal(block["signature"]) == Sealed("m1", "blob")


def test_reasoning_without_a_blob_has_no_signature():
    (block,) = play([Reasoning(["why"])]).content
    assert block == {"type": "thinking", "thinking": "why", "signature": ""}


def test_thinking_is_left_out_on_request_but_its_signature_is_not():
    (block,) = play([Reasoning(["why"], "blob")], context=MessagesContext("m", show_thinking=False)).content
    assert block["thinking"] == ""
    assert unseal(block["signature"]) == Sealed("m1", "blob")


# -- searches, refusals


def test_a_search_is_a_pair_of_blocks():
    answer = play([WebSearch("weather", ["https://a.example", "https://b.example"]), Text("sunny")])
    use, result, _ = answer.content
    assert (use["type"], use["name"], use["input"]) == ("server_tool_use", "web_search", {"query": "weather"})
    assert result["tool_use_id"] == use["id"]
    assert use["id"].startswith("srvtoolu_")
    assert [found["url"] for found in result["content"]] == ["https://a.example", "https://b.example"]
    assert answer.stop_reason == "end_turn"
    assert answer.usage["server_tool_use"] == {"web_search_requests": 1, "web_fetch_requests": 0}


def test_a_search_that_found_nothing_is_still_a_pair():
    use, result = play([WebSearch("x")]).content
    found = {"type": "web_search_tool_result", "tool_use_id": use["id"], "content": [], "caller": {"type": "direct"}}
    assert result == found


def test_pages_that_were_opened_are_no_searches():
    item = {"type": "web_search_call", "id": "ws_1", "action": {"type": "open_page", "url": "https://a.example"}}
    events = [
        Event.of({"type": "response.output_item.done", "output_index": 0, "item": item}),
        Event.of({"type": "response.completed", "response": {}}),
    ]
    message = collect(events)
    assert message["content"] == []
    assert message["usage"]["server_tool_use"] is None


def test_citations():
    answer = play([Text("It is sunny.", citations=[("https://a.example", "A")])])
    assert answer.content[0]["citations"] == [
        {
            "type": "web_search_result_location",
            "url": "https://a.example",
            "title": "A",
            "cited_text": "",
            "encrypted_index": "",
        }
    ]


def test_a_refusal_is_shown_and_ends_the_turn():
    answer = play([Refusal("I cannot do that.")])
    assert (answer.text, answer.stop_reason) == ("I cannot do that.", "end_turn")


# -- stop reasons and usage


@pytest.mark.parametrize(
    ("items", "end", "reason"),
    [
        ([Text("a")], Completed(), "end_turn"),
        ([ToolCall("f", {}, call_id="c")], Completed(), "tool_use"),
        ([WebSearch("q"), Text("a")], Completed(), "end_turn"),
        ([Text("a")], Incomplete("max_output_tokens"), "max_tokens"),
        ([Text("a")], Incomplete("max_messages"), "max_tokens"),
        ([ToolCall("f", {}, call_id="c")], Incomplete("max_output_tokens"), "max_tokens"),
        ([Text("a")], Incomplete("content_filter"), "refusal"),
        ([Text("a")], Incomplete("steered"), "end_turn"),
        ([Text("a")], Incomplete("never_heard_of"), "max_tokens"),
        ([Text("a")], Incomplete("context_window_exceeded"), "model_context_window_exceeded"),
    ],
)
def test_stop_reasons(items, end, reason):
    assert play(items, end).stop_reason == reason


def test_a_filtered_answer_has_details():
    events = [Event.of(event) for event in response_events([Text("a")], Incomplete("content_filter"))]
    data = MessagesWriter(CONTEXT).feed(events)
    delta = next(event.data["delta"] for event in read_sse(data) if event.event == "message_delta")
    details = {"type": "refusal", "category": None, "explanation": None}
    assert delta["stop_details"] == details
    assert collect(events)["stop_details"] == details


def test_half_a_call_of_a_cut_answer():
    call = ToolCall("f", '{"path":"/tm', call_id="c", deltas=2)
    events = [Event.of(event) for event in response_events([call], Incomplete())]
    assert collect(events)["content"][0]["input"] == {}


def test_arguments_that_are_broken_though_the_answer_is_whole():
    events = [Event.of(event) for event in response_events([ToolCall("f", '{"a":', call_id="c")], Completed())]
    assert collect(events)["content"][0]["input"] == {"_raw": '{"a":'}


def test_numbers_beyond_64_bits_stay_exact():
    arguments = '{"n":123456789012345678901234567890}'
    events = [Event.of(event) for event in response_events([ToolCall("f", arguments, call_id="c")], Completed())]
    collector = MessagesCollector(CONTEXT)
    collector.feed(events)
    assert arguments.encode() in collector.result()


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        (Usage(10, 5), (10, 0, 0, 5)),
        (Usage(10, 5, cached=4), (6, 0, 4, 5)),
        (Usage(10, 5, cached=4, cache_write=3), (3, 3, 4, 5)),
        (Usage(10, 5, cached=40, cache_write=3), (0, 0, 10, 5)),
        (None, (0, 0, 0, 0)),
    ],
)
def test_usage_adds_up_to_the_upstreams(usage, told):
    answer = play([Text("a")], Completed(usage))
    keys = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    assert tuple(answer.usage[key] for key in keys) == told


def test_thinking_tokens():
    usage = play([Text("a")], Completed(Usage(10, 5, reasoning=3))).usage
    assert usage["output_tokens_details"] == {"thinking_tokens": 3}


# -- stop sequences


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_stop_sequence_across_deltas(size):
    text = "one END two END"
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    context = MessagesContext("m", stop_sequences=("END", "never"))
    answer = play([Text(text, pieces), ToolCall("f", {}, call_id="c")], context=context)
    assert answer.content == [{"type": "text", "text": "one ", "citations": None}]
    assert answer.stop_reason == "stop_sequence"


def test_the_sequence_is_named():
    context = MessagesContext("m", stop_sequences=("END",))
    events = [Event.of(event) for event in response_events([Text("a END")], Completed())]
    data = MessagesWriter(context).feed(events)
    delta = next(event.data["delta"] for event in read_sse(data) if event.event == "message_delta")
    assert delta["stop_sequence"] == "END"
    assert collect(events, context)["stop_sequence"] == "END"


def test_the_upstream_need_not_be_read_on_after_a_stop_sequence():
    context = MessagesContext("m", stop_sequences=("END",))
    events = [Event.of(event) for event in response_events([Text("a END b")], Completed())]
    writer, collector = MessagesWriter(context), MessagesCollector(context)
    read = 0
    while not writer.done:
        writer.feed([events[read]])
        collector.feed([events[read]])
        read += 1
    assert collector.done
    assert events[read].type == "response.output_text.delta"


def test_the_beginning_of_a_stop_sequence_is_not_lost():
    context = MessagesContext("m", stop_sequences=("ENDE",))
    answer = play([Text("the END"), Text("E")], context=context)
    assert (answer.text, answer.stop_reason) == ("the ENDE", "end_turn")


def test_a_text_that_begins_with_a_stop_sequence_makes_no_block():
    answer = play([Text("END")], context=MessagesContext("m", stop_sequences=("END",)))
    assert (answer.content, answer.stop_reason) == ([], "stop_sequence")


# -- failures


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (Failed("server_error", "it broke"), "api_error"),
        (Failed("rate_limit_exceeded", "it broke"), "rate_limit_error"),
        (Failed("server_is_overloaded", "it broke"), "overloaded_error"),
        (Failed("invalid_prompt", "it broke"), "invalid_request_error"),
        (Failed("upstream_stream_cut", "it broke"), "api_error"),
        (ErrorEvent("server_error", "it broke"), "api_error"),
        (ErrorEvent("server_error", "it broke", nested=True), "api_error"),
    ],
)
@pytest.mark.parametrize("items", [[], [Text("half")], [ToolCall("f", {}, call_id="c")]])
def test_a_failure_is_an_error_event_and_never_an_end(items, end, kind):
    events = [Event.of(event) for event in response_events(items, end)]
    writer = MessagesWriter(CONTEXT)
    answer = validate_messages_stream(writer.feed(events), end="error")
    assert answer.error == {"type": kind, "message": "it broke"}
    assert writer.done


def test_a_failure_inside_a_block_leaves_it_open():
    events = response_events([Text("half and half")], Failed())
    cut = [event for event in events if "done" not in event["type"]]
    data = MessagesWriter(CONTEXT).feed([Event.of(event) for event in cut])
    assert names(data)[-2:] == ["content_block_delta", "error"]


# -- the bytes of the upstream


@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_however_the_upstreams_bytes_are_cut(size):
    items = [Reasoning(["Überlegung 汉字"], "blob"), Text('Grüße 🙂 \\ "x"'), ToolCall("f", {"ä": "ß"}, call_id="c")]
    data = b"".join(Event.of(event).raw for event in response_events(items, Completed()))
    writer, splitter = MessagesWriter(CONTEXT), Splitter()
    sent = b"".join(writer.feed(splitter.feed(data[at : at + size])) for at in range(0, len(data), size))
    answer = validate_messages_stream(sent)
    assert answer.text == 'Grüße 🙂 \\ "x"'
    assert answer.thinking == "Überlegung 汉字"
    assert answer.calls[0]["input"] == {"ä": "ß"}
