"""The clients' requests: a conversation in each of the three dialects, as the bytes of an HTTP request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from .conversation import Call, Conversation, Tool

MODEL = "gpt-5"
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a client speaks: where it asks, how a conversation becomes a body, what shows that an answer is complete."""

    path: str
    body: Callable[[Conversation], Body]
    headers: tuple[str, ...]
    end_of_stream: bytes
    end_of_document: bytes


def http_request(dialect: Dialect, conversation: Conversation, *, stream: bool, key: str, port: int) -> bytes:
    """Return the whole request."""
    body = orjson.dumps({"model": MODEL, **dialect.body(conversation), "stream": stream})
    lines = [
        f"POST {dialect.path} HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        "content-type: application/json",
        f"accept: {'text/event-stream' if stream else 'application/json'}",
        "user-agent: jackfield-bench",
        *(header.format(key=key) for header in dialect.headers),
        f"content-length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _responses(conversation: Conversation) -> Body:
    items: list[Body] = [{"type": "message", "role": "user", "content": [_part("input_text", conversation.task)]}]
    for call in conversation.calls:
        items.append({"type": "message", "role": "assistant", "content": [_part("output_text", call.said)]})
        items.append({"type": "function_call", **_named(call), "call_id": call.id})
        items.append({"type": "function_call_output", "call_id": call.id, "output": call.result})
    body: Body = {"input": items, "store": False}
    if conversation.tools:
        body |= {
            "instructions": conversation.system,
            "tools": [{"type": "function", **_function(tool), "strict": False} for tool in conversation.tools],
            "tool_choice": "auto",
        }
    return body


def _messages(conversation: Conversation) -> Body:
    messages: list[Body] = [{"role": "user", "content": [_part("text", conversation.task)]}]
    for call in conversation.calls:
        use = {"type": "tool_use", "id": call.id, "name": call.tool, "input": call.arguments}
        result = {"type": "tool_result", "tool_use_id": call.id, "content": call.result}
        messages.append({"role": "assistant", "content": [_part("text", call.said), use]})
        messages.append({"role": "user", "content": [result]})
    body: Body = {"max_tokens": 32000, "messages": messages}
    if conversation.tools:
        body |= {
            "system": [_part("text", conversation.system) | {"cache_control": {"type": "ephemeral"}}],
            "tools": [
                {"name": tool.name, "description": tool.description, "input_schema": tool.schema}
                for tool in conversation.tools
            ],
        }
    return body


def _chat(conversation: Conversation) -> Body:
    messages: list[Body] = [{"role": "user", "content": conversation.task}]
    for call in conversation.calls:
        use = {"id": call.id, "type": "function", "function": _named(call)}
        messages.append({"role": "assistant", "content": call.said, "tool_calls": [use]})
        messages.append({"role": "tool", "tool_call_id": call.id, "content": call.result})
    body: Body = {"messages": messages}
    if conversation.tools:
        messages.insert(0, {"role": "system", "content": conversation.system})
        body |= {"tools": [{"type": "function", "function": _function(tool)} for tool in conversation.tools]}
    return body


def _part(kind: str, text: str) -> Body:
    return {"type": kind, "text": text}


def _named(call: Call) -> Body:
    return {"name": call.tool, "arguments": json.dumps(call.arguments)}


def _function(tool: Tool) -> Body:
    return {"name": tool.name, "description": tool.description, "parameters": tool.schema}


RESPONSES = Dialect(
    "/v1/responses", _responses, ("authorization: Bearer {key}",), b"response.completed", b'"completed"'
)
MESSAGES = Dialect(
    "/v1/messages",
    _messages,
    ("x-api-key: {key}", "anthropic-version: 2023-06-01"),
    b"message_stop",
    b'"end_turn"',
)
CHAT = Dialect("/v1/chat/completions", _chat, ("authorization: Bearer {key}",), b"data: [DONE]", b'"stop"')
