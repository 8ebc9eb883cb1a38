"""What the client routes take: the JSON Schemas of their request bodies, as far as the dialects read them.

Only what is always refused is ruled out here. Fields that nobody reads pass whatever they hold, and what depends on
other fields is said in words.
"""

from __future__ import annotations

from typing import Any

from jackfield.dialects.stops import MAX_COUNT, MAX_LENGTH

Data = dict[str, Any]

_NAME: Data = {"type": "string", "minLength": 1}
_TEXT: Data = {"type": ["string", "null"]}
_FLAG: Data = {"type": ["boolean", "null"]}
_OBJECT: Data = {"type": ["object", "null"]}
_STOP: Data = {"type": "string", "maxLength": MAX_LENGTH}


def _said(schema: Data, description: str) -> Data:
    return {**schema, "description": description}


def _object(needed: dict[str, Data], optional: dict[str, Data]) -> Data:
    return {"type": "object", "required": list(needed), "properties": {**needed, **optional}}


def _objects(item: Data, *, least: int = 0) -> Data:
    """Return the schema of a list of objects; one that may be empty may also be null."""
    if least:
        return {"type": "array", "minItems": least, "items": item}
    return {"type": ["array", "null"], "items": item}


_MODEL = _said(_NAME, "A listed model, or a name that fits a provider's patterns; `provider/model` pins the provider.")
_STREAM = _said(_FLAG, "true: the answer comes as server-sent events. Otherwise it is one JSON document.")
_ANYTHING_ELSE = "Every other field of the API may be there, and is passed on, translated or left out."

RESPONSES = _object(
    {
        "model": _MODEL,
        "input": {
            "description": "The conversation: one text, or its items in order.",
            "anyOf": [{"type": "string"}, _objects({"type": "object"}, least=1)],
        },
    },
    {
        "stream": _STREAM,
        "instructions": {"description": "The system prompt."},
        "tools": {"description": "The tools that the model may call."},
        "reasoning": {"description": "`effort` says how hard the model thinks; a model's suffix decides first."},
        "prompt_cache_key": {"description": "Names the conversation, which then stays with its provider."},
        "previous_response_id": {
            "description": "Nothing is stored here: refused with 400 unless `input` brings the conversation."
        },
        "conversation": {"description": "As `previous_response_id`."},
        "prompt": {"description": "As `previous_response_id`."},
        "store": {"description": "Passed over: nothing is stored."},
    },
) | {"description": f"A request of the OpenAI Responses API. {_ANYTHING_ELSE}"}

_CHAT_ROLES = ["system", "developer", "user", "assistant", "tool", "function"]
_CONTENT: Data = {
    "description": "A text, or parts of it; images and files may stand in what a user or a tool says.",
    "anyOf": [{"type": ["string", "null"]}, _objects({"type": "object", "properties": {"type": _TEXT}})],
}
_FUNCTION = _object({"name": _NAME}, {"description": _TEXT, "parameters": _OBJECT, "strict": _FLAG})

