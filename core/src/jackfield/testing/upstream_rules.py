"""What every request to a Codex-style Responses upstream must be like, as a checker for tests and fake upstreams.

Each rule stands for an answer 400 that a real upstream gave. Item and tool types that are not listed here are let
through, since a passthrough may carry them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

Object = Mapping[str, Any]

KNOWN = frozenset(
    {
        "model", "instructions", "input", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "text", "store",
        "stream", "include", "prompt_cache_key", "service_tier", "client_metadata", "safety_identifier",
    }
)  # fmt: skip
"""Top-level keys that a strict upstream accepts."""

REJECTED = frozenset(
    {
        "temperature", "top_p", "max_output_tokens", "max_tokens", "max_completion_tokens", "metadata", "user",
        "truncation", "context_management", "previous_response_id", "prompt_cache_options", "prompt_cache_retention",
    }
)  # fmt: skip
"""Top-level keys that Codex-style upstreams answer with "Unsupported parameter"."""

PARTS = {
    "user": {"input_text", "input_image", "input_file", "input_audio"},
    "developer": {"input_text"},
    "assistant": {"output_text", "refusal"},
}
"""The part types that a message of each role may hold."""

PREFIXES = {"message": "msg_", "function_call": "fc_", "reasoning": "rs_", "custom_tool_call": "ctc_"}
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
TIERS = ("auto", "default", "flex", "priority", "fast", "ultrafast", "scale")

_LEGAL_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_OUTPUT_OF = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
_FORBIDDEN_DEEP = ("cache_control", "prompt_cache_breakpoint")
_OPAQUE = ("parameters", "schema", "client_metadata")


def check_upstream_request(body: Object) -> None:
    """Raise AssertionError naming every rule that `body`, a request to the upstream, breaks."""
    problems = upstream_problems(body)
    assert not problems, "the upstream would refuse this request:\n" + "\n".join(problems)  # noqa: S101 - a checker for tests


def upstream_problems(body: Object) -> list[str]:
    """Return every rule that `body` breaks, each as a sentence that begins with the place; [] when none."""
    return [
        *_top(body),
        *_forbidden(body, ""),
        *_items(body.get("input")),
        *_pairing(body.get("input")),
        *_tools(body.get("tools", [])),
        *_tool_choice(body),
        *_settings(body),
    ]


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(_LEGAL_NAME.fullmatch(value))


def _top(body: Object) -> Iterator[str]:
    for key in body:
        if key in REJECTED:
            yield f"{key}: Unsupported parameter"
        elif key not in KNOWN:
            yield f"{key}: unknown top-level key"
    if "instructions" in body and not isinstance(body["instructions"], str):
        yield "instructions: must be text, or left out"
    for key, kind in (("model", str), ("input", list)):
        if not isinstance(body.get(key), kind):
            yield f"{key}: must be there as {kind.__name__}"
    if body.get("stream") is not True:
        yield "stream: must be true"
    if body.get("store") is not False:
        yield "store: must be false"
    if "reasoning.encrypted_content" not in body.get("include", ()):
        yield "include: must hold reasoning.encrypted_content"
    if body.get("input") == []:
        yield "input: must not be empty"


def _forbidden(value: object, path: str) -> Iterator[str]:
    """Look for keys that are refused at any depth, except inside schemas, which are the client's."""
    if isinstance(value, dict):
        for key, inner in value.items():
            place = f"{path}.{key}" if path else key
            if key in _FORBIDDEN_DEEP:
                yield f"{place}: Unsupported parameter"
            elif key not in _OPAQUE:
                yield from _forbidden(inner, place)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _forbidden(inner, f"{path}[{index}]")


def _items(items: object) -> Iterator[str]:
    for index, item in enumerate(items if isinstance(items, list) else []):
        place = f"input[{index}]"
        if not isinstance(item, dict):
            yield f"{place}: must be an object"
            continue
        kind = item.get("type", "message")
        prefix = PREFIXES.get(kind)
        if prefix and not str(item.get("id") or prefix).startswith(prefix):
            yield f"{place}.id: Invalid id, expected one that begins with {prefix}"
        check = _ITEM_CHECKS.get(kind)
        if check:
            yield from (f"{place}.{problem}" for problem in check(item))


def _message(item: Object) -> Iterator[str]:
    role = item.get("role")
    if role not in PARTS:
        yield f"role: {role!r} is not allowed in input"
        return
    content = item.get("content")
    if isinstance(content, str):
        return
    if not isinstance(content, list) or not content:
        yield "content: must be a string or a list with at least one part"
        return
    yield from _parts(content, PARTS[role], "content")


def _parts(parts: list[Any], allowed: set[str], path: str) -> Iterator[str]:
    for index, part in enumerate(parts):
        place = f"{path}[{index}]"
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in allowed:
            yield f"{place}.type: {kind!r} is not one of {sorted(allowed)}"
        elif kind in ("input_text", "output_text") and not isinstance(part.get("text"), str):
            yield f"{place}.text: must be a string"
        elif kind == "input_image" and not (part.get("image_url") or part.get("file_id")):
            yield f"{place}: an image needs image_url or file_id"
        elif kind == "input_file" and not (part.get("file_data") or part.get("file_url") or part.get("file_id")):
            yield f"{place}: a file needs file_data, file_url or file_id"


