"""Large JSON, read and written in pieces, so that no single call holds the interpreter for long.

The parser and the writer do not give up the interpreter's lock while they work: a document of a million different
keys takes a third of a second in one call, and the event loop waits for it, in whatever thread it is done. So a large
document is cut at commas, each piece is parsed with the lists and objects around it opened and closed again, and what
comes out is put together. Written it is in the same way, each part as a fragment of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from secrets import token_hex
from typing import Any

import orjson

PIECE = 1024 * 1024
"""Bytes after which a document is cut at the next comma: some 50 ms of parsing at the most, of different keys alone."""
LONGEST_TEXT = 32 * 1024 * 1024
"""Bytes that one text may have, since it is read in one call."""
MUCH = 16 * PIECE
"""Bytes from which on a value is written in pieces: at most some 50 ms, of nothing but line ends."""
_EACH = 16  # what a value weighs beside its text, about as many bytes
_WINDOW = 256 * 1024
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))
_CLOSING = bytes.maketrans(b"[{", b"]}")
_LIST = ord("[")
_GOES_ON = f"goes on {token_hex(8)}"  # names that no document has, were it made for it
_ENDS = f"ends {token_hex(8)}"
_OPENING = orjson.dumps({_GOES_ON: 0})[:-2]  # of an object: what comes next goes on with what an earlier piece began


def loads(data: bytes, read: Callable[[bytes], Any] = orjson.loads) -> Any:
    """Return a parsed document; `read` parses it, a large one in pieces.

    Raises what `read` raises for what is no JSON, and OverflowError for a text beyond `LONGEST_TEXT`. Of a large
    document to be called in a thread.
    """
    if len(data) <= PIECE:
        return read(data)
    whole: Any = None
    start, opened = 0, b""
    for end, left_open in _cuts(data):
        if end - start > LONGEST_TEXT + 2 * PIECE:
            raise OverflowError(f"a text is longer than {LONGEST_TEXT} bytes")
        piece = _read(data, start, end, opened, left_open, read)
        whole = _joined(whole, piece, opened) if opened else piece
        if left_open:
            _take_mark(whole, left_open, data, end)
        start, opened = end + 1, left_open
    return whole


def _read(data: bytes, start: int, end: int, opened: bytes, left_open: bytes, read: Callable[[bytes], Any]) -> Any:
    """Return what a piece holds, inside of the lists and objects that are open where it begins."""
    head = b"".join(b"[" if each == _LIST else _OPENING for each in opened[:-1]) + opened[-1:]
    try:
        piece = read(head + data[start:end] + _tail(left_open))
    except orjson.JSONDecodeError as error:
        raise _wrong(error.msg, data, min(end, start + max(0, error.pos - len(head)))) from None
    if opened and not _begun(piece, opened):
        raise _wrong("a value is missing", data, start)
    return piece


def _wrong(message: str, data: bytes, at: int) -> orjson.JSONDecodeError:
    text = data[:at].decode("utf-8", "replace")
    return orjson.JSONDecodeError(message, text, len(text))


def _tail(left_open: bytes) -> bytes:
    """Return what closes all that a piece leaves open, behind a mark by which its innermost part is known again."""
    mark = orjson.dumps([_ENDS] if left_open[-1:] == b"[" else {_ENDS: 0})[1:-1]
    return b"," + mark + left_open[::-1].translate(_CLOSING) if left_open else b""


def _take_mark(value: Any, opened: bytes, data: bytes, at: int) -> None:
    """Take the mark out of the list or object that is open last. It is elsewhere if a name stood there before."""
    try:
        for _ in opened[1:]:
            value = value[-1] if isinstance(value, list) else value[next(reversed(value))]
        found = value.pop() if isinstance(value, list) else value.popitem()[0]
    except (LookupError, TypeError, AttributeError, StopIteration):
        found = None
    if found != _ENDS:
        raise _wrong("a name stands twice in an object", data, at)


def _begun(value: Any, opened: bytes) -> Any:
    """Return the list or object that was open last where a piece begins."""
    for bracket in opened[:-1]:
        value = value[0] if bracket == _LIST else value[_GOES_ON]
    return value


def _joined(whole: Any, piece: Any, opened: bytes) -> Any:
    """Return the whole with a piece behind it, each part in the list or object that was open where the piece begins."""
    into = whole
    for place, bracket in enumerate(opened, 1):
        is_last = place == len(opened)
        if bracket == _LIST:
            after = None if is_last else into[-1]
            into += piece if is_last else piece[1:]
            below = piece[0]
        else:
            after = None if is_last else into[next(reversed(into))]
            below = None if is_last else piece.pop(_GOES_ON)
            into.update(piece)
        into, piece = after, below
    return whole


def _cuts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield where pieces end, at a comma each and at the end of all, with the brackets that are open there."""
    at = last = inside = 0
    opened = b""
    while at < len(data):
        window = _masked(data, at)
        parts = window.split(b'"')
        if at + len(window) - last >= PIECE and (cut := _first_comma(parts, inside)) is not None:
            here = _open(opened + b"".join(parts[inside : cut[0] : 2]) + parts[cut[0]][: cut[1]])
            if here and not here.strip(b"[{"):
                last = at + sum(len(part) + 1 for part in parts[: cut[0]]) + cut[1]
                yield last, here
        opened = _open(opened + b"".join(parts[inside::2]))
        inside ^= (len(parts) - 1) & 1
        at += len(window)
    yield len(data), b""


