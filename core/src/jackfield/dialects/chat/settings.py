"""Everything of a Chat request that is neither conversation nor tools."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from ...model.errors import invalid_request
from ..translate.fields import get_flag, get_list, get_number, get_object, get_text, need_object
from ..translate.names import NameMap
from ..translate.schemas import repair
from .known import FORMATS

_FAST = frozenset({"priority", "fast"})
_LONGEST_KEY = 64
"""Characters that the upstream takes as a `prompt_cache_key`; a longer one travels as its digest."""


def refuse_impossible(request: Mapping[str, Any]) -> None:
    """Raise ClientError (400) for what no answer could honour: several choices, output that is no text."""
    if get_number(request, "n") not in (None, 1):
        raise invalid_request("n: only one choice per request is supported", "n")
    if other := [str(kind) for kind in get_list(request, "modalities") if kind != "text"]:
        raise invalid_request(f"modalities: {', '.join(other)} output is not supported; ask for text", "modalities")


def read_text(request: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `text`: the answer's format and verbosity; empty where the request names neither.

    Raises ClientError (400) for a format that is not known here, and for `json_object` in a conversation without the
    word "json", which the upstream refuses.
    """
    text: dict[str, Any] = {}
    if wanted := read_format(request):
        text["format"] = wanted
    if wanted.get("type") == "json_object" and not any(_says_json(item) for item in items):
        raise invalid_request(
            "messages: must contain the word 'json' in some form when response_format is json_object", "messages"
        )
    verbosity = get_text(request, "verbosity")
    if verbosity:
        text["verbosity"] = verbosity
    return text


def read_format(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return `text.format` for `response_format`; empty where the request names none.

    Raises ClientError (400) for one that is not known here, or a schema that is missing.
    """
    given = get_object(request, "response_format")
    kind = get_text(given, "type", "response_format")
    if kind == "json_schema":
        return _schema_format(given)
    if given and kind not in FORMATS:
        where = "response_format.type"
        raise invalid_request(f"{where}: must be one of {', '.join(FORMATS)}", where)
    return {"type": kind} if kind else {}


def _schema_format(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the format of a schema that lies in `json_schema`, or flat as in the Responses API.

    Raises ClientError (400) where there is none: the answer would be an object of no form at all.
    """
    flat = given.get("json_schema") is None and "schema" in given
    place = "response_format" if flat else "response_format.json_schema"
    described = given if flat else get_object(given, "json_schema", "response_format")
    schema = need_object(described, "schema", place)
    wanted = {
        "type": "json_schema",
        "name": NameMap().to_upstream(get_text(described, "name", place) or "output"),
        "schema": schema or repair(None),
        "strict": get_flag(described, "strict", place),
    }
    description = get_text(described, "description", place)
    return {**wanted, "description": description} if description else wanted


def _says_json(item: Mapping[str, Any]) -> bool:
    texts: Iterable[object] = (item.get("output"),)
    if item["type"] == "message":
        texts = (part.get("text") for part in item["content"])
    return any("json" in text.lower() for text in texts if isinstance(text, str))


def read_reasoning(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return `reasoning`: the effort where the client named one, and a summary, the only part that can be shown."""
    effort = get_text(request, "reasoning_effort")
    if effort == "none":
        return {"effort": effort}
    summary = {"summary": get_text(request, "reasoning_summary") or "auto"}
    return {"effort": effort, **summary} if effort else summary


def read_service_tier(request: Mapping[str, Any]) -> str:
    """Return `priority` where the client asks for speed, under either of its names; "" else."""
    return "priority" if get_text(request, "service_tier") in _FAST else ""


def read_bookkeeping(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is for the provider's books, its cache and its speed: both APIs have the same names for it."""
    texts = {name: get_text(request, name) for name in ("user", "safety_identifier", "prompt_cache_retention")}
    objects = {name: get_object(request, name) for name in ("metadata", "prompt_cache_options")}
    found = {"service_tier": read_service_tier(request), **texts, **objects}
    return {name: value for name, value in found.items() if value}


def cache_key(request: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> str:
    """Return the client's own `prompt_cache_key`, else one that stays the same while the conversation grows.

    It is a digest of everything up to the first user message: what comes later is added in later turns.
    """
    own = get_text(request, "prompt_cache_key")
    if own:
        return own if len(own) <= _LONGEST_KEY else _digest(own)
    first = next((place for place, item in enumerate(items) if item.get("role") == "user"), len(items) - 1)
    return _digest(items[: first + 1])


def _digest(value: object) -> str:
    return hashlib.sha256(orjson.dumps(value)).hexdigest()[:32]


def wants_usage(request: Mapping[str, Any]) -> bool:
    """Return whether a stream shall end with a chunk that has the usage."""
    options = get_object(request, "stream_options")
    return get_flag(options, "include_usage", "stream_options")
