"""Whatever an upstream sends becomes an answer that ends, once, and says how, in every dialect."""

import asyncio
import json
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.base import Parsed
from jackfield.dialects.chat import ChatContext, ChatDialect
from jackfield.dialects.messages import MessagesDialect
from jackfield.dialects.messages.context import MessagesContext
from jackfield.dialects.responses import ResponsesDialect
from jackfield.metering.account import TERMINAL, Account
from jackfield.model.errors import UpstreamError
from jackfield.responses.sse import Splitter
from jackfield.routing.answer import Answer
from jackfield.testing import CustomToolCall, FakeClock, Reasoning, Refusal, Text, ToolCall, WebSearch, answer, read_sse

DIALECTS = {
    "responses": (ResponsesDialect(), None),
    "messages": (MessagesDialect(), MessagesContext("m", stop_sequences=("x",))),
    "messages without thinking": (MessagesDialect(), MessagesContext("m", show_thinking=False)),
    "chat": (ChatDialect(), ChatContext("m", include_usage=True, stops=("e",))),
    "legacy chat": (ChatDialect(), ChatContext("m", legacy=True)),
}


class Stream:
    """An EventStream of these batches."""

    def __init__(self, batches):
        self.headers = {}
        self.closed = False
        self._batches = iter(batches)

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return next(self._batches)
        except StopIteration:
            raise StopAsyncIteration from None

    async def aclose(self):
        self.closed = True


def batches(events, cuts=()):
    """Return events as they are read from the wire, in batches."""
    splitter = Splitter()
    found = splitter.feed(b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events))
    edges = [0, *sorted(cut for cut in cuts if cut < len(found)), len(found)]
    return [batch for start, end in pairwise(edges) if (batch := found[start:end])]


async def told(name, made, hold):
    """Return what a client is told, as a stream and as a whole; None for a failure that came before any content."""
    dialect, context = DIALECTS[name]
    parsed = Parsed("m", stream=True, body={}, context=context)
    writer, collector = dialect.writer(parsed, "maker"), dialect.collector(parsed, "maker")
    stream, written, ends = Stream(made), [], 0
    books = Account(FakeClock(), lambda record: None, request_id="r", dialect="d").attempt("p", "m", "c")
    answered = Answer(stream, books)
    try:
        await answered.begin(hold)
    except UpstreamError as error:
        orjson.loads(dialect.error(error, "r").body)
    else:
        async for events in answered:
            ends += sum(event.type in TERMINAL for event in events)
            written.append(writer.feed(events))
            collector.feed(events)
        assert ends == 1
    assert stream.closed
    return (read_sse(b"".join(written)), whole(collector)) if ends else None


def whole(collector):
    try:
        return orjson.loads(collector.result())
    except UpstreamError:
        return None


def check(name, found):
    """Assert that a stream has exactly one end, and the whole answer the same."""
    if found is None:
        return
    events, document = found
    kinds = [event.event for event in events]
    if "messages" in name:
        assert kinds[-1] in ("message_stop", "error")
        assert kinds.count("message_stop") + kinds.count("error") == 1
        assert (document is None) == (kinds[-1] == "error")
    elif "chat" in name:
        errors = [event.data for event in events if isinstance(event.data, dict) and "error" in event.data]
        done = [event.data for event in events if event.data == "[DONE]"]
        assert [events[-1].data] == [*errors, *done]
        assert (document is None) == bool(errors)


def nested(value, depth):
    for _ in range(depth):
        value = [value]
    return value


DELTA = {
    "type": "response.output_text.delta",
    "item_id": "a",
    "output_index": 0,
    "content_index": 0,
    "delta": "hi",
}
DEEP = nested(1, 600)
STRANGE = {
    "a deep end": [DELTA, {"type": "response.completed", "response": {"output": [{"type": "x", "a": DEEP}]}}],
    "a deep beginning and no end": [{"type": "response.created", "response": {"tools": DEEP}}, DELTA],
    "the largest number and no end": [
        {"type": "response.created", "response": {}, "sequence_number": 2**64 - 1},
        DELTA,
    ],
    "a deep failure with a key": [
        DELTA,
        {"type": "response.failed", "response": {"a": DEEP, "error": {"message": "Bearer sk-12345678"}}},
    ],
    "a deep item": [
        DELTA,
        {"type": "response.output_item.done", "output_index": 1, "item": {"type": "message", "content": DEEP}},
        {"type": "response.completed", "response": {}},
    ],
}


@pytest.mark.parametrize("events", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("name", DIALECTS)
async def test_a_strange_answer_has_its_end(name, events):
    found = await told(name, batches(events, range(len(events))), 0.0)
    assert found is not None
    check(name, found)


WHOLE = answer(
    Text("one"), ToolCall("f", {"n": 1}), Reasoning("hm"), WebSearch("q"), Refusal("no"), CustomToolCall("c", "x")
).events
KINDS = [
    *sorted({event["type"] for event in WHOLE}),
    "response.queued",
    "response.incomplete",
    "response.failed",
    "response.cancelled",
    "response.output_text.annotation.added",
    "response.reasoning_text.delta",
    "response.reasoning_text.done",
    "response.of_tomorrow",
    "error",
    "keepalive",
    "",
]
FIELDS = """
type delta text arguments input refusal item item_id output_index content_index summary_index part annotation response
id call_id name namespace content summary encrypted_content annotations status output usage error incomplete_details
service_tier created_at model sequence_number queries action sources url title start_index input_tokens output_tokens
input_tokens_details cached_tokens reason code message headers resets_at
"""
KEYS = FIELDS.split()
WORDS = ["message", "reasoning", "function_call", "custom_tool_call", "web_search_call", "output_text", "refusal"]
WORDS += ["url_citation", "summary_text", "failed", "completed", "incomplete", "a", '{"x":1}', "{", ""]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.integers(0, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(WORDS)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=16,
) | st.builds(nested, LEAVES, st.integers(180, 1030))
MADE_UP = st.builds(
    lambda kind, body: {**body, "type": kind},
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8),
)
BENT = st.builds(lambda event, key, value: {**event, key: value}, st.sampled_from(WHOLE), st.sampled_from(KEYS), VALUES)
EVENTS = st.lists(MADE_UP | BENT | st.sampled_from(WHOLE), max_size=8)


@pytest.mark.parametrize("name", DIALECTS)
@given(EVENTS, st.lists(st.integers(0, 8), max_size=3), st.sampled_from([None, 0.0]))
def test_any_events_in_any_order_end_once(name, events, cuts, hold):
    check(name, asyncio.run(told(name, batches(events, cuts), hold)))
