"""Reading a streamed answer in a test.

Written apart from `jackfield.responses.sse`, so that the one can judge the other.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson


class ServerSentEvent(NamedTuple):
    """One event off the wire: its name ("" without an `event:` line), and its data: parsed JSON, else the text."""

    event: str
    data: Any


def read_sse(body: bytes | str) -> list[ServerSentEvent]:
    """Return the events of a whole answer. Comments and blocks without data are left out.

    Raises ValueError when the body does not end with a blank line: an event was cut.
    """
    text = body.decode("utf-8") if isinstance(body, bytes) else body
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text and not text.endswith("\n\n"):
        raise ValueError(f"the answer ends in the middle of an event: ...{text[-80:]!r}")
    found = (_read_block(block) for block in text.split("\n\n"))
    return [event for event in found if event is not None]


def _read_block(block: str) -> ServerSentEvent | None:
    name, data = "", []
    for line in block.split("\n"):
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if key == "data":
            data.append(value)
        elif key == "event":
            name = value
    return ServerSentEvent(name, _parsed("\n".join(data))) if data else None


def _parsed(data: str) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return data
