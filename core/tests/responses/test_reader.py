import pytest
from jackfield.model.errors import Kind
from jackfield.model.types import Usage
from jackfield.responses import (
    Annotated,
    ArgumentsDelta,
    Done,
    Failed,
    Finished,
    ItemKind,
    Reader,
    RefusalDelta,
    Search,
    Started,
    TextDelta,
    ThinkingBreak,
    ThinkingDelta,
)
from jackfield.responses.sse import Event
from jackfield.testing import (
    CustomToolCall,
    Interleaved,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    WebSearch,
    response_events,
)
from jackfield.testing.answers import Completed, Incomplete

END = Finished("completed", "", Usage())


def ev(kind, **fields):
    return {"type": f"response.{kind}", **fields}


def completed(*output, **fields):
    return ev("completed", response={"output": list(output), **fields})


def added(index, kind, **fields):
    return ev("output_item.added", output_index=index, item={"type": kind, **fields})


def done(index, kind, **fields):
    return ev("output_item.done", output_index=index, item={"type": kind, **fields})


def text(index, delta, item_id="m", part=0):
    return ev("output_text.delta", item_id=item_id, output_index=index, content_index=part, delta=delta)


def message(*texts, **fields):
    return {"type": "message", "content": [{"type": "output_text", "text": one} for one in texts], **fields}


def answer(*items, end=None):
    return response_events(items, end or Completed())


def read(*events):
    reader = Reader()
    return [step for event in events for step in reader.read(Event.of(event))]


def told(steps, kind):
    return "".join(step.text for step in steps if isinstance(step, kind))


def without(events, *kinds):
    return [event for event in events if event["type"].removeprefix("response.") not in kinds]


# -- the plain path


def test_a_whole_answer_step_by_step():
    events = answer(
        Reasoning(["Think", "Again"], encrypted_content="blob", deltas=1),
        Text("Hello world"),
        ToolCall("f", {"a": 1}, call_id="c1", deltas=1),
    )
    steps = read(*events)
    assert steps == [
        Started(0, ItemKind.THINKING, 0),
        ThinkingDelta(0, "Think"),
        ThinkingBreak(0),
        ThinkingDelta(0, "Again"),
        Done(0, encrypted="blob"),
        Started(1, ItemKind.TEXT, 1),
        TextDelta(1, "Hello "),
        TextDelta(1, "world"),
        Done(1),
        Started(2, ItemKind.TOOL, 2, "c1", "f"),
        ArgumentsDelta(2, '{"a":1}'),
        Done(2, arguments='{"a":1}'),
        Finished("completed", "", Usage(input=11, output=7), "default"),
    ]


def test_the_header_is_known_from_the_first_event():
    reader = Reader()
    reader.read(Event.of(ev("created", response={"id": "r", "model": "m", "created_at": 17.9})))
    assert (reader.header.id, reader.header.model, reader.header.created) == ("r", "m", 17)


def test_a_refusal_is_its_own_kind_of_delta():
    steps = read(*answer(Refusal("I cannot.")))
    assert told(steps, RefusalDelta) == "I cannot."
    assert told(steps, TextDelta) == ""


def test_a_search_tells_what_was_searched():
    steps = read(*answer(WebSearch("weather", sources=["https://a.example"])))
    (search,) = [step.search for step in steps if isinstance(step, Done)]
    assert (search.action, search.query) == ("search", "weather")
    assert [source["url"] for source in search.sources] == ["https://a.example"]


def test_a_search_that_opened_a_page_or_says_nothing():
    page = done(0, "web_search_call", id="ws_1", action={"type": "open_page", "url": "https://a"})
    bare = done(1, "web_search_call", id="ws_2")
    plural = done(2, "web_search_call", id="ws_3", action={"type": "search", "queries": ["one", "two"]})
    steps = read(page, bare, plural)
    searches = [step.search for step in steps if isinstance(step, Done)]
    assert searches == [
        Search("ws_1", "open_page", "", "https://a"),
        Search("ws_2", "search"),
        Search("ws_3", "search", "one"),
    ]


def test_notes_on_a_text_come_once():
    note = {"type": "url_citation", "url": "https://a", "title": "A", "start_index": 0, "end_index": 2}
    event = ev("output_text.annotation.added", output_index=0, item_id="m", annotation=note)
    item = message("Hi", id="m")
    item["content"][0]["annotations"] = [note, {**note, "start_index": 1}]
    steps = read(text(0, "Hi"), event, {"type": "response.output_item.done", "output_index": 0, "item": item})
    assert [step for step in steps if isinstance(step, Annotated)] == [
        Annotated(0, note),
        Annotated(0, {**note, "start_index": 1}),
    ]


