"""Server-sent events: bytes to events and back. Sans-io and incremental; a cut anywhere changes nothing.

Accepts what relays really send: LF, CRLF or CR, comments, a byte order mark, a missing `event:` line (the type is in
the data), several data lines, a last event without its blank line.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from . import wellformed
from .json_depth import is_too_deep
from .json_limits import is_too_costly

_BLANK = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n")
_BOM = b"\xef\xbb\xbf"
_IDLE = (b":", b"id:", b"retry:")
_TYPE = re.compile(rb'"type"\s*:\s*"([^"\\]*)"')

CROWD = 256
"""Blocks in one chunk from which on those that say nothing are left out unread: a flood of comments costs a pass."""

DAMAGED = "(damaged)"
"""The type of an event whose data should be a JSON object and is none: something of the answer was lost."""


class EventTooLargeError(ValueError):
    """One event is larger than the limit given to the splitter. `before` are the events in front of it."""

    def __init__(self, limit: int, before: list[Event]) -> None:
        super().__init__(f"an event of the stream is larger than {limit} bytes")
        self.before = before


class Event:
    """One event of a stream: its bytes as they came, its type, its data.

    `raw` ends with a blank line and can be sent on as it is. `type` is "" for a comment and for data that is no JSON
    object, such as `[DONE]`, unless it is an `error`; it is `DAMAGED` where the data should have been one.
    """

    __slots__ = ("_json", "data", "raw", "type")

    def __init__(self, raw: bytes, kind: str, data: bytes) -> None:
        self.raw = raw
        self.type = kind
        self.data = data
        self._json: dict[str, Any] | None = None

    @classmethod
    def of(cls, body: dict[str, Any]) -> Event:
        """Make an event of a Responses event object; its `type` names it."""
        data = orjson.dumps(body)
        kind = str(body["type"])
        event = cls(b"event: %s\ndata: %s\n\n" % (kind.encode(), data), kind, data)
        event._json = body
        return event

    @classmethod
    def unsent(cls, kind: str, body: dict[str, Any]) -> Event:
        """Make an event that is read and never sent: its object alone, without the bytes of it."""
        event = cls(b"", kind, b"")
        event._json = body
        return event

    @classmethod
    def parse(cls, block: bytes) -> Event:
        """Read one block (the lines before a blank line, without it)."""
        if not block.isascii() and not _is_utf8(block):  # half a character, on which clients fail
            block = str(block, "utf-8", "replace").encode()
        raw = block + b"\n\n"
        if block.startswith(b"event: response.") and block.endswith(b"}"):
            head, _, rest = block.partition(b"\n")
            if rest.startswith(b'data: {"type":"%s"' % head[7:]) and b"\n" not in rest and b"\r" not in block:
                return cls(raw, str(head[7:], "utf-8", "replace"), rest[6:])
        name, data = _fields(block)
        return cls(raw, _kind(name, data), data)

    def json(self) -> dict[str, Any]:
        """Return the data as an object; an empty one when it is not JSON, not an object, or nested too deeply.

        Parsed once. Its text can be written again: half a character is U+FFFD.
        """
        if self._json is None:
            try:
                value = _loads(self.data)
            except ValueError:
                value = {}
            self._json = value if isinstance(value, dict) and not is_too_deep(value, self.data) else {}
        return self._json

    def __repr__(self) -> str:
        return f"Event({self.type!r}, {len(self.data)} bytes)"


def _loads(data: bytes) -> Any:
    """Return parsed JSON. Raises ValueError, for what would cost too much to parse too."""
    if is_too_costly(data):
        raise ValueError("too many brackets and commas")
    return wellformed.loads(data)


def _fields(block: bytes) -> tuple[bytes, bytes]:
    """Return the event name and the joined data lines of a block."""
    name = b""
    data: list[bytes] = []
    for line in block.splitlines():
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return name, b"\n".join(data)


def _kind(name: bytes, data: bytes) -> str:
    """Return the event's type: the one in the data decides, the `event:` line fills in.

    What has neither, but an `error`, is an `error` event: relays put them into streams of every kind.
    """
    if not data:
        return ""
    if data.endswith(b"}") and data.startswith(b'{"type":"') and (match := _TYPE.match(data, 1)):
        found: object = str(match[1], "utf-8", "replace")
    else:
        try:
            body = _loads(data)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return "error" if name == b"error" else DAMAGED if _should_be_object(name, data) else ""
        found = body.get("type") or ("error" if body.get("error") and not name else None)
    if isinstance(found, str) and found:
        return found
    return str(name, "utf-8", "replace") or "message"


def _is_utf8(data: bytes) -> bool:
    """Return False for bytes that hold half a character."""
    try:
        str(data, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _should_be_object(name: bytes, data: bytes) -> bool:
    return name.startswith(b"response.") or data.lstrip().startswith(b"{")


class Splitter:
    """Cut a byte stream into events. Feed it what arrives; it keeps what is not complete yet."""

    def __init__(self, max_event: int = 16 * 1024 * 1024) -> None:
        self._rest = b""
        self._more: list[bytes] = []
        self._size = 0
        self._first = True
        self._max = max_event

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that `chunk` completes. Raises EventTooLargeError."""
        if self._rest and not self._first and b"\n" not in chunk and b"\r" not in chunk:
            return self._keep(chunk)
        buffer = self._whole_rest() + chunk if self._rest else chunk
        if self._first:
            if len(buffer) < len(_BOM) and _BOM.startswith(buffer):
                self._rest = buffer
                return []
            buffer = buffer.removeprefix(_BOM)
            self._first = False
        if b"\r" in buffer:
            blocks = self._split_any(buffer)
        else:
            blocks = buffer.split(b"\n\n")
            self._rest = blocks.pop()
        if len(buffer) > self._max:
            self._check(blocks)
        if len(blocks) > CROWD:
            blocks = _thinned(blocks)
        return [Event.parse(block) for block in blocks if block.strip(b"\r\n")]

    def _keep(self, chunk: bytes) -> list[Event]:
        """Keep what ends no line: joined once at the end, not with every piece of a large event."""
        if not self._more:
            self._size = len(self._rest)
        self._more.append(chunk)
        self._size += len(chunk)
        if self._size > self._max:
            raise EventTooLargeError(self._max, [])
        return []

    def _whole_rest(self) -> bytes:
        if self._more:
            self._rest = b"".join([self._rest, *self._more])
            self._more = []
        return self._rest

    def _check(self, blocks: list[bytes]) -> None:
        for place, block in enumerate([*blocks, self._rest]):
            if len(block) > self._max:
                raise EventTooLargeError(
                    self._max, [Event.parse(each) for each in blocks[:place] if each.strip(b"\r\n")]
                )

    def _split_any(self, buffer: bytes) -> list[bytes]:
        """Split where lines may end in CR, LF or both. Half a CRLF at the end is no blank line yet, so it waits."""
        blocks = _BLANK.split(buffer)
        self._rest = blocks.pop()
        return blocks

    def close(self) -> list[Event]:
        """Return the last event when the stream ended without its blank line; one that was cut is no event."""
        rest, self._rest = self._whole_rest().strip(b"\r\n"), b""
        event = Event.parse(rest)
        return [event] if event.json() else []


def _thinned(blocks: list[bytes]) -> list[bytes]:
    """Return blocks without those that are one line of no meaning, but for the first of them: it shows life."""
    idle = [block for block in blocks if block.startswith(_IDLE) and b"\n" not in block and b"\r" not in block]
    dropped = set(idle)
    return [*idle[:1], *(block for block in blocks if block not in dropped)] if idle else blocks
