"""What a JSON document would cost to parse, known before it is parsed.

Bytes alone do not bound it: fifteen megabytes of `[],` are five million lists. What costs is counted instead: the
brackets and commas outside of strings. A text of any length has few of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

MOST_MARKS = 1_000_000
"""Brackets (square and curly) and commas outside of strings that one document may have."""

_WINDOW = 256 * 1024
_OTHERS = bytes(set(range(256)) - set(b'"[]{},'))
_STEPS = bytes({**dict.fromkeys(b"[{", 1), **dict.fromkeys(b"]}", 255)}.get(byte, 0) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Measure:
    """`marks` are the brackets and commas outside of strings, `depth` how many lists and objects lie in each other."""

    marks: int
    depth: int


def is_too_costly(data: bytes) -> bool:
    """Return True for JSON with more than MOST_MARKS brackets and commas; short documents are not looked at."""
    return len(data) > MOST_MARKS and measure(data).marks > MOST_MARKS


def measure(data: bytes) -> Measure:
    """Return what a document holds, without parsing it; what has too many marks is not read to its end.

    Some 3 ms a megabyte, and no step of it takes longer than a millisecond or two: in a thread it holds nobody up. Of
    bytes that are no JSON the figures mean nothing.
    """
    marks = level = depth = at = 0
    inside = 0  # 1 within a string
    while at < len(data) and marks <= MOST_MARKS:
        end = at + _WINDOW
        if _ends_in_escape(data[at:end]):
            end += 1
        # Escaped quotes go, then all but quotes and marks: every second piece between quotes is outside of strings.
        bare = data[at:end].replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _OTHERS)
        pieces = bare.split(b'"')
        outside = b"".join(pieces[inside::2])
        inside ^= (len(pieces) - 1) & 1
        marks += len(outside)
        levels = list(accumulate(memoryview(outside.translate(_STEPS, b",")).cast("b"), initial=level))
        depth, level, at = max(depth, max(levels)), levels[-1], end
    return Measure(marks, depth)


def _ends_in_escape(window: bytes) -> bool:
    """Return True when the last backslash belongs to the byte that follows the window."""
    return (len(window) - len(window.rstrip(b"\\"))) % 2 == 1