def test_a_custom_call_is_told_apart():
    steps = read(*answer(CustomToolCall("patch", "*** Begin", call_id="c", deltas=2)))
    assert steps[0] == Started(0, ItemKind.TOOL, 0, "c", "patch", custom=True)
    assert told(steps, ArgumentsDelta) == "*** Begin"


def test_a_namespace_is_kept():
    steps = read(*answer(ToolCall("list", {}, call_id="c", namespace="agents")))
    assert steps[0].namespace == "agents"


# -- texts are told once, and wholly


WHOLE = [Reasoning(["One", "Two"], "blob"), Text("Hello wide world"), ToolCall("f", {"a": [1, 2]}, call_id="c")]


@pytest.mark.parametrize(
    "lost",
    [
        ["output_text.delta", "function_call_arguments.delta", "reasoning_summary_text.delta"],
        ["output_text.done", "function_call_arguments.done", "reasoning_summary_text.done", "output_item.done"],
        ["output_item.added", "content_part.added", "reasoning_summary_part.added"],
        ["output_item.added", "output_item.done", "content_part.done", "reasoning_summary_part.done"],
        ["output_item.done"],
        ["created", "in_progress"],
        ["output_text.delta", "output_text.done", "content_part.done", "function_call_arguments.done"],
    ],
)
@pytest.mark.parametrize("output", ["full", "empty", "missing"])
def test_whatever_kind_of_event_a_relay_loses(lost, output):
    events = without(answer(*WHOLE, end=Completed(output=output)), *lost)
    steps = read(*events)
    assert told(steps, TextDelta) == "Hello wide world"
    assert told(steps, ThinkingDelta) == "OneTwo"
    if "output_item.done" in lost and "output_item.added" in lost and output != "full":
        return  # then nobody told the name of the call
    assert told(steps, ArgumentsDelta) == '{"a":[1,2]}'
    (call,) = [step for step in steps if isinstance(step, Started) and step.kind is ItemKind.TOOL]
    assert (call.name, call.call_id) == ("f", "c")


def test_only_the_final_output_comes():
    events = answer(*WHOLE)
    steps = read(events[-1])
    assert told(steps, TextDelta) == "Hello wide world"
    assert told(steps, ThinkingDelta) == "OneTwo"
    assert [step.encrypted for step in steps if isinstance(step, Done)] == ["blob", "", ""]


@pytest.mark.parametrize("key", ["output_index", "item_id", "id", "call_id"])
def test_whichever_key_a_relay_loses(key):
    calls = [ToolCall("f", {"a": 1}, call_id="c1", deltas=3), ToolCall("g", {"b": 2}, call_id="c2", deltas=3)]
    events = answer(Text("one"), Interleaved(calls), Text("two"))

    def strip(value):
        if isinstance(value, dict):
            return {name: strip(inner) for name, inner in value.items() if name != key}
        return [strip(inner) for inner in value] if isinstance(value, list) else value

    steps = read(*(strip(event) for event in events))
    assert told(steps, TextDelta) == "onetwo"
    done_calls = [step.arguments for step in steps if isinstance(step, Done) and step.arguments]
    assert sorted(done_calls) == ['{"a":1}', '{"b":2}']


def test_ids_that_change_with_every_event():
    events = answer(Text("one two"), ToolCall("f", {"a": 1}, call_id="c"), Text("three"))
    for number, event in enumerate(events):
        if "item_id" in event:
            event["item_id"] = f"x{number}"
        if isinstance(event.get("item"), dict):
            event["item"] = {**event["item"], "id": f"y{number}"}
    steps = read(*events)
    assert told(steps, TextDelta) == "one twothree"
    assert told(steps, ArgumentsDelta) == '{"a":1}'


def test_an_output_index_that_is_always_zero():
    calls = [ToolCall("f", {"a": 1}, call_id="c1"), ToolCall("g", {"b": 2}, call_id="c2")]
    events = answer(Text("one"), Text("two"), Interleaved(calls), end=Completed(output="empty"))
    steps = read(*({**event, "output_index": 0} if "output_index" in event else event for event in events))
    assert told(steps, TextDelta) == "onetwo"
    assert [step.arguments for step in steps if isinstance(step, Done) and step.arguments] == ['{"a":1}', '{"b":2}']


