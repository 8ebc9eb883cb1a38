"""From the bytes of a body to a JSON object, so that any bytes give an object or a 400, never a crash later on."""

from __future__ import annotations

from typing import Any

import orjson

from ...depth import MAX_DEPTH, is_too_deep
from ...errors import ClientError, invalid_request


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
    if is_too_deep(document, body):
        raise invalid_request(f"the request body nests lists and objects deeper than {MAX_DEPTH} levels")
    return document


def _malformed(error: orjson.JSONDecodeError) -> ClientError:
    place = f"line {error.lineno} column {error.colno}"
    return invalid_request(f"the request body is not valid JSON: {error.msg} at {place}")
