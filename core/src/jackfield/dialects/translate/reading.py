"""From the bytes of a body to a JSON object, so that any bytes give an object or a 400, never a crash later on."""

from __future__ import annotations

from typing import Any

import orjson

from ...model.errors import ClientError, Kind, invalid_request
from ...responses import json_pieces, wellformed
from ...responses.json_depth import MAX_DEPTH, is_too_deep
from ...responses.json_limits import MOST_MARKS, measure


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`; a byte order mark is passed over, halves of characters become U+FFFD.

    Raises ClientError: 400 for an empty body, JSON that does not parse (with line and column), nesting beyond
    `MAX_DEPTH`, and anything but an object at the top; 413 for more than `MOST_MARKS` brackets and commas, or a text
    beyond `pieces.LONGEST_TEXT`. Of much data to be called in a thread.
    """
    body = body.removeprefix(wellformed.BOM)
    if not body.strip():
        raise invalid_request("the request body is empty: a JSON object is required")
    is_long = len(body) > MOST_MARKS
    if is_long:
        _check_cost(body)
    try:
        document = json_pieces.loads(body, wellformed.loads)
    except OverflowError as error:
        raise ClientError(Kind.TOO_LARGE, f"the request body has too long a text: {error}") from None
    except orjson.JSONDecodeError as error:
        raise _malformed(error) from None
    if type(document) is not dict:
        raise invalid_request("the request body must be a JSON object")
    if not is_long and is_too_deep(document, body):
        raise _too_deep()
    return document


def _check_cost(body: bytes) -> None:
    """Raise ClientError for a long document that costs too much to parse, or that could not be written again."""
    measured = measure(body)
    if measured.marks > MOST_MARKS:
        raise too_many_marks("the request body")
    if measured.depth > MAX_DEPTH:
        raise _too_deep()


def too_many_marks(what: str) -> ClientError:
    """Return the 413 of JSON with too many parts."""
    message = f"{what} has more than {MOST_MARKS} brackets and commas outside of strings; send fewer lists and objects"
    return ClientError(Kind.TOO_LARGE, message)


def _too_deep() -> ClientError:
    return invalid_request(f"the request body nests lists and objects deeper than {MAX_DEPTH} levels")


def _malformed(error: orjson.JSONDecodeError) -> ClientError:
    place = f"line {error.lineno} column {error.colno}"
    return invalid_request(f"the request body is not valid JSON: {error.msg} at {place}")
