from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.responses.output import rebuilt_output
from jackfield.responses.sse import Event
from jackfield.testing import CustomToolCall, Interleaved, Reasoning, Refusal, Text, ToolCall, WebSearch, answer

ALL = (
    Reasoning(["Hm.", "So."], "gAAAA"),
    Text("Hello you", citations=[("https://example.org", "x")]),
    ToolCall("read", {"n": 1}, namespace="agents"),
    CustomToolCall("sh", "ls"),
    WebSearch("x"),
    Refusal("No."),
)


def rebuilt(events):
    return rebuilt_output([Event.of(event) for event in events])


def without(events, *kinds):
    return [event for event in events if not event["type"].endswith(kinds)]


def test_finished_items_are_taken_as_they_are():
    events = answer(*ALL).events
    assert rebuilt(events[:-1]) == events[-1]["response"]["output"]


def test_unfinished_ones_are_put_together():
    found = rebuilt(without(answer(*ALL).events, ".done", "completed"))
    thought, text, call, custom, search, refusal = found
    assert [part["text"] for part in thought["summary"]] == ["Hm.", "So."]
    assert text["content"][0]["text"] == "Hello you"
    assert text["content"][0]["annotations"][0]["url"] == "https://example.org"
    assert (call["type"], call["name"], call["arguments"], call["namespace"]) == (
        "function_call", "read", '{"n":1}', "agents",
    )  # fmt: skip
    assert (custom["type"], custom["name"], custom["input"]) == ("custom_tool_call", "sh", "ls")
    assert search["type"] == "web_search_call"
    assert refusal["content"] == [{"type": "refusal", "refusal": "No."}]
    assert [item["id"] for item in found] == ["rs_0", "msg_1", "fc_2", "ctc_3", "ws_4", "msg_5"]


def test_unannounced_ones_get_an_id_and_a_place():
    [item] = rebuilt([{"type": "response.output_text.delta", "output_index": 3, "item_id": "msg_7", "delta": "Hi"}])
    assert (item["id"], item["type"], item["role"]) == ("msg_7", "message", "assistant")
    [item] = rebuilt([{"type": "response.output_text.delta", "delta": "Hi"}])
    assert item["id"]


def test_items_that_interleave_stay_apart():
    events = answer(Interleaved([ToolCall("a", {"n": 1}), ToolCall("b", {"n": 2})])).events
    found = rebuilt(without(events, ".done", "completed"))
    assert [(item["name"], item["arguments"]) for item in found] == [("a", '{"n":1}'), ("b", '{"n":2}')]


def test_kinds_that_nobody_knows_are_kept_in_their_place():
    strange = {"type": "of_tomorrow", "id": "x_1"}
    events = answer(Text("one"), Text("two")).events[:-1]
    done = {"type": "response.output_item.done", "item": strange}
    found = rebuilt([*[{**event} for event in events], {**done, "output_index": 2}, {**done, "output_index": 2}])
    assert [item["type"] for item in found] == ["message", "message", "of_tomorrow"]
    assert rebuilt([done]) == [strange]


def test_a_finished_item_told_twice_is_there_once():
    events = answer(Text("one")).events[:-1]
    assert len(rebuilt([*events, events[-1]])) == 1


EVENTS = st.lists(st.sampled_from(answer(*ALL).events), max_size=30)


@given(EVENTS)
def test_no_order_of_events_makes_it_fail(events):
    for item in rebuilt(events):
        assert item["type"]