def _call(item: Object) -> Iterator[str]:
    yield from _call_id(item)
    if not _is_name(item.get("name")):
        yield f"name: {item.get('name')!r} does not fit [A-Za-z0-9_-]{{1,128}}"
    if item["type"] == "custom_tool_call":
        if not isinstance(item.get("input"), str):
            yield "input: must be a string"
        return
    try:
        orjson.loads(item.get("arguments") or "")
    except (orjson.JSONDecodeError, TypeError):
        yield "arguments: must be a JSON string"


def _output(item: Object) -> Iterator[str]:
    yield from _call_id(item)
    output = item.get("output")
    if isinstance(output, list):
        yield from _parts(output, {"input_text", "input_image", "input_file"}, "output")
    elif not isinstance(output, str):
        yield "output: must be a string or a list of parts"


def _call_id(item: Object) -> Iterator[str]:
    name = item.get("call_id")
    if not isinstance(name, str) or not 1 <= len(name) <= 64:
        yield "call_id: must be a string of 1 to 64 characters"


def _reasoning(item: Object) -> Iterator[str]:
    if not isinstance(item.get("encrypted_content"), str):
        yield "encrypted_content: an item without it would be looked up, and nothing is stored"
    summary = item.get("summary")
    if not isinstance(summary, list) or any(part.get("type") != "summary_text" for part in summary):
        yield "summary: must be a list of summary_text parts"


_ITEM_CHECKS = {
    "message": _message,
    "function_call": _call,
    "custom_tool_call": _call,
    "function_call_output": _output,
    "custom_tool_call_output": _output,
    "reasoning": _reasoning,
}


def _pairing(items: object) -> Iterator[str]:
    waiting: dict[str, str] = {}
    seen: set[str] = set()
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict):
            continue
        kind, name = item.get("type"), str(item.get("call_id"))
        if kind in _OUTPUT_OF:
            if name in seen:
                yield f"input: the call_id {name} is used twice"
            seen.add(name)
            waiting[name] = _OUTPUT_OF[kind]
        elif kind in _OUTPUT_OF.values() and waiting.pop(name, None) != kind:
            yield f"input: No tool call found for {kind} with call_id {name}"
        elif item.get("role") == "user" and waiting:
            yield f"input: user text stands before the outputs of {sorted(waiting)}"
    if waiting:
        yield f"input: No tool output found for the calls {sorted(waiting)}"


def _tools(tools: object) -> Iterator[str]:
    if not isinstance(tools, list):
        yield "tools: must be a list"
        return
    names: set[str] = set()
    for index, tool in enumerate(tools):
        place = f"tools[{index}]"
        if not isinstance(tool, dict) or not isinstance(tool.get("type"), str):
            yield f"{place}.type: Missing required parameter"
            continue
        if tool["type"] not in ("function", "custom"):
            continue
        if not _is_name(tool.get("name")):
            yield f"{place}.name: {tool.get('name')!r} does not fit [A-Za-z0-9_-]{{1,128}}"
        if tool.get("name") in names:
            yield f"{place}.name: {tool.get('name')!r} is used twice"
        names.add(str(tool.get("name")))
        if tool["type"] == "function":
            yield from (f"{place}.{problem}" for problem in _function(tool))


def _function(tool: Object) -> Iterator[str]:
    for key in tool:
        if key not in ("type", "name", "description", "parameters", "strict"):
            yield f"{key}: unknown key in a function tool"
    schema = tool.get("parameters")
    if not isinstance(schema, dict) or schema.get("type") != "object":
        yield "parameters: must be a schema of type object"
    elif not isinstance(schema.get("properties"), dict):
        yield "parameters: object schema missing properties"
    elif "$schema" in schema:
        yield "parameters.$schema: not permitted"
    if not isinstance(tool.get("strict", False), bool):
        yield "strict: must be a boolean"


def _tool_choice(body: Object) -> Iterator[str]:
    choice = body.get("tool_choice")
    if choice is None or choice in ("auto", "none", "required"):
        return
    if not isinstance(choice, dict) or not isinstance(choice.get("type"), str):
        yield f"tool_choice: {choice!r} is not in the form of Responses"
        return
    tools = body.get("tools", [])
    if choice["type"] in ("function", "custom"):
        if (choice["type"], choice.get("name")) not in {(tool.get("type"), tool.get("name")) for tool in tools}:
            yield f"tool_choice: Tool choice {choice.get('name')!r} not found in tools"
    elif choice["type"] != "allowed_tools" and choice["type"] not in {tool.get("type") for tool in tools}:
        yield f"tool_choice: Tool choice {choice['type']!r} not found in tools"


def _settings(body: Object) -> Iterator[str]:
    reasoning = body.get("reasoning") or {}
    if reasoning.get("effort", "low") not in EFFORTS:
        yield f"reasoning.effort: {reasoning['effort']!r} is not one of {EFFORTS}"
    if reasoning.get("summary", "auto") not in ("auto", "concise", "detailed"):
        yield f"reasoning.summary: {reasoning['summary']!r} is not a kind of summary"
    if body.get("service_tier", "auto") not in TIERS:
        yield f"service_tier: {body['service_tier']!r} is not one of {TIERS}"
    key = body.get("prompt_cache_key", "x")
    if not isinstance(key, str) or not 1 <= len(key) <= 64:
        yield "prompt_cache_key: must be a string of 1 to 64 characters"
    if not isinstance(body.get("parallel_tool_calls", True), bool):
        yield "parallel_tool_calls: must be a boolean"
    shape = (body.get("text") or {}).get("format") or {}
    if shape.get("type") == "json_schema" and not (
        _is_name(shape.get("name")) and isinstance(shape.get("schema"), dict)
    ):
        yield "text.format: json_schema needs a name and a schema"
