"""The prompt cache: each request of a conversation begins with the bytes of the one before."""

import itertools
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.messages.request import parse_messages
from jackfield.dialects.messages.signature import seal

LONG = "mcp__plugin_" + "n" * 70
TOOLS = [{"name": name, "input_schema": {"type": "object"}} for name in ("Bash", LONG, LONG + "2", "a.b")]
NAMES = [tool["name"] for tool in TOOLS]
IDS = st.sampled_from(["t1", "t2", "i" * 70, "i" * 70 + "2"])

texts = st.builds(lambda text: {"type": "text", "text": text}, st.text(min_size=1, max_size=6))
calls = st.builds(
    lambda name, tool: {"type": "tool_use", "id": name, "name": tool, "input": {"x": 1}}, IDS, st.sampled_from(NAMES)
)
results = st.builds(
    lambda name, text: {"type": "tool_result", "tool_use_id": name, "content": text}, IDS, st.text(max_size=6)
)
thoughts = st.sampled_from(
    [{"type": "thinking", "thinking": "hm", "signature": signature} for signature in (seal("fox", "B"), "foreign")]
)
said = st.text(min_size=1, max_size=6) | st.builds(
    lambda blocks, block: [*blocks, block], st.lists(texts | calls | thoughts, max_size=4), texts | calls
)
asked = st.text(min_size=1, max_size=6) | st.lists(texts | results, min_size=1, max_size=5)
turns = st.lists(st.tuples(asked, said), min_size=1, max_size=5)


def marked(content: Any) -> Any:
    """Return the content with a cache mark on its last block, as clients move it along from turn to turn."""
    if isinstance(content, str) or not content:
        return content
    return [*content[:-1], {**content[-1], "cache_control": {"type": "ephemeral"}}]


def request(conversation: list[tuple[Any, Any]], turn: int, nonce: int) -> bytes:
    """Return the request that asks for the answer of a turn."""
    messages: list[dict[str, Any]] = []
    for asks, says in conversation[:turn]:
        messages += [{"role": "user", "content": asks}, {"role": "assistant", "content": says}]
    messages.append({"role": "user", "content": marked(conversation[turn][0])})
    system = [
        {"type": "text", "text": f"x-anthropic-billing-header: cch={nonce};"},
        {"type": "text", "text": "Be brief."},
        {"type": "text", "text": "Always.", "cache_control": {"type": "ephemeral"}},
    ]
    return orjson.dumps({"model": "m", "system": system, "messages": messages, "tools": TOOLS})


@given(turns)
def test_every_request_begins_as_the_one_before(conversation):
    conversation = [("begin", "yes"), *conversation]
    bodies = [parse_messages(request(conversation, turn, turn), {}).body for turn in range(len(conversation))]
    for earlier, later in itertools.pairwise(bodies):
        sent = [orjson.dumps(item) for item in earlier["input"]]
        assert [orjson.dumps(item) for item in later["input"]][: len(sent)] == sent
        rest = {key: value for key, value in later.items() if key != "input"}
        assert list(later) == list(earlier)
        assert orjson.dumps({**rest, "input": []}) == orjson.dumps({**rest, **earlier, "input": []})
