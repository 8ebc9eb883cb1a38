"""What the demo says: a thought if one is wanted, then a text or, where the input asks for it, one tool call."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TEXT = (
    "Hello from jackfield's demo provider. You asked for {model}; no model was asked, and no account is needed. "
    "Add a provider to config.yaml, and the same request streams from there."
)
TOOL_RESULT = "The tool was called and its result came back: jackfield's tool round trip works."
THOUGHT = "This is the demo provider thinking aloud, so that you can see a reasoning summary stream."

ASKS = re.compile(r"\b(call|use|run|try)\b.{0,40}\btools?\b", re.IGNORECASE)
"""How a user asks for a tool call: "call a tool", "use the weather tool"."""


@dataclass(frozen=True)
class Item:
    """One item of the output: as it is announced, the events between, as it is when done."""

    begun: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    done: dict[str, Any] = field(default_factory=dict)
    pieces: int = 0


def items(body: Mapping[str, Any]) -> Iterator[Item]:
    """Yield the items that answer a request."""
    reasoning = body.get("reasoning") or {}
    if reasoning.get("summary"):
        yield thought()
    if tool := wanted_tool(body):
        yield call(tool)
    elif last_type(body) == "function_call_output":
        yield message(TOOL_RESULT)
    else:
        yield message(TEXT.format(model=body["model"]))


def last_type(body: Mapping[str, Any]) -> str:
    """Return the type of the input's last item."""
    return str(body["input"][-1].get("type") or "message")


def wanted_tool(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the first function tool, once a conversation, if a choice demands a tool or the last words ask for one."""
    tools = [tool for tool in body.get("tools") or [] if tool.get("type") == "function"]
    called = any(item.get("type") == "function_call_output" for item in body["input"])
    if not tools or called:
        return None
    demanded = body.get("tool_choice") not in (None, "auto", "none")
    return tools[0] if demanded or ASKS.search(last_words(body)) else None


def last_words(body: Mapping[str, Any]) -> str:
    """Return the last text of the last message: agents put notes of their own in front of what the user wrote."""
    content = body["input"][-1].get("content") or ""
    if isinstance(content, str):
        return content
    texts = [part["text"] for part in content if isinstance(part.get("text"), str)]
    return texts[-1] if texts else ""


def message(text: str) -> Item:
    """Return a text item, streamed word by word."""
    words = text.split(" ")
    pieces = [words[0], *(f" {word}" for word in words[1:])]
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    empty = {**part, "text": ""}
    base = {"id": _id("msg"), "type": "message", "role": "assistant"}
    stream: list[dict[str, Any]] = [{"type": "response.content_part.added", "part": empty}]
    stream += [{"type": "response.output_text.delta", "delta": piece, "logprobs": []} for piece in pieces]
    stream += [
        {"type": "response.output_text.done", "text": text, "logprobs": []},
        {"type": "response.content_part.done", "part": part},
    ]
    return Item(
        {**base, "status": "in_progress", "content": []},
        [{**event, "content_index": 0} for event in stream],
        {**base, "status": "completed", "content": [part]},
        len(pieces),
    )


def thought() -> Item:
    """Return a reasoning item with one summary part."""
    words = THOUGHT.split(" ")
    pieces = [words[0], *(f" {word}" for word in words[1:])]
    part = {"type": "summary_text", "text": THOUGHT}
    base = {"id": _id("rs"), "type": "reasoning"}
    stream: list[dict[str, Any]] = [{"type": "response.reasoning_summary_part.added", "part": {**part, "text": ""}}]
    stream += [{"type": "response.reasoning_summary_text.delta", "delta": piece} for piece in pieces]
    stream += [
        {"type": "response.reasoning_summary_text.done", "text": THOUGHT},
        {"type": "response.reasoning_summary_part.done", "part": part},
    ]
    return Item(
        {**base, "summary": []},
        [{**event, "summary_index": 0} for event in stream],
        {**base, "summary": [part]},
        len(pieces),
    )


def call(tool: Mapping[str, Any]) -> Item:
    """Return a call of `tool` whose arguments have the types its schema asks for."""
    arguments = json.dumps(sample(tool.get("parameters") or {}), ensure_ascii=False)
    pieces: Sequence[str] = [arguments[start : start + 8] for start in range(0, len(arguments), 8)]
    base = {"id": _id("fc"), "type": "function_call", "call_id": _id("call"), "name": tool["name"]}
    stream: list[dict[str, Any]] = [
        {"type": "response.function_call_arguments.delta", "delta": piece} for piece in pieces
    ]
    stream.append({"type": "response.function_call_arguments.done", "name": tool["name"], "arguments": arguments})
    return Item(
        {**base, "status": "in_progress", "arguments": ""},
        stream,
        {**base, "status": "completed", "arguments": arguments},
        len(pieces),
    )


def sample(schema: Mapping[str, Any]) -> Any:
    """Return a value that fits a simple JSON Schema: required properties only."""
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        properties = schema.get("properties") or {}
        return {name: sample(properties.get(name) or {"type": "string"}) for name in schema.get("required") or []}
    values: dict[str, Any] = {"string": "demo", "integer": 1, "number": 1.0, "boolean": True, "array": []}
    return values.get(str(kind))


def _id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex}"
