"""C7: a long answer on /v1/responses is not kept in as many pieces as it came in while it is under way."""

import tracemalloc

from jackfield.dialects.responses.gaps import Gaps
from jackfield.dialects.responses.stream import Passthrough
from jackfield.responses.sse import Event

DELTAS = 20_000
WORD = "word "


def event(kind, **rest):
    raw = Event.of({"type": kind, "output_index": 0, **rest}).raw
    return Event.parse(raw[:-2])


def delta():
    return event("response.output_text.delta", item_id="msg_1", content_index=0, delta=WORD, obfuscation="x" * 16)


ADDED = {"type": "message", "id": "msg_1", "role": "assistant", "content": []}


def test_an_open_item_takes_little_more_than_its_text():
    writer = Passthrough()
    writer.feed([event("response.output_item.added", item=ADDED)])
    tracemalloc.start()
    try:
        for _ in range(DELTAS):
            writer.feed([delta()])
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < 10 * DELTAS * len(WORD)


def test_the_text_of_what_was_put_together_is_whole():
    gaps = Gaps()
    gaps.filled([event("response.output_item.added", item=ADDED)])
    for _ in range(DELTAS):
        gaps.filled([delta()])
    [*_, end] = gaps.filled([event("response.completed", response={"id": "resp_1", "output": []})])
    assert end.json()["response"]["output"][0]["content"][0]["text"] == WORD * DELTAS
