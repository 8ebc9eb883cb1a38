"""The events of streamed answers: the JSON Schema of one event of each dialect, its name and its data."""

from __future__ import annotations

from typing import Any

Data = dict[str, Any]

_TEXT: Data = {"type": "string"}
_INDEX: Data = {"type": "integer", "minimum": 0}
_OBJECT: Data = {"type": "object"}


def _object(**properties: Data) -> Data:
    return {"type": "object", "required": list(properties), "properties": properties}


def _event(data: Data, name: Data | None = None) -> Data:
    """Return the schema of an event with this JSON; without a name it has no `event:` line."""
    told = {"type": "string", "contentMediaType": "application/json", "contentSchema": data}
    return _object(**({"event": name} if name else {}), data=told)


RESPONSES = _event({**_OBJECT, "properties": {"type": _TEXT, "sequence_number": _INDEX}}, _TEXT) | {
    "description": "An event of the Responses API, as the provider sent it. The last one is `response.completed`, "
    "`response.incomplete` or `response.failed`; what breaks an answer off comes as the latter."
}


def _chunk() -> Data:
    choice = _object(
        index={"const": 0},
        delta=_OBJECT,
        finish_reason={"enum": [None, "stop", "length", "tool_calls", "function_call", "content_filter"]},
    )
    return _object(
        id=_TEXT,
        object={"const": "chat.completion.chunk"},
        created=_INDEX,
        model=_TEXT,
        choices={"type": "array", "maxItems": 1, "items": choice},
    )


CHAT: Data = {
    "description": "A chunk; after the last one `[DONE]`. An answer that breaks off ends in an error in its place.",
    "anyOf": [
        _object(data={"const": "[DONE]"}),
        _event({"anyOf": [_chunk(), {"$ref": "#/components/schemas/OpenAIError"}]}),
    ],
}


def _messages() -> list[Data]:
    kinds = {
        "message_start": {"message": _OBJECT},
        "content_block_start": {"index": _INDEX, "content_block": _object(type=_TEXT)},
        "content_block_delta": {"index": _INDEX, "delta": _object(type=_TEXT)},
        "content_block_stop": {"index": _INDEX},
        "message_delta": {"delta": _OBJECT, "usage": _OBJECT},
        "message_stop": {},
        "ping": {},
    }
    named = [_event(_object(type={"const": kind}, **told), {"const": kind}) for kind, told in kinds.items()]
    return [*named, _event({"$ref": "#/components/schemas/AnthropicError"}, {"const": "error"})]


MESSAGES: Data = {
    "description": "An event of the Messages API, from `message_start` to `message_stop`. An answer that breaks off "
    "ends in `error` in its place.",
    "anyOf": _messages(),
}
