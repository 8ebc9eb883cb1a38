"""From the bytes of a body to a JSON object, so that any bytes give an object or a 400, never a crash later on."""

from __future__ import annotations

from typing import Any

import orjson

from ...errors import ClientError, invalid_request

MAX_DEPTH = 200
"""How many lists and objects may be nested. Deeper JSON could be read, but not be written again."""

_WRITER_DEPTH = 254


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`.

    Raises ClientError (400) for an empty body, JSON that does not parse (with line and column), nesting beyond
    `MAX_DEPTH`, and anything but an object at the top.
    """
    if not body.strip():
        raise invalid_request("the request body is empty: a JSON object is required")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _malformed(error) from None
    if type(document) is not dict:
        raise invalid_request("the request body must be a JSON object")
    check_depth(document)
    return document


def check_depth(value: object) -> None:
    """Raise ClientError (400) when `value` is nested deeper than `MAX_DEPTH`."""
    for _ in range(_WRITER_DEPTH - MAX_DEPTH):
        value = [value]
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise invalid_request(f"the request body nests lists and objects deeper than {MAX_DEPTH} levels") from None


def _malformed(error: orjson.JSONDecodeError) -> ClientError:
    place = f"line {error.lineno} column {error.colno}"
    return invalid_request(f"the request body is not valid JSON: {error.msg} at {place}")