def test_a_text_in_two_parts():
    steps = read(
        text(0, "A", part=0),
        ev("output_text.done", output_index=0, item_id="m", content_index=0, text="Aa"),
        ev(
            "content_part.done", output_index=0, item_id="m", content_index=1, part={"type": "output_text", "text": "B"}
        ),
        {"type": "response.output_item.done", "output_index": 0, "item": message("Aa", "Bb", id="m")},
    )
    assert told(steps, TextDelta) == "AaBb"


def test_two_parts_whose_numbers_are_lost():
    delta = {"type": "response.output_text.delta", "output_index": 0}
    steps = read(
        {**delta, "delta": "A"},
        {**delta, "delta": "B"},
        {"type": "response.output_item.done", "output_index": 0, "item": message("A", "BC")},
    )
    assert told(steps, TextDelta) == "ABC"


def test_a_text_that_does_not_continue_what_was_told_is_not_told_again():
    steps = read(text(0, "Hxllo"), {"type": "response.output_item.done", "output_index": 0, "item": message("Hello")})
    assert told(steps, TextDelta) == "Hxllo"


def test_a_part_that_does_not_continue_what_was_told_is_not_told_again():
    whole = ev("output_text.done", output_index=0, item_id="m", content_index=0, text="Hello!!!")
    assert told(read(text(0, "Hxllo"), whole), TextDelta) == "Hxllo"


def test_items_that_all_have_the_same_id():
    steps = read(
        text(0, "one", "m"),
        {"type": "response.output_item.done", "output_index": 0, "item": message("one", id="m")},
        text(1, "two", "m"),
        completed(),
    )
    assert told(steps, TextDelta) == "onetwo"


def test_message_content_as_a_plain_string():
    assert told(read(done(0, "message", content="Hi")), TextDelta) == "Hi"


def test_a_final_output_with_new_ids_is_not_taken_for_something_new():
    output = [message("one", id="z1"), message("two", id="z2"), message("three", id="z3")]
    steps = read(text(0, "one", "a"), text(1, "tw", "b"), completed(*output))
    assert told(steps, TextDelta) == "onetwothree"
    assert [step.position for step in steps if isinstance(step, Started)] == [0, 1, 2]


def test_a_final_output_that_leaves_items_out():
    reasoning = [added(0, "reasoning", id="r"), done(0, "reasoning", id="r", encrypted_content="b")]
    steps = read(*reasoning, text(1, "one", "a"), text(2, "tw", "b"), completed(message("one"), message("two")))
    assert told(steps, TextDelta) == "onetwo"


def test_a_final_output_without_the_first_message():
    steps = read(text(0, "one", "a"), text(1, "tw", "b"), completed(message("two")))
    assert told(steps, TextDelta) == "onetwo"


# -- calls


def test_a_call_waits_for_its_name():
    steps = read(
        added(0, "function_call", id="fc", call_id="c", name=""),
        ev("function_call_arguments.delta", output_index=0, item_id="fc", delta='{"a"'),
        ev("function_call_arguments.done", output_index=0, item_id="fc", arguments='{"a":1}', name="f"),
        done(0, "function_call", id="fc", call_id="c", name="f", arguments='{"a":1}'),
    )
    assert steps == [
        Started(0, ItemKind.TOOL, 0, "c", "f"),
        ArgumentsDelta(0, '{"a"'),
        ArgumentsDelta(0, ":1}"),
        Done(0, arguments='{"a":1}'),
    ]


def test_a_name_that_comes_with_the_final_output():
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    steps = read(
        ev("function_call_arguments.delta", output_index=0, item_id="fc", delta="{}"),
        done(0, "function_call", id="fc", call_id="c", arguments="{}"),
        completed(call),
    )
    assert steps == [
        Started(0, ItemKind.TOOL, 0, "c", "f"),
        ArgumentsDelta(0, "{}"),
        Done(0, arguments="{}"),
        END,
    ]


def test_a_call_that_never_gets_a_name_is_left_out():
    steps = read(added(0, "function_call", id="fc", call_id="c"), done(0, "function_call", id="fc"), completed())
    assert steps == [END]


