"""JSON whose text is not well-formed Unicode: halves of a character, as escapes or as bytes.

The fast parser refuses it, and with it a whole answer for one emoji that was cut in two. Here it is read: a half that
has lost its other half becomes U+FFFD, wherever it stands.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import orjson

_HALF = re.compile("[\ud800-\udfff]")
_LARGEST = 2**64
LOST = "\N{REPLACEMENT CHARACTER}"
"""What stands for a character that cannot be known any more."""


BOM = b"\xef\xbb\xbf"
"""The byte order mark, which some put before their JSON."""

# A run of backslashes, then a pair of escaped halves or a lone one. The lookbehind and the possessive plus keep a text
# of backslashes linear.
_ESCAPED = re.compile(
    rb"(?<!\\)(\\++)(u[dD][89abAB][0-9a-fA-F]{2})(\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\)(\\++)(u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


_RUN = re.compile(rb"\\*+")
_FIRST = re.compile(rb"\\u[dD][89abAB]")
_SECOND = re.compile(rb"\\u[dD][c-fC-F]")
_PAIR = 12  # the length of an escaped pair
_PIECE = 64 * 1024


def loads(data: bytes | str) -> Any:
    """Return parsed JSON of well-formed text. Raises orjson.JSONDecodeError, a ValueError, for what is no JSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return orjson.loads(mend(data))


def mend(data: bytes | str) -> bytes:
    """Return JSON with U+FFFD for every half of a character, as an escape or as bytes, before anybody parses it.

    A byte order mark goes. Of JSON without halves the rest stays as it is.
    """
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    elif not data.isascii():
        data = b"".join(_whole_characters(data)).removeprefix(BOM)
    if not _has_halves(data):
        return data
    return b"".join(_ESCAPED.sub(_mended, piece) if _has_halves(piece) else piece for piece in _between_escapes(data))


def _has_halves(data: bytes) -> bool:
    return b"\\ud" in data or b"\\uD" in data


def _whole_characters(data: bytes) -> Iterator[bytes]:
    """Yield the data in pieces, with U+FFFD for what is no character: of much, each step holds nobody up."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for at in range(0, len(data), _PIECE):
        yield decoder.decode(data[at : at + _PIECE], at + _PIECE >= len(data)).encode()


def _between_escapes(data: bytes) -> Iterator[bytes]:
    """Yield the data in pieces, none of which ends in an escape or between two halves of a character."""
    start = 0
    while (end := _cut(data, start + _PIECE)) < len(data):
        yield data[start:end]
        start = end
    yield data[start:]


def _cut(data: bytes, at: int) -> int:
    """Return where to cut behind a place: there where no escape is near, else at the next escape that allows it."""
    if b"\\" not in data[max(0, at - _PAIR) : at]:
        return at
    while (at := data.find(b"\\", at)) >= 0:
        if data[at - 1 : at] == b"\\":
            at = _RUN.match(data, at).end()  # type: ignore[union-attr]  # it stands on a backslash
        elif _SECOND.match(data, at) and _FIRST.match(data, at - _PAIR // 2):
            at += 1
        else:
            return at
    return len(data)


def _mended(match: re.Match[bytes]) -> bytes:
    """Return what takes a half's or a pair's place. After an even run of backslashes the first is plain text."""
    run, first, second = (match[1], match[2], match[3]) if match[2] else (match[4], match[5], b"")
    is_escape = len(run) % 2 == 1
    if second:
        return match[0] if is_escape else run + first + rb"\ufffd"
    return run[:-1] + rb"\ufffd" if is_escape else match[0]


def torn(data: bytes | str) -> Any:
    """Return parsed JSON with the halves of characters that its escapes hold.

    Raises ValueError for what is no JSON, RecursionError for what nests too deeply.
    """
    return json.loads(str(data, "utf-8", "replace") if isinstance(data, bytes) else data, parse_constant=_refuse)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def clean(value: Any) -> Any:
    """Return a value with U+FFFD for every half of a character, in keys too, so that it can be written again."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {text(key): clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [clean(inner) for inner in value]
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return float(value) if abs(value) < 10**308 else None
    return value


def text(value: str) -> str:
    """Return text with U+FFFD for every half of a character."""
    return value if value.isascii() else _HALF.sub(LOST, value)


def opening(value: str) -> str:
    """Return the first half of a character that a text ends with; "" when it ends with a whole one."""
    return value[-1:] if "\ud800" <= value[-1:] <= "\udbff" else ""


def joined(first: str, second: str) -> str:
    """Return two pieces of text as one, a character whose halves they hold made whole."""
    return (first + second).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
