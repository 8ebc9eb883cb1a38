"""What the client routes answer: the JSON Schemas of their documents, and their refusals by status.

The refusals come out of the table of `jackfield.model.errors`, so that no status can be told that is never sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jackfield.model.errors import Kind, RequestFailed
from jackfield.responses.verdicts.spent import NOT_INCLUDED, REACHED

Data = dict[str, Any]

_TEXT: Data = {"type": "string"}
_TEXT_OR_NULL: Data = {"type": ["string", "null"]}
_COUNT: Data = {"type": "integer", "minimum": 0}


def _object(properties: Data, *, open_to: bool = True, optional: Iterable[str] = ()) -> Data:
    """Return the schema of an object with these properties, and others unless it is not open to them."""
    needed = [name for name in properties if name not in set(optional)]
    closed = {} if open_to else {"additionalProperties": False}
    return {"type": "object", "properties": properties, "required": needed, **closed}


def _list(items: Data) -> Data:
    return {"type": "array", "items": items}


ROOT = _object({"name": {"const": "jackfield"}, "version": _TEXT, "endpoints": _list(_TEXT)}, open_to=False)
ALIVE = _object({"status": {"const": "ok"}}, open_to=False)
READY = _object(
    {"status": {"enum": ["ready", "not ready"]}, "problems": _list(_TEXT), "providers": _list(_TEXT)}, open_to=False
)

_OPENAI_MODEL = _object(
    {"id": _TEXT, "object": {"const": "model"}, "created": _COUNT, "owned_by": _TEXT}, open_to=False
)
_ANTHROPIC_MODEL = _object(
    {
        "type": {"const": "model"},
        "id": _TEXT,
        "display_name": _TEXT,
        "created_at": {"type": "string", "format": "date-time"},
        "lifecycle": {"const": "active"},
    },
    open_to=False,
)
MODEL: Data = {
    "anyOf": [_OPENAI_MODEL, _ANTHROPIC_MODEL],
    "description": "Anthropic's form where `anthropic-version` was sent, else OpenAI's.",
}
MODELS: Data = {
    "anyOf": [
        _object({"object": {"const": "list"}, "data": _list(_OPENAI_MODEL)}, open_to=False),
        _object(
            {
                "data": _list(_ANTHROPIC_MODEL),
                "has_more": {"type": "boolean"},
                "first_id": _TEXT_OR_NULL,
                "last_id": _TEXT_OR_NULL,
            },
            open_to=False,
        ),
    ],
    "description": "Sorted by id. Anthropic's form, page by page, where `anthropic-version` was sent, else OpenAI's.",
}

RESPONSE = _object(
    {
        "id": _TEXT,
        "object": {"const": "response"},
        "created_at": {"type": "number"},
        "status": {"enum": ["completed", "incomplete"]},
        "model": _TEXT,
        "output": _list(_object({"type": _TEXT})),
    }
) | {"description": "A response of the OpenAI API, as the provider gave it."}

COMPLETION = _object(
    {
        "id": _TEXT,
        "object": {"const": "chat.completion"},
        "created": _COUNT,
        "model": {**_TEXT, "description": "The name that was asked for."},
        "choices": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": _object(
                {
                    "index": {"const": 0},
                    "message": _object({"role": {"const": "assistant"}, "content": _TEXT_OR_NULL}),
                    "logprobs": {"type": "null"},
                    "finish_reason": {"enum": ["stop", "length", "tool_calls", "function_call", "content_filter"]},
                }
            ),
        },
        "usage": _object({"prompt_tokens": _COUNT, "completion_tokens": _COUNT, "total_tokens": _COUNT}),
    }
)

_STOPS = ["end_turn", "tool_use", "max_tokens", "stop_sequence", "refusal", "model_context_window_exceeded"]
MESSAGE = _object(
    {
        "id": _TEXT,
        "type": {"const": "message"},
        "role": {"const": "assistant"},
        "model": {**_TEXT, "description": "The name that was asked for."},
        "content": _list(_object({"type": _TEXT})),
        "stop_reason": {"enum": _STOPS},
        "stop_sequence": _TEXT_OR_NULL,
        "usage": _object({"input_tokens": _COUNT, "output_tokens": _COUNT}),
    }
)
COUNTED = _object({"input_tokens": _COUNT}, open_to=False)

_OPENAI_ERROR: Data = {
    "message": {**_TEXT, "description": "What is wrong, and where."},
    "type": {"enum": sorted({kind.words.openai_type for kind in Kind})},
    "param": {**_TEXT_OR_NULL, "description": "The field at fault."},
    "code": {**_TEXT_OR_NULL, "description": "The provider's own code where it told one."},
}
_PLAN: Data = {
    "plan_type": {**_TEXT, "description": "The account's plan, where the provider told it."},
    "resets_at": {**_COUNT, "description": "When it is there again, in seconds since 1970."},
    "resets_in_seconds": {**_COUNT, "description": "The same, from now."},
}
OPENAI_ERROR = _object({"error": _object(_OPENAI_ERROR, open_to=False)}, open_to=False)
PLAN_ERROR = _object(
    {
        "error": _object(
            {**_OPENAI_ERROR, "type": {"enum": [REACHED, NOT_INCLUDED]}, **_PLAN}, open_to=False, optional=_PLAN
        )
    },
    open_to=False,
) | {"description": "A plan that is used up, or that lacks the service, in the words that the Codex CLI reads."}
ANTHROPIC_ERROR = _object(
    {
        "type": {"const": "error"},
        "error": _object(
            {
                "type": {"enum": sorted({kind.words.anthropic_type for kind in Kind})},
                "message": {**_TEXT, "description": "What is wrong, and where."},
            },
            open_to=False,
        ),
        "request_id": _TEXT,
    },
    open_to=False,
    optional=["request_id"],
)

SAID: Mapping[Kind, str] = {
    Kind.INVALID_REQUEST: "The request cannot be understood, or the provider refused it; the message names the place.",
    Kind.CONTEXT_LENGTH: "The conversation is longer than the model can read.",
    Kind.INVALID_API_KEY: "The key is missing or wrong, or two different ones were sent.",
    Kind.FORBIDDEN: "A web page that is not among `allowed-origins`, or the provider may not serve this.",
    Kind.NOT_FOUND: "There is nothing at this path, or the provider has none.",
    Kind.METHOD_NOT_ALLOWED: "`Allow` names the methods that this path takes.",
    Kind.REQUEST_TIMEOUT: "The body took longer than `limits.body-timeout`.",
    Kind.MODEL_NOT_FOUND: "No provider serves this model.",
    Kind.CONFLICT: "The provider reports a conflict.",
    Kind.TOO_LARGE: "The body is larger than `limits.max-body-bytes`, or than the provider takes, or "
    "has more than a million brackets and commas outside of strings.",
    Kind.UNSUPPORTED_ENCODING: "The body has a content coding that nobody here knows; `Accept-Encoding` names those "
    "that are known.",
    Kind.UPGRADE_REQUIRED: "There is no websocket here: repeat the request as a POST.",
    Kind.HEADERS_TOO_LARGE: "The head is larger than `limits.max-header-bytes`.",
    Kind.RATE_LIMITED: "Every provider limits its rate, or too many wrong keys came from this address.",
    Kind.USAGE_LIMIT: "The account's allowance is used up for now.",
    Kind.QUOTA: "The account at the provider has nothing left to spend.",
    Kind.UPSTREAM_AUTH: "The provider refused the proxy's own key.",
    Kind.OVERLOADED: "The provider is overloaded.",
    Kind.UPSTREAM_ERROR: "The provider failed, or answered with something else than an answer.",
    Kind.UNREACHABLE: "The provider cannot be reached.",
    Kind.TIMEOUT: "The provider was silent for too long.",
    Kind.STREAM_CUT: "The provider's answer broke off.",
    Kind.UNAVAILABLE: "No provider can serve now: none is configured, all rest after failures, or the proxy is full.",
    Kind.INTERNAL: "The proxy failed; its log tells why.",
}
"""What each kind of failure means to a client. `client_gone` is told to nobody."""

ANYWHERE = (Kind.INVALID_REQUEST, Kind.METHOD_NOT_ALLOWED, Kind.NOT_FOUND, Kind.HEADERS_TOO_LARGE, Kind.INTERNAL)
"""What may go wrong on every route: with the head of the request, or in the proxy."""

_OWN_STATUS: Mapping[Kind, tuple[int, ...]] = {Kind.TIMEOUT: (408,), Kind.UPSTREAM_ERROR: (500,)}
"""Statuses of a provider's that are passed on where its failure is of this kind."""


