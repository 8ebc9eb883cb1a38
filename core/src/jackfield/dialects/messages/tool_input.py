"""The input of a tool call: the upstream's arguments as the JSON object that Messages asks for."""

from __future__ import annotations

from enum import Enum
from typing import Any

import orjson

from ...responses import Started, wellformed


class Shape(Enum):
    """What the arguments turned out to be. UNKNOWN: nothing but blanks so far."""

    UNKNOWN = "unknown"
    OBJECT = "object"
    OTHER = "other"
    TEXT = "text"


class ToolInput:
    """Turns pieces of arguments into pieces of a JSON object.

    An object passes as it is. The text of a custom tool becomes `{"input": text}`. Anything else waits for its end:
    nothing and null become no input, the rest `{"_raw": text}`.
    """

    def __init__(self, call: Started) -> None:
        self._shape = Shape.TEXT if call.custom else Shape.UNKNOWN
        self._held = ""
        self._begun = False

    def take(self, piece: str) -> str:
        """Return what `piece` adds to the JSON; "" when nothing yet."""
        if self._shape is Shape.OBJECT:
            return piece
        if self._shape is Shape.TEXT:
            return self._text(piece)
        self._held += piece
        start = self._held.lstrip()[:1]
        if start:
            self._shape = Shape.OBJECT if start == "{" else Shape.OTHER
        return self._release() if self._shape is Shape.OBJECT else ""

    def close(self) -> str:
        """Return what completes the JSON."""
        if self._shape is Shape.TEXT:
            return self._text("") + '"}'
        text = self._release().strip()
        return "" if text in ("", "null", '""') else orjson.dumps({"_raw": text}).decode()

    def _text(self, piece: str) -> str:
        opening = "" if self._begun else '{"input":"'
        self._begun = True
        return opening + orjson.dumps(piece).decode()[1:-1]

    def _release(self) -> str:
        held, self._held = self._held, ""
        return held


def parse_input(text: str, *, cut: bool) -> Any:
    """Return the `input` of a complete block: an object, whatever `text` is. `cut`: the answer was cut short."""
    if not text:
        return {}
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _torn_input(text, cut)
    if isinstance(value, dict):
        return orjson.Fragment(text)  # as the model wrote it: numbers beyond 64 bits stay exact
    return {} if cut else {"_raw": text}


def _torn_input(text: str, cut: bool) -> Any:
    """Return the input of what is no JSON to the fast parser: escapes may hold half a character."""
    try:
        value = wellformed.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {} if cut else {"_raw": text}
