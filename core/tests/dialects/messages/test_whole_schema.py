"""Every field that the schema of Anthropic's answers requires is there, null where nothing is known."""

import orjson
from jackfield.dialects.messages import MessagesDialect
from jackfield.responses.sse import Event

USAGE = {
    "cache_creation", "cache_creation_input_tokens", "cache_read_input_tokens", "inference_geo", "input_tokens",
    "output_tokens", "output_tokens_details", "server_tool_use", "service_tier",
}  # fmt: skip
MESSAGE = {
    "id", "type", "role", "content", "model", "stop_reason", "stop_sequence", "stop_details", "usage", "container",
}  # fmt: skip
DELTA = {"stop_reason", "stop_sequence", "stop_details", "container"}

EVENTS = [
    {"type": "response.output_text.delta", "output_index": 0, "item_id": "i", "content_index": 0, "delta": "Hi"},
    {
        "type": "response.output_item.done",
        "output_index": 1,
        "item": {"type": "function_call", "id": "f", "call_id": "c", "name": "n", "arguments": "{}"},
    },
    {"type": "response.completed", "response": {"id": "r", "status": "completed", "output": []}},
]


def parsed(*, stream):
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    return MessagesDialect().parse(orjson.dumps(body), {})


def test_a_whole_message_has_every_field():
    collector = MessagesDialect().collector(parsed(stream=False))
    collector.feed([Event.of(event) for event in EVENTS])
    message = orjson.loads(collector.result())
    assert message.keys() == MESSAGE
    assert message["usage"].keys() == USAGE
    assert message["content"][0] == {"type": "text", "text": "Hi", "citations": None}
    assert message["content"][1]["caller"] == {"type": "direct"}


def test_a_stream_has_every_field():
    writer = MessagesDialect().writer(parsed(stream=True))
    data = writer.feed([Event.of(event) for event in EVENTS])
    told = [orjson.loads(line[6:]) for line in data.split(b"\n") if line.startswith(b"data: ")]
    start = next(event for event in told if event["type"] == "message_start")["message"]
    delta = next(event for event in told if event["type"] == "message_delta")
    assert start.keys() == MESSAGE
    assert start["usage"].keys() == USAGE
    assert start["stop_reason"] is None
    assert delta["delta"].keys() == DELTA
    assert {"output_tokens_details", "server_tool_use", "input_tokens"} < delta["usage"].keys()
