"""What holds for any upstream stream and any request."""

import copy
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.base import Parsed
from jackfield.dialects.chat import ChatDialect
from jackfield.model.errors import ClientError, UpstreamError
from jackfield.responses.sse import Event
from jackfield.testing.upstream_rules import upstream_problems

DIALECT = ChatDialect()
STOP = "#"


@dataclass(frozen=True)
class Item:
    """An output item of an upstream's answer, and what of it a relay loses."""

    kind: str
    pieces: tuple[str, ...]
    added: bool = True
    deltas: bool = True
    done: bool = True

    @property
    def whole(self):
        return "".join(self.pieces)

    def events(self, up, index):
        """Return its events at a place of the answer."""
        if self.kind == "message":
            made = up.message(index, *self.pieces)
        elif self.kind == "reasoning":
            made = up.reasoning(index, *self.pieces)
        else:
            made = getattr(up, self.kind)(index, f"tool{index}", *self.pieces)
        lost = {"response.output_item.added": self.added, "response.output_item.done": self.done}
        return [event for event in made if lost.get(event["type"], self.deltas)]

    def final(self, up, index):
        """Return it as it stands in a final output."""
        return list(replace(self, done=True).events(up, index))[-1]["item"]


def cut(text, places):
    """Cut a text at places, given as shares of its length."""
    bounds = [0, *sorted({round(place * len(text)) for place in places}), len(text)]
    return tuple(piece for piece in (text[a:b] for a, b in pairwise(bounds)) if piece)


shares = st.lists(st.floats(0, 1), max_size=3)
words = st.text('ab" \\é\U0001f600', min_size=1, max_size=12)
messages = st.builds(lambda text, at: Item("message", cut(text, at)), words, shares)
thoughts = st.builds(lambda texts: Item("reasoning", tuple(texts)), st.lists(words, min_size=1, max_size=3))
functions = st.builds(lambda text, at: Item("function", cut(orjson.dumps({"x": text}).decode(), at)), words, shares)
customs = st.builds(lambda text, at: Item("custom", cut(text, at)), words, shares)
whole_items = st.one_of(messages, thoughts, functions, customs)
losses = st.sampled_from([{}, {}, {"deltas": False}, {"done": False}, {"added": False}])
items = st.builds(lambda item, loss: replace(item, **loss), whole_items, losses)


@st.composite
def answers(draw, upstream):
    """Return items and the events of an answer made of them, interleaved, up to its end."""
    drawn = draw(st.lists(items, max_size=5))
    queues = [item.events(upstream, index) for index, item in enumerate(drawn)]
    events = [upstream.created()]
    while queue := draw(st.sampled_from([queue for queue in queues if queue] or [[]])):
        events.append(queue.pop(0))
    return drawn, events


@pytest.fixture(scope="session")
def both(streamed, parsed):
    """Answer the same events streamed and whole; the stream is fed in reads that end where `ends` says."""

    def answer(bodies, ends=(), **request):
        writer, collector = DIALECT.writer(parsed(**request)), DIALECT.collector(parsed(**request))
        events = [Event.of(body) for body in bodies]
        raw = b""
        bounds = [0, *sorted({min(end, len(events)) for end in ends}), len(events)]
        for start, stop in pairwise(bounds):
            raw += writer.feed(events[start:stop])
            collector.feed(events[start:stop])
        assert writer.done
        assert collector.done
        stream = streamed(raw)
        assert (stream.error is None) == stream.finished == (stream.reason is not None)
        if stream.error is None:
            return stream, orjson.loads(collector.result())["choices"][0]
        with pytest.raises(UpstreamError) as caught:
            collector.result()
        assert stream.error["message"] == caught.value.message
        return stream, None

    return answer


def agree(stream, choice):
    """Assert that a streamed and a whole answer say the same."""
    message = choice["message"]
    assert stream.text() == (message["content"] or "")
    assert stream.text("refusal") == (message["refusal"] or "")
    assert stream.text("reasoning_content") == message.get("reasoning_content", "")
    assert stream.reason == choice["finish_reason"]
    called = [
        (call["id"], *(call.get("function") or call["custom"]).values()) for call in message.get("tool_calls", ())
    ]
    assert sorted(stream.calls()) == sorted(called)


