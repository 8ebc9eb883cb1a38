"""The dialect as a whole: parse, write, collect, count, fail."""

import orjson
from jackfield.dialects.base import Dialect
from jackfield.dialects.messages import MessagesDialect
from jackfield.model.errors import invalid_request
from jackfield.responses.sse import Event

LONG = "mcp__plugin_" + "x" * 80
REQUEST = orjson.dumps(
    {
        "model": "claude-test",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"name": LONG, "input_schema": {}}],
    }
)


def events(name):
    item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": name, "arguments": '{"a":1}'}
    response = {"id": "resp_1", "output": [item], "usage": {"input_tokens": 5, "output_tokens": 2}}
    return [
        Event.of({"type": "response.output_item.done", "output_index": 0, "item": item}),
        Event.of({"type": "response.completed", "response": response}),
    ]


def test_a_tool_name_beyond_64_characters_goes_there_and_comes_back():
    dialect: Dialect = MessagesDialect()
    parsed = dialect.parse(REQUEST, {})
    short = parsed.body["tools"][0]["name"]
    assert len(short) <= 64

    collector = dialect.collector(parsed)
    collector.feed(events(short))
    answer = orjson.loads(collector.result())
    assert answer["content"] == [
        {"type": "tool_use", "id": "call_1", "name": LONG, "input": {"a": 1}, "caller": {"type": "direct"}}
    ]
    assert answer["model"] == "claude-test"

    writer = dialect.writer(parsed)
    assert LONG.encode() in writer.feed(events(short))
    assert writer.done


def test_failures_wear_anthropics_envelope():
    reply = MessagesDialect().error(invalid_request("model: this field is required", "model"), "req_1")
    assert reply.status == 400
    assert orjson.loads(reply.body)["error"] == {
        "type": "invalid_request_error",
        "message": "model: this field is required",
    }


def test_tokens_are_counted():
    assert orjson.loads(MessagesDialect().count(REQUEST))["input_tokens"] > 0
