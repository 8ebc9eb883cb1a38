"""The description of the API in OpenAPI 3.1, composed from the keys that the installed plugins bring."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.metadata import version
from typing import Any

from jackfield.api import Host, Section
from quart import Response

from . import schemas
from .answers import as_json
from .guard import PREFIX, Guard
from .keyed import routed
from .sections import Handlers

Data = dict[str, Any]

ERRORS: Mapping[int, str] = {
    400: "The body is not JSON, or a parameter cannot be used.",
    401: "The management key is missing or wrong.",
    403: "The caller is remote while `allow-remote` is false, is a web page that is not listed, or is banned for 30 "
    "minutes after five wrong keys.",
    404: "No management key is configured, or what was asked for is not there.",
    409: "There is no file to change, or it does not hold as it is.",
    412: "The file is not the version that `If-Match` names.",
    413: "The body has more than 1 MiB.",
    415: "The body has a content coding that nobody here knows.",
    422: "What was sent does not hold; nothing was stored.",
    503: "The file cannot be read or written.",
}
ALWAYS = (401, 403, 404)
READS = (*ALWAYS, 409, 503)
WRITES = (400, *READS, 412, 413, 415, 422)

_ETAG = {"ETag": {"description": "The version of the configuration file.", "schema": {"type": "string"}}}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "Change the file only if its ETag is this one.",
    "schema": {"type": "string"},
}


def route(host: Host) -> Handlers:
    """Return the route of the description."""

    async def get() -> Response:
        described = describe(host.config.schema)
        described["paths"].update(Guard.of(host).described)
        return as_json(described)

    return {"GET": get}


def describe(schema: Mapping[str, Any]) -> Data:
    """Return the description, given the composed schema of the configuration."""
    paths = {f"{PREFIX}{path}": item for path, item in _fixed(schema).items()}
    for section in _sections(schema):
        paths[f"{PREFIX}/{section.key}"] = _keyed(section)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jackfield management API",
            "version": version("jackfield-management"),
            "description": "See what the proxy does, and change its configuration while it serves.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"header": []}],
        "paths": dict(sorted(paths.items())),
        "components": _components(schema),
    }


def _sections(schema: Mapping[str, Any]) -> Iterator[Section]:
    return routed(Section.all(schema))


def _components(schema: Mapping[str, Any]) -> Data:
    return {
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "X-Management-Key"},
        },
        "schemas": {
            "Error": schemas.ERROR,
            "Problems": schemas.PROBLEMS,
            **{name: schemas.referring(part) for name, part in schema.get("$defs", {}).items()},
            **{name: part for section in _sections(schema) for name, part in _variants(section, schema).items()},
        },
        "responses": {str(status): _error(status, text) for status, text in ERRORS.items()},
    }


def _error(status: int, text: str) -> Data:
    error: Data = {"$ref": "#/components/schemas/Error"}
    if status in (409, 422):
        error = {"anyOf": [{"$ref": "#/components/schemas/Problems"}, error]}
    return {"description": text, "content": {"application/json": {"schema": error}}}


def operation(summary: str, ok: Data, refusals: Iterable[int] = ALWAYS, **more: Any) -> Data:
    """Return an operation that answers 200 with `ok`, or one of the refusals."""
    responses = {"200": ok, **{str(status): {"$ref": f"#/components/responses/{status}"} for status in refusals}}
    return {"summary": summary, **more, "responses": dict(sorted(responses.items()))}


def answer(text: str, schema: Data, media: str = "application/json", *, versioned: bool = False) -> Data:
    """Return an answer of status 200."""
    headers = {"headers": _ETAG} if versioned else {}
    return {"description": text, **headers, "content": {media: {"schema": schema}}}


def _body(schema: Data, media: str = "application/json", *, required: bool = True) -> Data:
    return {"required": required, "content": {media: {"schema": schema}}}


def _read(key: str, ok: Data) -> Data:
    return operation(f"Read {key}", ok, READS, operationId=f"get-{key}")


def _write(method: str, summary: str, key: str, ok: Data, body: Data) -> Data:
    more = {"operationId": f"{method}-{key}", "parameters": [_IF_MATCH], "requestBody": _body(body)}
    return operation(f"{summary} {key}", ok, WRITES, **more)


def _keyed(section: Section) -> Data:
    """Return the operations of one key of the configuration."""
    key = section.key
    stored, sent, patch = (_ref(f"{key}{variant}") for variant in _VARIANTS)
    if section.kind == "object":
        ok = answer("The block as it is stored, complete, with secrets masked.", stored, versioned=True)
        return {
            "get": _read(key, ok),
            "put": _write("put", "Replace", key, ok, schemas.wrapped(key, sent)),
            "patch": _write("patch", "Merge into", key, ok, schemas.wrapped(key, patch)),
        }
    ok = answer("The key as it is stored, with secrets masked.", schemas.only(key, stored), versioned=True)
    if section.kind == "boolean":
        body = {"oneOf": [schemas.only("value", stored), schemas.only(key, stored)]}
        methods = {name: _write(name, "Set", key, ok, body) for name in ("put", "patch")}
        return {"get": _read(key, ok), **methods}
    return {"get": _read(key, ok), **_list_changes(section, ok)}


_VARIANTS: Mapping[str, Callable[[Any], Any]] = {
    "": lambda schema: schema,
    ".sent": schemas.sent,
    ".patch": schemas.patched,
}
"""The schemas of a key: as it is stored, as it is sent, as a change of it."""


def _variants(section: Section, root: Mapping[str, Any]) -> Data:
    schema = schemas.referring(root["properties"][section.key])
    kinds = {"object": tuple(_VARIANTS), "array": ("", ".patch"), "boolean": ("",)}[section.kind]
    found = {f"{section.key}{variant}": _VARIANTS[variant](schema) for variant in kinds}
    if section.kind == "array":
        found[f"{section.key}.patch"] = schemas.patched(schema.get("items", {}))
    return found


def _ref(name: str) -> Data:
    return {"$ref": f"#/components/schemas/{name}"}


def _list_changes(section: Section, ok: Data) -> Data:
    key = section.key
    stored = _ref(key)
    entry = schemas.only("index", _INDEX, value=_ref(f"{key}.patch"))
    added = {"anyOf": [*schemas.wrapped(key, stored)["anyOf"], entry]}
    asked = {"name": "index", "in": "query", "required": True, "description": "Which entry, from 0.", "schema": _INDEX}
    more = {"operationId": f"delete-{key}", "parameters": [asked, _IF_MATCH]}
    return {
        "put": _write("put", "Replace", key, ok, schemas.wrapped(key, stored)),
        "patch": _write("patch", "Add entries to, or change one of,", key, ok, added),
        "delete": operation(f"Remove an entry of {key}", ok, WRITES, **more),
    }


_YAML = "application/yaml"
_INDEX = {"type": "integer", "minimum": 0, "maximum": 999_999_999}


def _fixed(schema: Mapping[str, Any]) -> dict[str, Data]:
    get = partial(_get, refusals=ALWAYS)
    whole = {"type": "object", "properties": {key: {} for key in schema["properties"]}}
    file: Data = {"type": ["object", "null"], "description": "YAML, with the keys of the configuration."}
    text = answer("The file as it stands, secrets and all.", file, _YAML, versioned=True)
    put = {**_write("put", "Replace", "config.yaml", text, {}), "requestBody": _body(file, _YAML)}
    return {
        "/config": {"get": _get("config", "The configuration", schemas.closed(whole), refusals=READS, versioned=True)},
        "/config.yaml": {"get": _read("config.yaml", text), "put": put},
        "/health": {"get": get("health", "Every credential, in rotation or not", schemas.HEALTH)},
        "/models": {"get": {**get("models", "The models that are served", schemas.MODELS), "parameters": [_PROVIDER]}},
        "/openapi.json": {"get": get("openapi.json", "This description", {"type": "object"})},
        "/plugins": {"get": get("plugins", "Every plugin that was found", schemas.PLUGINS)},
        "/providers": {"get": get("providers", "The providers with an available model", schemas.PROVIDERS)},
        "/reset-cooldown": {"post": _reset()},
    }


_PROVIDER = {
    "name": "provider",
    "in": "query",
    "description": "Only the models of this provider.",
    "schema": {"type": "string"},
}


def _get(key: str, text: str, schema: Data, *, refusals: Iterable[int], versioned: bool = False) -> Data:
    ok = answer(f"{text}.", schema, versioned=versioned)
    return operation(text, ok, refusals, operationId=f"get-{key}")


def _reset() -> Data:
    ok = answer("The credentials that rest no more.", schemas.RESET)
    summary = "Let resting credentials serve again: all, or the one named"
    body = _body(schemas.CREDENTIAL, required=False)
    return operation(summary, ok, (400, *ALWAYS, 413), operationId="post-reset-cooldown", requestBody=body)