ends = st.lists(st.integers(0, 40), max_size=6)


@given(data=st.data(), ends=ends, with_output=st.booleans())
def test_nothing_is_lost_or_doubled(both, up, data, ends, with_output):
    drawn, events = data.draw(answers(up))
    kept = [item for item in drawn if item.deltas or item.done or with_output]
    numbered = {index: item for index, item in enumerate(drawn) if item in kept}
    output = [item.final(up, index) for index, item in enumerate(drawn)] if with_output else []
    stream, choice = both([*events, up.completed(output=output)], ends)
    agree(stream, choice)
    said = [item.whole for item in kept if item.kind == "message"]
    assert sorted(stream.text().split("\n\n")) == sorted(said or [""])
    thought = [text for item in kept if item.kind == "reasoning" for text in item.pieces]
    assert sorted(stream.text("reasoning_content").split("\n\n")) == sorted(thought or [""])
    called = {f"call_{index}": item.whole for index, item in numbered.items() if item.kind in ("function", "custom")}
    assert {call_id: text for call_id, _, text in stream.calls() if text not in ("", "{}")} == called


@given(data=st.data(), ends=ends, failing=st.booleans())
def test_an_answer_that_breaks_off_has_its_own_end(both, up, data, ends, failing):
    _, events = data.draw(answers(up))
    kept = events[: data.draw(st.integers(0, len(events)))]
    last = up.failed("server_error", "it broke") if failing else up.incomplete("max_output_tokens")
    stream, choice = both([*kept, last], ends)
    assert stream.reason == (None if failing else "length")
    if choice is not None:
        agree(stream, choice)


@given(data=st.data(), ends=ends)
def test_stop_sequences(both, up, data, ends):
    texts = data.draw(st.lists(st.text("ab#", min_size=1, max_size=8), min_size=1, max_size=3))
    at = data.draw(shares)
    events = [event for index, text in enumerate(texts) for event in up.message(index, *cut(text, at))]
    stream, choice = both([*events, up.completed()], ends, stop=STOP)
    agree(stream, choice)
    expected = "\n\n".join(texts).partition(STOP)[0]
    assert stream.text().rstrip("\n") == expected.rstrip("\n")


scalars = st.none() | st.booleans() | st.integers(-2, 9) | st.floats(allow_nan=False) | st.text(max_size=4)
jsons = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
EVENTS = [
    "created", "in_progress", "output_item.added", "output_item.done", "content_part.added", "content_part.done",
    "output_text.delta", "output_text.done", "output_text.annotation.added", "refusal.delta", "refusal.done",
    "reasoning_summary_part.added", "reasoning_summary_text.delta", "reasoning_summary_text.done",
    "reasoning_text.delta", "function_call_arguments.delta", "function_call_arguments.done",
    "custom_tool_call_input.delta", "custom_tool_call_input.done", "queued", "nothing.known",
]  # fmt: skip
kinds = st.sampled_from(["message", "reasoning", "function_call", "custom_tool_call", "web_search_call", "other"])
texts = st.sampled_from(["", "a", "ab", "{}"]) | jsons
wild_items = st.fixed_dictionaries(
    {"type": kinds | jsons},
    optional={
        "id": st.sampled_from(["i", "j"]) | jsons,
        "call_id": st.sampled_from(["c", "d"]) | jsons,
        "name": texts,
        "arguments": texts,
        "input": texts,
        "content": jsons | st.lists(st.fixed_dictionaries({"type": texts, "text": texts}), max_size=2),
        "summary": jsons,
    },
)
wild_events = st.fixed_dictionaries(
    {"type": st.sampled_from([f"response.{name}" for name in EVENTS])},
    optional={
        "delta": texts,
        "text": texts,
        "item": wild_items | jsons,
        "item_id": st.sampled_from(["i", "j"]) | jsons,
        "output_index": st.integers(0, 2) | jsons,
        "content_index": st.integers(0, 1) | jsons,
        "summary_index": st.integers(0, 1) | jsons,
        "annotation": st.fixed_dictionaries({"type": st.just("url_citation"), "url": texts, "start_index": jsons})
        | jsons,
        "part": jsons,
        "response": st.fixed_dictionaries({"id": texts, "created_at": jsons}) | jsons,
        "arguments": texts,
        "input": texts,
    },
)
wild_ends = st.fixed_dictionaries(
    {"type": st.sampled_from(["response.completed", "response.incomplete", "response.failed"])},
    optional={
        "response": jsons
        | st.fixed_dictionaries(
            {},
            optional={
                "output": st.lists(wild_items | jsons, max_size=3) | jsons,
                "usage": jsons,
                "service_tier": texts,
                "incomplete_details": jsons,
            },
        )
    },
)