def test_a_call_without_an_id_gets_its_own():
    steps = read(done(0, "function_call", name="f", arguments="{}"), done(1, "function_call", name="f", arguments="{}"))
    ids = [step.call_id for step in steps if isinstance(step, Started)]
    assert len(set(ids)) == 2
    assert all(ids)


def test_arguments_sent_as_an_object():
    steps = read(done(0, "function_call", call_id="c", name="f", arguments={"a": "ü"}))
    assert told(steps, ArgumentsDelta) == '{"a":"ü"}'


# -- reasoning


def raw(delta, index=0):
    return ev("reasoning_text.delta", output_index=index, item_id="r", content_index=0, delta=delta)


def summary(delta, part=0, index=0):
    return ev("reasoning_summary_text.delta", output_index=index, item_id="r", summary_index=part, delta=delta)


def test_raw_reasoning_is_told_where_no_summary_comes():
    steps = read(raw("a"), raw("b"), done(0, "reasoning", id="r", summary=[]))
    assert told(steps, ThinkingDelta) == "ab"


def test_raw_reasoning_is_not_told_beside_a_summary():
    for events in ([raw("raw"), summary("sum")], [summary("sum"), raw("raw")]):
        steps = read(*events, done(0, "reasoning", id="r", content=[{"type": "reasoning_text", "text": "raw"}]))
        assert told(steps, ThinkingDelta) == "sum"


def test_raw_reasoning_is_told_before_the_text_that_follows_it():
    steps = read(raw("why"), text(1, "so"))
    assert [type(step) for step in steps] == [Started, ThinkingDelta, Started, TextDelta]


def test_a_summary_that_comes_after_raw_reasoning_was_told_is_left_out():
    steps = read(raw("why"), text(1, "so"), summary("sum"))
    assert told(steps, ThinkingDelta) == "why"


def test_raw_reasoning_of_the_finished_item_alone():
    steps = read(done(0, "reasoning", content=[{"type": "reasoning_text", "text": "why"}]))
    assert told(steps, ThinkingDelta) == "why"


def test_parts_without_numbers_are_kept_apart():
    bare = {"type": "response.reasoning_summary_text.delta", "output_index": 0}
    part = {"type": "response.reasoning_summary_part.added", "output_index": 0}
    steps = read(part, {**bare, "delta": "A"}, {**bare, "delta": "a"}, part, {**bare, "delta": "B"})
    assert steps[1:] == [ThinkingDelta(0, "A"), ThinkingDelta(0, "a"), ThinkingBreak(0), ThinkingDelta(0, "B")]


def test_an_empty_part_makes_no_break():
    steps = read(
        ev("reasoning_summary_part.added", output_index=0, item_id="r", summary_index=0),
        ev("reasoning_summary_part.added", output_index=0, item_id="r", summary_index=1),
        summary("B", part=1),
    )
    assert ThinkingBreak(0) not in steps


def test_only_the_final_blob_counts():
    steps = read(
        added(0, "reasoning", id="r", encrypted_content="early"),
        done(0, "reasoning", id="r", encrypted_content="final"),
        completed(),
    )
    assert [step.encrypted for step in steps if isinstance(step, Done)] == ["final"]
    assert read(added(0, "reasoning", id="r", encrypted_content="early"), completed())[1] == Done(0)


def test_a_blob_that_only_the_final_output_has():
    steps = read(added(0, "reasoning", id="r"), completed({"type": "reasoning", "id": "r", "encrypted_content": "b"}))
    assert steps[1] == Done(0, encrypted="b")


# -- the end


def test_usage_with_everything():
    usage = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 3},
    }
    assert read(completed(usage=usage)) == [Finished("completed", "", Usage(10, 5, 4, 2, 3))]


@pytest.mark.parametrize(
    "usage",
    [
        None,
        [],
        "x",
        {"input_tokens": "7", "output_tokens": None, "input_tokens_details": 3},
        {"input_tokens": True, "output_tokens": -4},
        {"input_tokens": 1e300},
    ],
)
def test_usage_of_a_wrong_type_counts_nothing(usage):
    assert read(completed(usage=usage)) == [END]


def test_an_incomplete_answer_says_why():
    steps = read(*answer(Text("half"), end=Incomplete("max_output_tokens")))
    assert (steps[-1].status, steps[-1].reason) == ("incomplete", "max_output_tokens")


def test_completed_with_the_status_incomplete_is_incomplete():
    response = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
    assert read(ev("completed", response=response)) == [Finished("incomplete", "content_filter")]


