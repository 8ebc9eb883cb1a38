"""The plugin's routes in OpenAPI 3.1, for `/v0/management/openapi.json`."""

from __future__ import annotations

from typing import Any

from .routes import MOST_BUCKETS
from .speeds import GROUPS

Data = dict[str, Any]

_FIGURE: Data = {"type": "number", "minimum": 0, "description": "Two decimals."}
_COUNT: Data = {"type": "integer", "minimum": 0}
_MOMENT: Data = {"type": "string", "format": "date-time"}


def _closed(properties: Data, *optional: str) -> Data:
    required = sorted(properties.keys() - set(optional))
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _parameter(name: str, text: str, schema: Data | None = None) -> Data:
    return {"name": name, "in": "query", "description": text, "schema": schema or {"type": "string"}}


_WINDOW = _parameter(
    "window", "A duration such as 30s, 5m or 1h30m that ends now. Not valid or not positive: all that is kept."
)
_PROVIDER = _parameter("provider", "Only this provider.")
_MODEL = _parameter("model", "Only this model.")

_DISTRIBUTION = _closed({"count": _COUNT, "avg": _FIGURE, "median": _FIGURE, "p90": _FIGURE})
_SUMMARY: Data = {
    "requests": {**_COUNT, "description": "Samples, those kept out of averages too."},
    "completion": {**_DISTRIBUTION, "description": "Output tokens per second."},
    "total": {**_DISTRIBUTION, "description": "Input and output tokens per second of the whole request."},
    "ttft": {**_DISTRIBUTION, "description": "Seconds to the first output token."},
    "bursts": {**_COUNT, "description": "Answers that came at once, kept out of averages."},
    "uncounted": {**_COUNT, "description": "Answers whose tokens nobody counted, kept out of averages."},
    "series": {
        "type": "array",
        "items": {"anyOf": [_FIGURE, {"type": "null"}]},
        "description": "The average completion speed in each part of the window, the oldest first.",
    },
}
_NAMES: Data = {name: {"type": "string"} for name in GROUPS}
_TPS = _closed(
    {
        "since": {**_MOMENT, "description": "From when on samples were looked at."},
        **_SUMMARY,
        "groups": {"type": "array", "items": _closed({**_NAMES, **_SUMMARY}, *_NAMES, "series")},
    },
    "series",
    "groups",
)

_COUNTED = ("requests", "failures", "cancelled")
_TOKENS = ("input-tokens", "output-tokens", "cached-tokens", "reasoning-tokens", "total-tokens")
_TOTALS = _closed(dict.fromkeys((*_COUNTED, *_TOKENS), _COUNT))
_BY: Data = {"type": "object", "additionalProperties": _TOTALS}
_USAGE = _closed(
    {
        "enabled": {"type": "boolean", "description": "Whether requests are being counted now."},
        "since": {"anyOf": [_MOMENT, {"type": "null"}], "description": "The first hour that was looked at."},
        "total": _TOTALS,
        **{f"by-{name}": _BY for name in ("provider", "model", "client", "day", "hour")},
    }
)


def _get(key: str, summary: str, schema: Data, parameters: list[Data]) -> Data:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    responses: Data = {
        "200": {
            "description": f"{summary}.",
            "content": {"application/json": {"schema": _closed({key: schema})}},
        },
        **{str(status): {"$ref": f"#/components/responses/{status}"} for status in (400, 401, 403, 404)},
        "503": {"description": "The statistics cannot be read now.", "content": error},
    }
    return {"get": {"operationId": f"get-{key}", "summary": summary, "parameters": parameters, "responses": responses}}


_GROUP_BY = _parameter("group-by", "Also tell each group by itself.", {"type": "string", "enum": list(GROUPS)})
_BUCKETS = _parameter(
    "buckets",
    "Into how many parts the window is cut for `series`; without a window there is none.",
    {"type": "integer", "minimum": 1, "maximum": MOST_BUCKETS},
)

DESCRIBED: Data = {
    "/tps": _get("tps", "How fast answers came", _TPS, [_WINDOW, _PROVIDER, _MODEL, _GROUP_BY, _BUCKETS]),
    "/usage": _get("usage", "Requests, failures and tokens", _USAGE, [_WINDOW, _PROVIDER, _MODEL]),
}
"""Path items by path below the prefix of the management API."""
