"""Whatever an upstream sends, in whatever order and however broken: the Messages stream is well-formed."""

import orjson
from anthropic.types import RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.messages.answer import MessagesCollector
from jackfield.dialects.messages.context import MessagesContext
from jackfield.dialects.messages.signature import unseal
from jackfield.dialects.messages.stream import MessagesWriter
from jackfield.responses.sse import Event, Splitter
from jackfield.testing import (
    Completed,
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
from pydantic import TypeAdapter

EVENTS = TypeAdapter(RawMessageStreamEvent)
TERMINALS = ("response.completed", "response.incomplete", "response.failed")

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
pieces = st.integers(0, 4)
arguments = st.dictionaries(st.text("abc", min_size=1, max_size=3), words | st.integers(-9, 9) | st.none(), max_size=3)


def writer_for(context):
    made = MessagesWriter(context)
    made.served_by("m1")
    return made


def stream(events, context=None):
    made = writer_for(context or MessagesContext("m"))
    return b"".join(made.feed([Event.of(event)]) for event in events)


def collect(events, context=None):
    made = MessagesCollector(context or MessagesContext("m"))
    made.served_by("m1")
    made.feed([Event.of(event) for event in events])
    message = orjson.loads(made.result())
    validate_message(message)
    return message


# -- sane answers, through relays that lose things


@st.composite
def answers(draw):
    """Return items of an answer: what a model may say."""
    items = []
    for number in range(draw(st.integers(0, 5))):
        made = draw(
            st.one_of(
                st.builds(Text, words, pieces),
                st.builds(Refusal, words, pieces),
                st.builds(ToolCall, st.just(f"f{number}"), arguments, st.just(f"call_{number}"), pieces),
                st.builds(Reasoning, st.lists(words, max_size=3), st.none() | st.just(f"blob{number}"), deltas=pieces),
                st.builds(WebSearch, words, st.just(())),
            )
        )
        items.append(made)
    cut = draw(st.integers(0, len(items)))
    return [Interleaved(items[:cut]), *items[cut:]] if cut and draw(st.booleans()) else items


def flat(items):
    return [one for item in items for one in (item.items if isinstance(item, Interleaved) else [item])]


LOSSES = [
    ("output_item.added",),
    ("output_item.done", "content_part.done"),
    ("output_text.delta", "refusal.delta", "function_call_arguments.delta", "reasoning_summary_text.delta"),
    ("output_text.done", "refusal.done", "function_call_arguments.done", "reasoning_summary_text.done"),
    ("content_part.added", "content_part.done", "reasoning_summary_part.added", "reasoning_summary_part.done"),
    ("created", "in_progress"),
]


def lose(events, losses, keys):
    """Return the events without some types, and without some keys at any depth."""

    def strip(value):
        if isinstance(value, dict):
            return {name: strip(inner) for name, inner in value.items() if name not in keys}
        return [strip(inner) for inner in value] if isinstance(value, list) else value

    lost = {name for group in losses for name in group}
    return [strip(event) for event in events if event["type"].removeprefix("response.") not in lost]


def expected(items):
    """Return what must arrive: texts, thinking parts, calls, blobs; each in no particular order of blocks."""
    flattened = flat(items)
    return (
        sorted(item.text for item in flattened if isinstance(item, Text | Refusal)),
        sorted("\n\n".join(item.summary) for item in flattened if isinstance(item, Reasoning) and item.summary),
        sorted((item.name, repr(item.arguments)) for item in flattened if isinstance(item, ToolCall)),
        sum(isinstance(item, WebSearch) for item in flattened),
    )


def arrived(content):
    return (
        sorted(block["text"] for block in content if block["type"] == "text"),
        sorted(block["thinking"] for block in content if block["type"] == "thinking" and block["thinking"]),
        sorted((block["name"], repr(block["input"])) for block in content if block["type"] == "tool_use"),
        sum(block["type"] == "server_tool_use" for block in content),
    )


@given(
    answers(),
    st.lists(st.sampled_from(LOSSES), max_size=1),
    st.sets(st.sampled_from(["sequence_number", "item_id", "content_index", "obfuscation", "logprobs"]), max_size=2),
)
def test_nothing_is_lost_or_doubled_on_the_way_through_a_relay(items, losses, keys):
    """Any one kind of event, and any of these keys, may be missing: the whole answer arrives, once."""
    events = lose(response_events(items, Completed()), losses, keys)
    answer = validate_messages_stream(stream(events))
    assert arrived(answer.content) == expected(items)
    whole = collect(events)
    assert arrived(whole["content"]) == expected(items)
    assert (whole["stop_reason"], whole["usage"]) == (answer.stop_reason, answer.usage)


@given(answers())
def test_every_blob_survives_sealed(items):
    answer = validate_messages_stream(stream(response_events(items, Completed())))
    sealed = [unseal(block["signature"]) for block in answer.content if block["type"] == "thinking"]
    blobs = [item.encrypted_content for item in flat(items) if isinstance(item, Reasoning)]
    assert sorted(one.encrypted for one in sealed if one) == sorted(blob for blob in blobs if blob)


@given(answers(), st.integers(0, 200), st.sampled_from([Incomplete(), Incomplete("content_filter"), Failed()]))
def test_an_answer_cut_anywhere_ends_properly(items, place, end):
    events = response_events(items, end)
    cut = [*events[: min(place, len(events) - 1)], events[-1]]
    check_stream(stream(cut), ended="error" if isinstance(end, Failed) else "message_stop")


@given(answers(), st.lists(st.integers(1, 400), max_size=8))
def test_splitting_the_upstreams_bytes_changes_nothing(items, sizes):
    events = response_events(items, Completed())
    data = b"".join(Event.of(event).raw for event in events)
    context = MessagesContext("m")
    made, splitter = writer_for(context), Splitter()
    sent, start = b"", 0
    for size in [*sizes, len(data)]:
        sent += made.feed(splitter.feed(data[start : start + size]))
        start += size
    assert sent == stream(events, context)


@given(
    st.lists(st.text("abx", min_size=1, max_size=6), min_size=1, max_size=5),
    st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=3),
    pieces,
)
def test_stop_sequences_cut_where_the_text_does_not_depend_on_the_pieces(texts, stops, deltas):
    context = MessagesContext("m", stop_sequences=tuple(stops))
    events = response_events([Text(text, deltas) for text in texts], Completed())
    shown = []
    hit = None
    for text in texts:
        ends = [(text.find(stop) + len(stop), -len(stop), stop) for stop in stops if stop in text]
        if ends:
            end, length, hit = min(ends)
            shown.append(text[: end + length])
            break
        shown.append(text)
    answer = validate_messages_stream(stream(events, context))
    assert answer.text == "".join(shown)
    assert answer.stop_reason == ("stop_sequence" if hit else "end_turn")
    assert "".join(block["text"] for block in collect(events, context)["content"]) == "".join(shown)


