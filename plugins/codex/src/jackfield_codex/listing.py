"""What an upstream answers to `GET /models`, in the forms that relays use."""

from __future__ import annotations

from typing import Any

import orjson
from jackfield.api import Kind, UpstreamError

LONGEST = 4 * 1024 * 1024
"""Bytes of a list that are read."""

MOST = 2000
"""Models of one upstream that are offered."""

LONGEST_NAME = 200
"""Characters of a name; longer ones are no model's."""


def listed(body: bytes) -> list[str]:
    """Return the names, each once, in their order. Raises UpstreamError when there is no list."""
    try:
        document: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    entries = document
    if isinstance(document, dict):
        entries = document.get("data") or document.get("models")
    if not isinstance(entries, list):
        raise UpstreamError(Kind.UPSTREAM_ERROR, "the upstream's /models is no list of models")
    found = ((entry if isinstance(entry, str) else _name(entry)).strip() for entry in entries)
    fit = (name for name in found if name and name.isprintable() and len(name) <= LONGEST_NAME)
    return list(dict.fromkeys(fit))[:MOST]


def _name(entry: Any) -> str:
    if not isinstance(entry, dict):
        return ""
    return next((entry[key] for key in ("id", "slug", "name") if isinstance(entry.get(key), str)), "")
