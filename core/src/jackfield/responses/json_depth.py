"""JSON that is nested deeper than it can be written again: the reader goes down 1024 levels, the writer 254."""

from __future__ import annotations

import orjson

MAX_DEPTH = 200
"""How many lists and objects may lie in each other. What is left up to the writer's limit is for what we put around."""

_WRITER_DEPTH = 254


def is_too_deep(value: object, data: bytes | None = None) -> bool:
    """Return True for parsed JSON that is nested deeper than `MAX_DEPTH`.

    `data` are the bytes that it was parsed from, where they are at hand: few brackets settle it without a look at the
    value, which costs as much as writing it.
    """
    if data is not None and data.count(b"{") + data.count(b"[") <= MAX_DEPTH:
        return False
    for _ in range(_WRITER_DEPTH - MAX_DEPTH):
        value = [value]
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return True
    return False
