"""Whole numbers beyond 64 bits, which the JSON reader makes floats: in tools and calls they keep their digits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import orjson

from ...responses import json_pieces

_STEP = 256 * 1024
_LONGEST = 64

_DIGITS = bytes(48 if 48 <= sign <= 57 else 32 for sign in range(256))
_RUN = b"0" * 19
_long_number = re.compile(rb"[\[:,]\s*-?[0-9]{19}").search
_LEAST, _MOST = -(2**63), 2**64 - 1


def keep_digits(request: dict[str, Any], body: bytes, keys: Iterable[str]) -> None:
    """Put the fields `keys` of a request, which was read from `body`, back as they were written.

    Numbers that the reader cannot hold become fragments, which are written as they are. Nothing happens where `body`
    has no number that long.
    """
    if not _has_long_number(body):
        return
    written = json_pieces.loads(body, lambda piece: json.loads(piece, parse_int=_integer))
    for key in keys:
        if key in request and _can_be_written(written.get(key)):
            request[key] = written[key]


def _has_long_number(body: bytes) -> bool:
    # In steps, since one call holds the interpreter; what is split between two of them is found in the second.
    for end in range(_STEP, len(body) + _STEP, _STEP):
        start = max(0, end - _STEP - _LONGEST)
        # A run of digits is looked for first: that takes a tenth of the time, and hardly a body has one.
        if _RUN in body[start:end].translate(_DIGITS) and _long_number(body, start, end):
            return True
    return False


def _integer(digits: str) -> Any:
    if len(digits) < 19 or (len(digits) < 22 and _LEAST <= int(digits) <= _MOST):
        return int(digits)
    return orjson.Fragment(digits)


def _can_be_written(value: object) -> bool:
    """Return whether a value can go up: half a character, which only this reader lets in, cannot."""
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True
