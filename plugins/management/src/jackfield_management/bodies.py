"""Reading what a request sends."""

from __future__ import annotations

import asyncio
import math
from typing import Any, cast

import orjson
from quart import request

from .answers import Refused

LARGEST = 1_048_576
"""Bytes of a request's body."""

DEEPEST = 32
"""Levels of lists and mappings in a JSON body."""

_BOM = b"\xef\xbb\xbf"


async def read_text() -> str:
    """Return the body as text. Raises Refused (400, 413)."""
    try:
        return (await _read()).decode()
    except UnicodeDecodeError:
        raise Refused(400, "invalid text", "send the file as UTF-8") from None


async def read_json() -> Any:
    """Return the body as JSON data. Raises Refused (400, 413)."""
    return await asyncio.to_thread(_parsed, await _read())  # a megabyte of small lists takes its time


def _parsed(body: bytes) -> Any:
    try:
        data = orjson.loads(body.removeprefix(_BOM))
    except orjson.JSONDecodeError as error:
        raise Refused(400, "invalid JSON", f"{error.msg} in line {error.lineno}, column {error.colno}") from None
    if not _is_sound(data, DEEPEST):
        raise Refused(400, "invalid JSON", f"numbers must be finite, and nothing lies more than {DEEPEST} levels deep")
    return data


async def read_value(key: str) -> Any:
    """Return the value that the body has for a key, sent bare or wrapped: `{...}` or `{"key": {...}}`."""
    data = await read_json()
    if isinstance(data, dict) and set(data) == {key}:
        return data[key]
    return data


async def _read() -> bytes:
    if (request.content_length or 0) > LARGEST:
        raise _too_large()
    data = cast("bytes", await request.get_data())
    if len(data) > LARGEST:
        raise _too_large()
    return data


def _too_large() -> Refused:
    return Refused(413, "body too large", f"at most {LARGEST} bytes")


def _is_sound(value: Any, levels: int) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return levels > 0 and all(_is_sound(part, levels - 1) for part in value.values())
    if isinstance(value, list):
        return levels > 0 and all(_is_sound(part, levels - 1) for part in value)
    return True
