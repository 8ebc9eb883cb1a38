"""Any JSON as a request gives an upstream request that is accepted, or a 400: never anything else."""

import contextlib
import copy
import json
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.messages.count import count_tokens
from jackfield.dialects.messages.request import parse_messages
from jackfield.dialects.messages.signature import seal
from jackfield.model.errors import ClientError
from jackfield.testing.upstream_rules import REJECTED, check_upstream_request

KINDS = [
    "text",
    "image",
    "document",
    "search_result",
    "tool_use",
    "tool_result",
    "tool_reference",
    "thinking",
    "redacted_thinking",
    "server_tool_use",
    "web_search_tool_result",
    "web_fetch_tool_result",
    "base64",
    "url",
    "content",
    "file",
    "custom",
    "web_search_20250305",
    "bash_20250124",
    "tool",
    "any",
    "enabled",
    "json_schema",
    "user",
    "assistant",
    "system",
]
KEYS = [
    "type",
    "text",
    "content",
    "role",
    "id",
    "name",
    "input",
    "tool_use_id",
    "is_error",
    "source",
    "data",
    "url",
    "title",
    "signature",
    "thinking",
    "media_type",
    "input_schema",
    "properties",
    "model",
    "messages",
    "system",
    "tools",
]

leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
values = st.recursive(
    leaves | st.sampled_from(KINDS),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=20,
)

WHOLE: dict[str, Any] = {
    "model": "claude-test",
    "system": [{"type": "text", "text": "Be brief."}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "go"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": seal("fox", "BLOB")},
                {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}},
                {"type": "tool_use", "id": "t2", "name": "Read", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "t1",
                    "content": [{"type": "text", "text": "a"}],
                    "is_error": True,
                },
                {"type": "tool_result", "tool_use_id": "t2", "content": "b"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
                {"type": "document", "source": {"type": "text", "data": "d"}, "title": "t"},
            ],
        },
        {"role": "system", "content": "note"},
        {"role": "assistant", "content": [{"type": "web_fetch_tool_result", "content": {"url": "u"}}]},
    ],
    "tools": [
        {"name": "Bash", "description": "d", "input_schema": {"type": "object", "properties": {}}, "strict": True},
        {"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["a"], "user_location": {"city": "c"}},
    ],
    "tool_choice": {"type": "tool", "name": "Bash", "disable_parallel_tool_use": True},
    "thinking": {"type": "enabled", "budget_tokens": 5000},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}},
    "metadata": {"user_id": '{"session_id": "s"}'},
    "stop_sequences": ["END"],
    "speed": "fast",
    "stream": True,
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every node below `value`."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in pairs for place in ((*path, key), *places(inner, (*path, key)))]


PLACES = places(WHOLE)


def replaced(changes: list[tuple[tuple[Any, ...], Any]]) -> dict[str, Any]:
    """Return the whole request with some nodes replaced; a place that an earlier change took away is passed over."""
    request = copy.deepcopy(WHOLE)
    for path, value in changes:
        owner: Any = request
        try:
            for key in path[:-1]:
                owner = owner[key]
            owner[path[-1]] = value
        except (TypeError, KeyError, IndexError):
            continue
    return request


def check(request: Any) -> None:
    body = json.dumps(request).encode()
    with contextlib.suppress(ClientError):
        parsed = parse_messages(body, {})
        whole = orjson.loads(orjson.dumps(parsed.body))
        sent = {key: value for key, value in whole.items() if key not in REJECTED}  # as executors do
        check_upstream_request({"model": "gpt-5", **sent})
        assert orjson.loads(count_tokens(body))["input_tokens"] > 0


def test_the_whole_request_is_accepted():
    parsed = parse_messages(orjson.dumps(WHOLE), {})
    assert [item["type"] for item in parsed.body["input"]] == [
        "message", "reasoning", "function_call", "function_call", "function_call_output", "function_call_output",
        "message", "message", "message",
    ]  # fmt: skip


@given(values)
def test_any_json(value):
    check(value)


@given(st.dictionaries(st.sampled_from(sorted(WHOLE)), values))
def test_any_values_in_the_known_fields(fields):
    check({"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields})


@given(
    st.lists(st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system", "x"]), "content": values}))
)
def test_any_content(messages):
    check({"model": "m", "messages": messages})


@given(st.lists(st.tuples(st.sampled_from(PLACES), values), min_size=1, max_size=3))
def test_a_good_request_with_anything_in_some_places(changes):
    check(replaced(changes))