# -- nonsense


def check_stream(data, ended=None):
    """Assert what every client relies on, of a stream whose tool input may be nonsense."""
    state, index, end = "start", -1, ""
    open_block = False
    for name, event in read_sse(data):
        assert name == event["type"]
        assert not end, f"{name} after {end}"
        if name not in ("ping", "error"):
            EVENTS.validate_python(event)
        if name == "message_start":
            assert state == "start"
            state = "blocks"
        elif name == "content_block_start":
            assert state == "blocks"
            assert not open_block
            index, open_block = index + 1, True
            assert event["index"] == index
        elif name in ("content_block_delta", "content_block_stop"):
            assert open_block
            assert event["index"] == index
            open_block = name == "content_block_delta"
        elif name == "message_delta":
            assert state == "blocks"
            assert not open_block
            state = "told"
        elif name == "message_stop":
            assert state == "told"
            end = name
        elif name == "error":
            assert state in ("start", "blocks")
            end = name
        else:
            assert (name, state) == ("ping", "blocks")
    assert end == ended if ended else end
    return end


small = st.none() | st.booleans() | st.integers(-1, 3) | st.text('ab{}"', max_size=4)
keys = st.sampled_from(["m", "fc", "r", "c", ""])
texts = st.text('ab{"}:1 ', max_size=5)
entries = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(
            ["message", "reasoning", "function_call", "custom_tool_call", "web_search_call", "shell_call", "", None, 3]
        ),
        "id": keys | small,
        "call_id": keys | small,
        "name": st.sampled_from(["f", "g", ""]) | small,
        "arguments": texts | st.just({"a": 1}) | small,
        "input": texts | small,
        "content": texts
        | small
        | st.lists(
            small
            | st.fixed_dictionaries(
                {},
                optional={
                    "type": st.just("output_text"),
                    "text": texts | small,
                    "refusal": texts | small,
                    "annotations": st.lists(small | st.dictionaries(st.sampled_from(["type", "url"]), small)),
                },
            ),
            max_size=3,
        ),
        "summary": small | st.lists(small | st.fixed_dictionaries({"text": texts | small}), max_size=3),
        "encrypted_content": texts | small,
        "action": small
        | st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from(["search", "open_page"]) | small,
                "query": small,
                "queries": small | st.lists(small, max_size=2),
                "sources": small | st.lists(small | st.fixed_dictionaries({"url": small, "title": small}), max_size=2),
            },
        ),
    },
)
responses = small | st.fixed_dictionaries(
    {},
    optional={
        "id": keys | small,
        "model": small,
        "created_at": small | st.floats(),
        "status": st.sampled_from(["completed", "incomplete", "failed", "cancelled"]) | small,
        "output": small | st.lists(entries | small, max_size=3),
        "usage": small | st.dictionaries(st.sampled_from(["input_tokens", "output_tokens_details"]), small),
        "incomplete_details": small | st.fixed_dictionaries({"reason": small}),
        "error": small | st.fixed_dictionaries({"code": small, "message": small}),
    },
)
KINDS = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.output_item.done",
    "response.content_part.added",
    "response.content_part.done",
    "response.output_text.delta",
    "response.output_text.done",
    "response.output_text.annotation.added",
    "response.refusal.delta",
    "response.refusal.done",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_part.done",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.reasoning_text.delta",
    "response.reasoning_text.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.custom_tool_call_input.delta",
    "response.custom_tool_call_input.done",
    "response.web_search_call.searching",
    "vendor.rate_limits",
]