CHAT = _object(
    {
        "model": _MODEL,
        "messages": _said(
            _objects(_object({"role": {"enum": _CHAT_ROLES}}, {"content": _CONTENT}), least=1),
            "The conversation. There must be something in it to answer.",
        ),
    },
    {
        "stream": _STREAM,
        "stream_options": _said(
            {**_OBJECT, "properties": {"include_usage": _FLAG}},
            "With `include_usage` a stream has one chunk more, with the tokens.",
        ),
        "stop": {
            "description": "Sequences at whose first the answer ends.",
            "anyOf": [_STOP, {"type": "array", "maxItems": MAX_COUNT, "items": _STOP}, {"type": "null"}],
        },
        "n": {"enum": [1, None], "description": "There is one choice in an answer."},
        "modalities": {
            "type": ["array", "null"],
            "items": {"not": {"const": "audio"}},
            "description": "Answers are text.",
        },
        "tools": _said(
            _objects({"type": "object", "properties": {"type": _TEXT}}),
            "Functions, custom tools and web search. Others of the Responses API are refused.",
        ),
        "functions": _said(_objects(_FUNCTION), "The older form of `tools`; the answer has the older form, too."),
        "tool_choice": {"description": "Must be one of `tools` where it names a tool."},
        "parallel_tool_calls": _FLAG,
        "response_format": _said(
            {**_OBJECT, "properties": {"type": _TEXT}},
            "`json_schema` or `json_object`; the latter needs the word JSON in the messages.",
        ),
        "reasoning_effort": _said(_TEXT, "How hard the model thinks; a model's suffix decides first."),
        "verbosity": _TEXT,
        "service_tier": _said(_TEXT, "`priority` and `fast` are passed on as `priority`."),
        "prompt_cache_key": _said(_TEXT, "Names the conversation, which then stays with its provider."),
        "web_search_options": _OBJECT,
        "input": {"type": "null", "description": "Read as `messages` where those are missing; not both at once."},
        "instructions": _said(_TEXT, "Text in front of the conversation."),
        "logprobs": _said({"enum": [False, None]}, "Refused where it is true: the upstream does not tell them."),
        "background": _said({"enum": [False, None]}, "Refused where it is true: nothing is stored here."),
        "previous_response_id": _said({"type": "null"}, "Refused: nothing is stored here."),
    },
) | {"description": f"A request of the OpenAI Chat Completions API. {_ANYTHING_ELSE}"}

_BLOCKS: Data = {
    "description": "A text, or blocks: text, images, documents, thinking, tool calls, results of tools.",
    "anyOf": [{"type": ["string", "null"]}, _objects({"type": "object"})],
}
_TURN = _object(
    {"role": _said(_NAME, "`user` or `assistant`; in the middle also `system` and `developer`.")}, {"content": _BLOCKS}
)
_SYSTEM: Data = {
    "description": "The system prompt: a text, or blocks of text.",
    "anyOf": [{"type": ["string", "null"]}, _objects({"type": "object", "properties": {"text": _TEXT}})],
}

_READ_BY_BOTH: dict[str, Data] = {
    "system": _SYSTEM,
    "tools": _said(
        _objects({"type": "object", "properties": {"type": _TEXT}}),
        "Tools of the client, and web search. Tools that only Anthropic's servers run are left out.",
    ),
    "tool_choice": {
        "description": "`auto`, `any`, `none`, or one of `tools`.",
        "anyOf": [
            {"type": ["string", "null"]},
            {"type": "object", "properties": {"type": _TEXT, "disable_parallel_tool_use": _FLAG}},
        ],
    },
    "thinking": _said({**_OBJECT, "properties": {"type": _TEXT}}, "Whether, and how hard, the model thinks."),
    "output_config": _said(
        {**_OBJECT, "properties": {"effort": _TEXT, "format": _OBJECT}}, "Effort, and the schema of the answer."
    ),
}
MESSAGES = _object(
    {
        "model": _said(_NAME, "A listed model; a `claude-*` name is served by the providers' default model."),
        "messages": _said(
            _objects(_TURN, least=1),
            "The conversation. There must be something in it to answer.",
        ),
    },
    {
        **_READ_BY_BOTH,
        "stream": _STREAM,
        "stop_sequences": _said(
            {"type": ["array", "null"], "maxItems": MAX_COUNT, "items": _STOP},
            "Sequences at whose first the answer ends.",
        ),
        "metadata": _said({**_OBJECT, "properties": {"user_id": _TEXT}}, "Its session names the conversation."),
        "speed": _said(_TEXT, "`fast` asks for the provider's priority tier."),
        "max_tokens": {"description": "Passed over: such upstreams take no limit."},
        "thread": _said({"type": "null"}, "Refused with `error.details`, on which the SDKs send whole conversations."),
        "compaction": _said({"type": "null"}, "Refused: conversations are not summarized here."),
        "container": _said({"type": "null"}, "Refused: containers cannot be reached from here."),
    },
) | {"description": f"A request of the Anthropic Messages API. {_ANYTHING_ELSE}"}

COUNT = _object(
    {"messages": {"type": "array", "items": _TURN, "description": "The conversation, which may be empty."}},
    _READ_BY_BOTH,
) | {"description": "What would be sent to `/v1/messages`. It is counted here; no upstream is asked."}
