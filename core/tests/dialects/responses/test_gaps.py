"""Filling gaps never fails, and never loses or changes what came (X5, L10)."""

from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.responses.gaps import Gaps
from jackfield.responses.sse import Event

TYPES = [
    "response.created",
    "response.output_item.added",
    "response.output_item.done",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.function_call_arguments.delta",
    "response.reasoning_summary_text.delta",
    "response.completed",
    "response.of_tomorrow",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "type", "text"]), inner),
    max_leaves=6,
)
KEYS = st.sampled_from(["item", "item_id", "output_index", "content_index", "delta", "response", "sequence_number"])
ITEM = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "function_call", "reasoning", "of_tomorrow"])},
    optional={"id": JSON, "content": JSON, "summary": JSON, "arguments": JSON},
)
EVENT = st.builds(
    lambda kind, rest, item: {**rest, **({"item": item} if item else {}), "type": kind},
    st.sampled_from(TYPES),
    st.dictionaries(KEYS, JSON, max_size=4),
    st.none() | ITEM,
)


@given(st.lists(EVENT, max_size=12), st.integers(1, 5))
def test_no_stream_makes_it_fail_or_loses_an_event(bodies, size):
    gaps = Gaps()
    events = [Event.of(body) for body in bodies]
    found = [each for start in range(0, len(events), size) for each in gaps.filled(events[start : start + size])]
    kinds = iter([each.type for each in found])
    assert all(event.type in kinds for event in events)


def test_a_stream_that_is_whole_is_the_very_same_objects():
    item = {"type": "message", "id": "msg_1", "role": "assistant", "content": []}
    bodies = [
        {"type": "response.created", "response": {}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_text.delta", "output_index": 0, "item_id": "msg_1", "delta": "Hi"},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"output": [item]}},
    ]
    events = [Event.of(body) for body in bodies]
    assert Gaps().filled(events) is events