def _masked(data: bytes, at: int) -> bytes:
    """Return the window that begins there, of the same length, with escapes that hide no quote any more."""
    window = data[at : at + _WINDOW]
    if (len(window) - len(window.rstrip(b"\\"))) % 2:
        window = data[at : at + _WINDOW + 1]
    return window.replace(rb"\\", b"__").replace(rb"\"", b"__")


def _first_comma(parts: list[bytes], inside: int) -> tuple[int, int] | None:
    """Return the first comma outside of strings: which part has it, and where."""
    for place in range(inside, len(parts), 2):
        found = parts[place].find(b",")
        if found >= 0:
            return place, found
    return None


def _open(outside: bytes) -> bytes:
    """Return the brackets that nothing closes."""
    left, before = outside.translate(None, _OTHERS), -1
    while len(left) != before:
        before = len(left)
        left = left.replace(b"[]", b"").replace(b"{}", b"")
    return left


def dumps(value: Any, size: int | None = None) -> bytes:
    """Return a value as JSON, written in pieces where `size` bytes are much; None looks at the value for that.

    Raises TypeError as `orjson.dumps` does. Of a large value to be called in a thread.
    """
    return orjson.dumps(value if size is not None and size <= MUCH else _light(value)[0])


def _light(value: Any) -> tuple[Any, int]:
    """Return what to write in a value's place, where what is much was written already, and the weight of the rest."""
    if isinstance(value, str):
        return (value, len(value)) if len(value) <= PIECE else (_text(value), 0)
    if isinstance(value, list):
        return _grouped(enumerate(value), lambda kept: list(kept.values()), b"[%s]")
    if isinstance(value, dict):
        return _grouped(value.items(), dict, b"{%s}")
    return value, 0


def _grouped(items: Iterable[tuple[Any, Any]], made: Callable[[dict[Any, Any]], Any], frame: bytes) -> tuple[Any, int]:
    """Return the same of a list or an object, whose parts are written in groups where they are much together."""
    kept: dict[Any, Any] = {}
    written: list[bytes] = []
    weight = 0
    for key, value in items:
        kept[key], more = _light(value)
        weight += more + _EACH
        if weight > PIECE:
            written.append(orjson.dumps(made(kept))[1:-1])
            kept, weight = {}, 0
    if not written:
        return made(kept), weight
    if kept:
        written.append(orjson.dumps(made(kept))[1:-1])
    return orjson.Fragment(frame % b",".join(written)), 0


def _text(value: str) -> orjson.Fragment:
    parts = (orjson.dumps(value[at : at + PIECE])[1:-1] for at in range(0, len(value), PIECE))
    return orjson.Fragment(b'"%s"' % b"".join(parts))
