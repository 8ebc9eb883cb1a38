"""The JSON Schemas of what the API takes and gives, beside those of the configuration's keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Data = dict[str, Any]

_REFS = "#/$defs/"


def closed(schema: Data, *optional: str) -> Data:
    """Return the schema of a mapping with all of these keys, but perhaps those named `optional`, and no others."""
    return {**schema, "required": sorted(schema["properties"].keys() - {*optional}), "additionalProperties": False}


def only(key: str, schema: Any, **more: Any) -> Data:
    """Return the schema of a mapping with this key, and those in `more`, and no others."""
    return closed({"type": "object", "properties": {key: schema, **more}})


def _list(key: str, item: Any) -> Data:
    return only(key, {"type": "array", "items": item})


_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_TEXTS = {"type": "array", "items": _TEXT}
_INSTANT_OR_NULL: Data = {"type": ["string", "null"], "format": "date-time"}
_BREAKER: Data = {"enum": ["closed", "half-open", "open"]}
_REASON: Data = {"enum": ["key", "account", "model", "load", "upstream", None]}

ERROR: Data = {
    "type": "object",
    "properties": {
        "error": {"type": "string", "description": "What is wrong."},
        "message": {"type": "string", "description": "What to do."},
    },
    "required": ["error"],
    "additionalProperties": False,
}

PROBLEM = closed(
    {
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "The key, such as tppc.providers[0].base-url."},
            "message": {"type": "string", "description": "What is wrong with it."},
            "fix": {"type": "string", "description": "How to mend it."},
        },
    }
)

PROBLEMS = closed(
    {
        "type": "object",
        "properties": {
            "error": {"type": "string", "description": "invalid_ and the name of the key."},
            "message": {"type": "string", "description": "Every problem in one sentence."},
            "problems": {"type": "array", "items": PROBLEM, "minItems": 1},
        },
    }
)

PROVIDERS = _list("providers", _TEXT)
RESET = _list("reset", _TEXT)
CREDENTIAL = {"type": "object", "properties": {"credential": _TEXT_OR_NULL}, "additionalProperties": False}

MODELS = only(
    "object",
    {"const": "list"},
    data={
        "type": "array",
        "items": only("id", _TEXT, object={"const": "model"}, owned_by=_TEXT, providers=_TEXTS),
    },
)

CHECK = {
    "description": "The latest health check; null before the first, and where none are configured.",
    "anyOf": [
        closed(
            {
                "type": "object",
                "properties": {
                    "at": {**_INSTANT_OR_NULL, "description": "When it ended."},
                    "ok": {"type": "boolean"},
                    "status": {"type": ["integer", "null"], "description": "Of the answer; null when none came."},
                    "latency-seconds": {"type": "number", "minimum": 0},
                    "error": {"type": ["string", "null"], "description": "Its kind, such as unreachable."},
                    "failures": {"type": "integer", "minimum": 0, "description": "Checks that failed in a row."},
                },
            }
        ),
        {"type": "null"},
    ],
}

HEALTH = _list(
    "credentials",
    closed(
        {
            "type": "object",
            "properties": {
                "id": _TEXT,
                "provider": _TEXT,
                "label": _TEXT,
                "source": {"type": "string", "description": "Where it was configured."},
                "priority": {"type": "number"},
                "weight": {"type": "number"},
                "state": {
                    "enum": ["active", "resting", "disabled", "standby"],
                    "description": "resting: left alone after failures, with some model at least.",
                },
                "toggle-by": {"type": ["string", "null"], "description": "Which provider took it out of rotation."},
                "last-error": {"type": ["string", "null"], "description": "Its kind, such as rate_limited."},
                "last-error-at": _INSTANT_OR_NULL,
                "last-error-message": {
                    "type": ["string", "null"],
                    "description": "What the upstream said, masked, 200 characters at most.",
                },
                "cooling-until": {**_INSTANT_OR_NULL, "description": "The earliest end of its rests."},
                "all-models-until": {**_INSTANT_OR_NULL, "description": "Until when it rests with all its models."},
                "reason": {**_REASON, "description": "What that rest came from."},
                "in-flight": {"type": "integer", "minimum": 0, "description": "Requests that it serves now."},
                "max-concurrency": {
                    "type": ["integer", "null"],
                    "minimum": 1,
                    "description": "Requests that it may serve at once; null without a limit.",
                },
                "waiting": {"type": "integer", "minimum": 0, "description": "Requests that wait for it or another."},
                "breaker": {**_BREAKER, "description": "The worst of its models' breakers."},
                "success-share": {
                    "type": ["number", "null"],
                    "minimum": 0,
                    "maximum": 1,
                    "description": "Of its last 100 attempts; null before the first.",
                },
                "models": {
                    "type": "array",
                    "description": "The models that failed with it lately.",
                    "items": closed(
                        {
                            "type": "object",
                            "properties": {
                                "model": _TEXT,
                                "cooling-until": _INSTANT_OR_NULL,
                                "breaker": _BREAKER,
                                "reason": {**_REASON, "description": "What the rest came from."},
                            },
                        }
                    ),
                },
                "check": CHECK,
                "warning": {"type": "string", "description": "What a person should see to while it serves."},
            },
        },
        "warning",
    ),
)

PLUGINS = _list(
    "plugins",
    closed(
        {
            "type": "object",
            "properties": {
                "name": _TEXT,
                "distribution": _TEXT,
                "version": _TEXT,
                "state": {"enum": ["active", "disabled", "broken"]},
                "load": {"enum": ["ok", "disabled", "refused"]},
                "hooks": _TEXTS,
                "load-seconds": {"type": "number", "minimum": 0},
                "error": _TEXT_OR_NULL,
                "last-failure": {
                    "type": ["object", "null"],
                    "description": "What a hook raised when it was last called; null once it has succeeded again.",
                    "additionalProperties": False,
                    "required": ["hook", "error", "at"],
                    "properties": {"hook": _TEXT, "error": _TEXT, "at": _TEXT},
                },
            },
        }
    ),
)


def referring(schema: Any) -> Any:
    """Return a part of the configuration's schema as a part of the description: its references lead there."""
    if isinstance(schema, Mapping):
        return {key: _reference(value) if key == "$ref" else referring(value) for key, value in schema.items()}
    return [referring(part) for part in schema] if isinstance(schema, list) else schema


