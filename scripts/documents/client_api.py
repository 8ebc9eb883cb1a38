"""`schemas/client.openapi.json`: the client routes in OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jackfield import __version__
from jackfield.app import dialects
from jackfield.model.errors import Kind

from . import client_answers as answers
from . import client_bodies as bodies
from . import client_events as events

Data = dict[str, Any]

_GUARDED = (Kind.INVALID_API_KEY, Kind.FORBIDDEN, Kind.RATE_LIMITED)
"""What may go wrong where a client is let in."""

_BODY = (Kind.TOO_LARGE, Kind.UNSUPPORTED_ENCODING, Kind.REQUEST_TIMEOUT)
_SERVED = tuple(kind for kind in answers.SAID if kind is not Kind.UPGRADE_REQUIRED)

_STREAMS: Mapping[str, Data] = {
    "/v1/responses": events.RESPONSES,
    "/v1/chat/completions": events.CHAT,
    "/v1/messages": events.MESSAGES,
}
_ANSWERING: Mapping[str, tuple[str, str, str]] = {
    "/v1/responses": ("Answer in the form of OpenAI Responses", "ResponsesRequest", "Response"),
    "/v1/chat/completions": ("Answer in the form of OpenAI Chat Completions", "ChatRequest", "ChatCompletion"),
    "/v1/messages": ("Answer in the form of Anthropic Messages", "MessagesRequest", "Message"),
}


def describe() -> Data:
    """Return the description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jackfield",
            "version": __version__,
            "description": "The routes for clients: coding agents, and whatever speaks to OpenAI or Anthropic.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "http://127.0.0.1:8317", "description": "Where the proxy listens if nothing else is set."}],
        "security": [{"bearer": []}, {"x-api-key": []}, {"x-goog-api-key": []}, {}],
        "paths": {**_small(), **_models(), **{path: _answering(path) for path in dialects()}, **_count()},
        "components": {"securitySchemes": _KEYS, "schemas": _SCHEMAS},
    }


_KEYS = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "One of `api-keys`; without any, nobody needs one."},
    **{
        name: {"type": "apiKey", "in": "header", "name": name, "description": "The same key in another header."}
        for name in ("x-api-key", "x-goog-api-key")
    },
}
_SCHEMAS: Data = {
    "ResponsesRequest": bodies.RESPONSES,
    "ChatRequest": bodies.CHAT,
    "MessagesRequest": bodies.MESSAGES,
    "CountRequest": bodies.COUNT,
    "Response": answers.RESPONSE,
    "ChatCompletion": answers.COMPLETION,
    "Message": answers.MESSAGE,
    "OpenAIError": answers.OPENAI_ERROR,
    "PlanError": answers.PLAN_ERROR,
    "AnthropicError": answers.ANTHROPIC_ERROR,
}


def _ref(name: str) -> Data:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(text: str, schema: Data) -> Data:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _operation(name: str, summary: str, ok: Data, refusals: Data, **more: Any) -> Data:
    return {"operationId": name, "summary": summary, **more, "responses": {"200": ok, **refusals}}


def _open(name: str, summary: str, schema: Data) -> Data:
    """Return a route that needs no key."""
    ok = _answer(f"{summary}.", schema)
    return {"get": _operation(name, summary, ok, answers.refusals(answers.ANYWHERE), security=[])}


def _small() -> Data:
    ready = _open("readiness", "Whether requests can be served", answers.READY)
    ready["get"]["responses"]["503"] = _answer("Requests cannot be served, and why.", answers.READY)
    return {
        "/": _open("root", "What this is, and which routes there are", answers.ROOT),
        "/healthz": _open("health", "That the process lives", answers.ALIVE),
        "/readyz": ready,
    }


_VERSION = {
    "name": "anthropic-version",
    "in": "header",
    "description": "Asks for Anthropic's form, whatever its value.",
    "schema": {"type": "string"},
}


def _query(name: str, description: str, schema: Data) -> Data:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_PAGE = [
    _VERSION,
    _query("limit", "Anthropic's form: models on a page.", {"type": "integer", "minimum": 1, "maximum": 1000}),
    _query("after_id", "Anthropic's form: the page behind this model.", {"type": "string"}),
    _query("before_id", "Anthropic's form: the page before this model.", {"type": "string"}),
]


def _models() -> Data:
    ok, one = _answer("The models.", answers.MODELS), _answer("The model.", answers.MODEL)
    name = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    listed = _either(answers.ANYWHERE, _GUARDED)
    found = _either((*answers.ANYWHERE, Kind.MODEL_NOT_FOUND), _GUARDED)
    return {
        "/v1/models": {"get": _operation("models", "The models that are served", ok, listed, parameters=_PAGE)},
        "/v1/models/{id}": {"get": _operation("model", "One model", one, found, parameters=[name, _VERSION])},
    }


def _either(*kinds: Iterable[Kind]) -> Data:
    """Return refusals whose envelope is that of the form which was asked for."""
    told = answers.refusals([kind for each in kinds for kind in each])
    for refusal in told.values():
        refusal["content"] = {"application/json": {"schema": {"anyOf": [_ref("OpenAIError"), _ref("AnthropicError")]}}}
    return told


def _answering(path: str) -> Data:
    summary, request, document = _ANSWERING[path]
    anthropic = path == "/v1/messages"
    name = path.removeprefix("/v1/").replace("/", "-")
    ok = {
        "description": "The answer: one document, or with `stream` a stream of events, of which the schema is of one.",
        "content": {
            "application/json": {"schema": _ref(document)},
            "text/event-stream": {"schema": _STREAMS[path]},
        },
    }
    served = answers.refusals(_SERVED, anthropic=anthropic)
    if path == "/v1/responses":
        served["429"]["content"] = {"application/json": {"schema": {"anyOf": [_ref("OpenAIError"), _ref("PlanError")]}}}
    refused = (*answers.ANYWHERE, Kind.UPGRADE_REQUIRED)
    return {
        "post": _operation(
            name,
            summary,
            ok,
            served,
            requestBody=_body(request),
        ),
        "get": {
            "operationId": f"{name}-websocket",
            "summary": "A websocket is refused, at once",
            "responses": answers.refusals(refused, anthropic=anthropic),
        },
    }


def _body(name: str) -> Data:
    return {"required": True, "content": {"application/json": {"schema": _ref(name)}}}


def _count() -> Data:
    kinds = (*answers.ANYWHERE, *_GUARDED, *_BODY)
    told = answers.refusals(kinds, anthropic=True)
    ok = _answer("The number of input tokens.", answers.COUNTED)
    operation = _operation(
        "count_tokens", "Count the tokens of a Messages request", ok, told, requestBody=_body("CountRequest")
    )
    return {"/v1/messages/count_tokens": {"post": operation}}