def test_completed_with_the_status_failed_failed():
    response = {"status": "failed", "error": {"code": "server_error", "message": "m"}}
    (step,) = read(ev("completed", response=response))
    assert isinstance(step, Failed)


@pytest.mark.parametrize(
    "event",
    [
        ev("failed", response={"error": {"code": "rate_limit_exceeded", "message": "slow"}}),
        {"type": "error", "code": "rate_limit_exceeded", "message": "slow"},
    ],
)
def test_a_failure_is_named_and_leaves_items_open(event):
    steps = read(text(0, "half"), event)
    assert isinstance(steps[-1], Failed)
    assert steps[-1].error.kind is Kind.RATE_LIMITED
    assert not any(isinstance(step, Done) for step in steps)


def test_items_that_nobody_closed_are_done_before_the_end():
    steps = read(text(0, "a"), added(1, "function_call", call_id="c", name="f"), completed())
    assert steps[-3:] == [Done(0), Done(1), END]


def test_nothing_follows_the_end():
    assert read(completed(), text(0, "late"), completed()) == [END]


def test_events_and_items_that_nobody_knows():
    steps = read(
        {"type": "vendor.rate_limits", "x": 1},
        {"type": "keepalive"},
        ev("image_generation_call.partial_image", output_index=0),
        added(0, "image_generation_call", id="ig"),
        done(0, "image_generation_call", id="ig"),
        done(1, "compaction"),
        text(2, "on"),
        completed({"type": "shell_call"}, {"type": "compaction"}, message("on", id="m")),
    )
    assert [type(step) for step in steps] == [Started, TextDelta, Done, Finished]


def test_a_finished_item_without_a_type():
    steps = read(text(0, "Hi"), ev("output_item.done", output_index=0, item={}))
    assert steps[-1] == Done(0)


def test_deltas_after_the_end_of_their_item_are_dropped():
    whole = {"type": "response.output_item.done", "output_index": 0, "item": message("Hi", id="m")}
    steps = read(text(0, "Hi"), whole, text(0, "Hi"), whole, completed(message("Hi", id="m")))
    assert told(steps, TextDelta) == "Hi"


# -- the quick way through text deltas


def parse(data):
    return Event.parse(b"event: response.output_text.delta\ndata: " + data)


@pytest.mark.parametrize("piece", ["plain", "käse 汉字 🙂", 'quote " and \\ slash', "line\nbreak", "}", '","delta":"x'])
def test_the_quick_way_gives_the_same_text(piece):
    import orjson

    def one(delta):
        return parse(
            b'{"type":"response.output_text.delta","sequence_number":4,"item_id":"m","output_index":0,'
            b'"content_index":0,"delta":%s,"logprobs":[],"obfuscation":"zz"}' % orjson.dumps(delta)
        )

    reader = Reader()
    reader.read(one("first"))
    assert list(reader.read(one(piece))) == [TextDelta(0, piece)]


def test_the_quick_way_sees_that_the_item_or_part_changed():
    head = b'{"type":"response.output_text.delta","item_id":"%s","output_index":%d,"content_index":%d,"delta":"%s"}'
    reader = Reader()
    steps = [
        step
        for values in (
            (b"a", 0, 0, b"1"),
            (b"a", 0, 0, b"2"),
            (b"b", 1, 0, b"3"),
            (b"b", 1, 0, b"4"),
            (b"a", 0, 0, b"5"),
        )
        for step in reader.read(parse(head % values))
    ]
    assert [(step.item, step.text) for step in steps if isinstance(step, TextDelta)] == [
        (0, "1"),
        (0, "2"),
        (1, "3"),
        (1, "4"),
        (0, "5"),
    ]


def test_the_quick_way_is_not_taken_where_keys_follow_the_delta():
    form = b'{"type":"response.output_text.delta","item_id":"a","delta":"%s","output_index":%d,"content_index":0}'
    reader = Reader()
    steps = [*reader.read(parse(form % (b"x", 0))), *reader.read(parse(form.replace(b'"a"', b'"b"') % (b"y", 1)))]
    assert [step.item for step in steps if isinstance(step, TextDelta)] == [0, 1]


def test_a_torn_event_is_skipped():
    reader = Reader()
    assert list(reader.read(parse(b'{"type":"response.output_text.delta","item_id":"m","delta":"abc'))) in (
        [],
        [Started(0, ItemKind.TEXT, 0)],
    )