def _reference(target: str) -> str:
    return target.replace(_REFS, "#/components/schemas/")


def wrapped(key: str, schema: Data) -> Data:
    """Return the schema of a value that is sent bare or in its name."""
    return {"anyOf": [schema, only(key, schema)]}


def sent(schema: Any) -> Any:
    """Return the schema of a value to be stored: what is read-only may be anything, since it is not looked at."""
    if isinstance(schema, list):
        return [sent(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    if schema.get("readOnly") is True:
        return {key: value for key, value in schema.items() if key in ("readOnly", "description")}
    return {key: sent(value) for key, value in schema.items()}


def patched(schema: Any) -> Any:
    """Return the schema of a change: no key is required but names, and null takes a key back to its default."""
    if not isinstance(schema, Mapping):
        return schema
    if schema.get("readOnly") is True:
        return sent(schema)
    plain = {key: value for key, value in schema.items() if key not in ("if", "then", "else", "required", "default")}
    if "properties" in plain:
        plain["properties"] = {key: _optional(part) for key, part in plain["properties"].items()}
        if "name" in plain["properties"]:
            plain["properties"]["name"] = schema["properties"]["name"]
            plain["required"] = ["name"]
    if "items" in plain:
        plain["items"] = patched(plain["items"])
    return plain


def _optional(schema: Any) -> Data:
    return {"anyOf": [patched(schema), {"type": "null"}]}