def refusals(kinds: Iterable[Kind], *, anthropic: bool = False) -> dict[str, Data]:
    """Return the refusals of a route by status: its kinds of failure, in the envelope of its dialect."""
    meant: dict[int, list[str]] = {}
    for kind in kinds:
        failure = RequestFailed(kind, "")
        status = failure.anthropic_status if anthropic else failure.openai_status
        for each in (status, *_OWN_STATUS.get(kind, ())):
            meant.setdefault(each, []).append(SAID[kind])
    return {
        str(status): {
            "description": " ".join(dict.fromkeys(said)),
            **_headers(status),
            "content": {"application/json": {"schema": _envelope(status, anthropic=anthropic)}},
        }
        for status, said in sorted(meant.items())
    }


def _envelope(status: int, *, anthropic: bool) -> Data:
    """Return the schema of an error. What breaks off before its path is known has OpenAI's envelope on every path."""
    openai: Data = {"$ref": "#/components/schemas/OpenAIError"}
    if not anthropic:
        return openai
    own: Data = {"$ref": "#/components/schemas/AnthropicError"}
    return {"anyOf": [own, openai]} if status in (400, 408, 431) else own


def _headers(status: int) -> Data:
    told: dict[int, Data] = {
        405: {"Allow": {"description": "The methods that this path takes.", "schema": _TEXT}},
        429: {"Retry-After": {"description": "Seconds to wait, where they are known.", "schema": _TEXT}},
        503: {"Retry-After": {"description": "Seconds to wait, where they are known.", "schema": _TEXT}},
        529: {"Retry-After": {"description": "Seconds to wait, where they are known.", "schema": _TEXT}},
    }
    return {"headers": told[status]} if status in told else {}