def event_of(kinds):
    return st.fixed_dictionaries(
        {"type": st.sampled_from(kinds)},
        optional={
            "output_index": st.integers(0, 2) | small,
            "item_id": keys | small,
            "call_id": keys | small,
            "content_index": st.integers(0, 2) | small,
            "summary_index": st.integers(0, 2) | small,
            "delta": texts | small,
            "text": texts | small,
            "refusal": texts | small,
            "arguments": texts | small,
            "input": texts | small,
            "name": st.sampled_from(["f", ""]) | small,
            "item": entries | small,
            "part": small | st.fixed_dictionaries({"type": st.sampled_from(["output_text", "refusal"]), "text": texts}),
            "annotation": small
            | st.fixed_dictionaries({"type": st.just("url_citation"), "url": texts, "title": small}),
            "response": responses,
        },
    )


nonsense = st.tuples(st.lists(event_of(KINDS), max_size=25), event_of(TERMINALS), st.lists(event_of(KINDS), max_size=2))


@given(nonsense, st.booleans(), st.lists(st.text("ab", min_size=1, max_size=2), max_size=2))
def test_any_events_in_any_order_give_a_well_formed_stream(events, show_thinking, stops):
    before, terminal, after = events
    context = MessagesContext("m", show_thinking=show_thinking, stop_sequences=tuple(stops))
    everything = [*before, terminal, *after]
    made = MessagesCollector(context)
    made.feed([Event.of(event) for event in everything])
    assert made.done
    end = check_stream(stream(everything, context))
    if end == "message_stop":
        assert arrived_loosely(orjson.loads(made.result())["content"]) == streamed_loosely(stream(everything, context))


def arrived_loosely(content):
    texts = sorted(block["text"] for block in content if block["type"] == "text")
    return texts, sorted(block["id"] for block in content if block["type"] == "tool_use")


def streamed_loosely(data):
    blocks, ids = [], []
    for name, event in read_sse(data):
        if name == "content_block_start":
            block = event["content_block"]
            blocks.append("" if block["type"] == "text" else None)
            ids += [block["id"]] if block["type"] == "tool_use" else []
        elif name == "content_block_delta" and event["delta"]["type"] == "text_delta":
            blocks[-1] += event["delta"]["text"]
    return sorted(text for text in blocks if text is not None), sorted(ids)