@given(bodies=st.lists(wild_events, max_size=8), end=wild_ends, ends=ends, legacy=st.booleans())
def test_any_events_give_a_well_formed_answer(both, bodies, end, ends, legacy):
    request = {"functions": [{"name": "a"}]} if legacy else {}
    stream, choice = both([*bodies, end], ends, **request)
    if choice is not None and not legacy:
        agree(stream, choice)


REQUEST = {
    "model": "gpt-5",
    "messages": [
        {"role": "system", "content": "Use json."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "u"}}]},
        {
            "role": "assistant",
            "content": "x",
            "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "d", "type": "custom", "custom": {"name": "g", "input": "t"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c", "content": "r"},
        {"role": "tool", "tool_call_id": "d", "content": [{"type": "text", "text": "r"}]},
        {"role": "assistant", "function_call": {"name": "h", "arguments": "{}"}},
        {"role": "function", "name": "h", "content": "r"},
        {"role": "user", "content": [{"type": "file", "file": {"file_data": "d", "filename": "n"}}]},
    ],
    "tools": [
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": False}},
        {"type": "custom", "custom": {"name": "g", "format": {"type": "grammar", "grammar": {"syntax": "lark"}}}},
    ],
    "functions": [{"name": "h"}],
    "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"function": {"name": "f"}}]}},
    "function_call": "auto",
    "parallel_tool_calls": True,
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
    "verbosity": "low",
    "reasoning_effort": "low",
    "stop": ["x"],
    "n": 1,
    "modalities": ["text"],
    "stream_options": {"include_usage": True},
    "prompt_cache_key": "k",
    "service_tier": "fast",
    "web_search_options": {"user_location": {"type": "approximate", "approximate": {"city": "Ulm"}}},
    "stream": True,
}


def places(value, path=()):
    """Yield the path of everything inside a JSON value."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


PLACES = [path for path in places(REQUEST) if path]


def parse(document):
    """Parse a request, which must be understood or refused; what is understood, an upstream accepts."""
    with suppress(ClientError):
        accepted(DIALECT.parse(orjson.dumps(document), {}))


def accepted(read):
    """Assert that an upstream accepts a request."""
    assert isinstance(read, Parsed)
    body = orjson.loads(orjson.dumps({**read.body, "model": "gpt-5"}))
    body["reasoning"].pop("effort", None)  # a word that is not known yet is the upstream's to judge
    assert upstream_problems(body) == []


def test_the_whole_request_is_understood():
    assert isinstance(DIALECT.parse(orjson.dumps(REQUEST), {}), Parsed)


@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), jsons), min_size=1, max_size=4))
def test_any_json_as_a_request_is_understood_or_refused(changes):
    document = copy.deepcopy(REQUEST)
    for path, value in changes:
        put(document, path, value)
    parse(document)


def put(document, path, value):
    """Replace what is at a path, if it is still there."""
    owner = document
    with suppress(KeyError, IndexError, TypeError):
        for key in path[:-1]:
            owner = owner[key]
        if type(owner) is not dict or type(path[-1]) is str:
            owner[path[-1]] = value


@given(document=jsons)
def test_any_json_at_all(document):
    parse(document)
