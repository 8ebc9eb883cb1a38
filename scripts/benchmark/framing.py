"""Where an HTTP/1.1 message ends: the only thing that the mock, the reference and the client look for in one.

Good for the messages of a benchmark, not for the open network: no trailers, no obsolete folding, no 1xx answers.
"""

from __future__ import annotations

HEAD_END = b"\r\n\r\n"
LAST_CHUNK = b"\r\n0\r\n\r\n"
_CHUNKED = b"transfer-encoding: chunked"
_LENGTH = b"content-length:"


class FramingError(ValueError):
    """The peer sent what this framing cannot follow."""


def chunk(data: bytes) -> bytes:
    """Return `data` as one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def body_length(head: bytes) -> int | None:
    """Return the number of body bytes that a head announces; None: chunked or unannounced."""
    lowered = head.lower()
    at = lowered.find(_LENGTH)
    if at < 0:
        return None
    return int(lowered[at + len(_LENGTH) :].split(b"\r\n", 1)[0])


def request_complete(data: bytes) -> bool:
    """Return whether `data`, read from the start of a request, holds all of it."""
    end = data.find(HEAD_END)
    if end < 0:
        return False
    head = data[:end]
    length = body_length(head)
    if length is None:
        return _CHUNKED not in head.lower() or data.endswith(LAST_CHUNK)
    return len(data) >= end + len(HEAD_END) + length


class ResponseFrame:
    """Follow one answer's bytes to its end.

    The end of a chunked body is known by its last seven bytes, which JSON and event streams cannot contain.
    """

    __slots__ = ("_head", "_left", "_tail", "keep_alive", "status")

    def __init__(self) -> None:
        self.status = 0
        self.keep_alive = True
        self._head = b""
        self._left: int | None = None
        self._tail = b""

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; return True when the answer is complete. Raises FramingError."""
        if not self.status:
            self._head += data
            end = self._head.find(HEAD_END)
            if end < 0:
                return False
            data = self._head[end + len(HEAD_END) :]
            self._read_head(self._head[:end])
        return self._feed_body(data)

    def _feed_body(self, data: bytes) -> bool:
        if self._left is not None:
            self._left -= len(data)
            return self._left <= 0
        if len(data) < len(LAST_CHUNK):
            data = self._tail + data
        self._tail = data[-len(LAST_CHUNK) :]
        return self._tail == LAST_CHUNK

    def _read_head(self, head: bytes) -> None:
        words = head.split(b" ", 2)
        if not head.startswith(b"HTTP/1.1 ") or not words[1][:3].isdigit():
            raise FramingError(f"not an HTTP/1.1 answer: {head[:60]!r}")
        self._left = body_length(head)
        lowered = head.lower()
        if self._left is None and _CHUNKED not in lowered:
            raise FramingError("an answer without a length: neither content-length nor chunked")
        self.keep_alive = b"\r\nconnection: close" not in lowered
        self._tail = b"\r\n"
        self.status = int(words[1][:3])
