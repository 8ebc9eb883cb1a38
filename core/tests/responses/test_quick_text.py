"""Text deltas are mostly cut out of their bytes; what is told must be what parsing them would tell."""

import json

import orjson
from hypothesis import given
from hypothesis import strategies as st
from jackfield.responses import Reader
from jackfield.responses.sse import Event

TEXTS = st.text(max_size=6) | st.sampled_from(['"', "\\", ',"delta":"', '"item_id"', "\u2028", "\U0001f600", "\x00"])
DELTAS = st.fixed_dictionaries(
    {"delta": TEXTS},
    optional={
        "item_id": st.sampled_from(["a", "b", '","delta":"x']),
        "output_index": st.integers(0, 1),
        "content_index": st.integers(0, 1),
        "sequence_number": st.integers(0, 9),
        "logprobs": st.lists(
            st.dictionaries(st.sampled_from(["item_id", "delta", "x"]), TEXTS, max_size=3), max_size=2
        ),
        "obfuscation": TEXTS,
    },
)
ENDS = st.builds(
    lambda kind, index, name: {
        "type": f"response.{kind}",
        "output_index": index,
        "item_id": name,
        "item": {"type": "message"},
    },
    st.sampled_from(["output_item.added", "output_item.done", "output_text.done"]),
    st.integers(0, 1),
    st.sampled_from("ab"),
)


@st.composite
def streams(draw):
    """Return the data of events: deltas whose fields stand in one of a few orders, as of one upstream or several."""
    orders = draw(st.lists(st.permutations(["type", *_KEYS]), min_size=1, max_size=2))
    events = []
    for event in draw(st.lists(DELTAS | ENDS, max_size=8)):
        order = draw(st.sampled_from(orders))
        whole = {"type": "response.output_text.delta", **event}
        ordered = {key: whole[key] for key in sorted(whole, key=lambda key: order.index(key) if key in order else 99)}
        events.append(draw(st.sampled_from([orjson.dumps, _spaced, _ascii]))(ordered))
    return [data for data in events for _ in range(draw(st.integers(1, 2)))]


_KEYS = ["item_id", "output_index", "content_index", "delta", "logprobs", "sequence_number", "obfuscation"]


def _spaced(body):
    return json.dumps(body, ensure_ascii=False).encode()


def _ascii(body):
    return json.dumps(body, separators=(",", ":")).encode()


class Slow(Reader):
    """A reader that parses everything."""

    def _quick_text(self, data):
        return None


@given(streams())
def test_what_is_cut_out_is_what_parsing_tells(stream):
    quick, slow = Reader(), Slow()
    for data in stream:
        event = Event.parse(b"data: " + data)
        assert list(quick.read(event)) == list(slow.read(event))
