"""JSON whose text is not well-formed Unicode: halves of a character, as escapes or as bytes.

The fast parser refuses it, and with it a whole answer for one emoji that was cut in two. Here it is read: a half that
has lost its other half becomes U+FFFD, wherever it stands.
"""

from __future__ import annotations

import json
import re
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
        data = str(data, "utf-8", "replace").encode().removeprefix(BOM)
    return _ESCAPED.sub(_mended, data) if b"\\ud" in data or b"\\uD" in data else data


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
