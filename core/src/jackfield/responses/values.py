"""Values out of JSON that may be of any type: each function returns something usable and never raises."""

from __future__ import annotations

from typing import Any

import orjson


def text_of(value: object) -> str:
    """Return a string as it is, anything else as ""."""
    return value if isinstance(value, str) else ""


def index_of(value: object) -> int | None:
    """Return a whole number from 0 on, anything else as None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def count_of(value: object) -> int:
    """Return a count: a number from 0 on, cut to a whole one; anything else as 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 <= value < 2**53 else 0


def object_of(value: object) -> dict[str, Any]:
    """Return an object as it is, anything else as {}."""
    return value if isinstance(value, dict) else {}


def objects_of(value: object) -> list[dict[str, Any]]:
    """Return the objects in a list; [] for what is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def arguments_of(value: object) -> str:
    """Return a call's arguments as text; some relays send them as an object."""
    if not isinstance(value, dict):
        return text_of(value)
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # nested deeper than the encoder goes
        return ""
