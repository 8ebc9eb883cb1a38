"""The head of an answer, in bytes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus

_FORBIDDEN = re.compile(rb"[\x00\r\n]")
"""What would begin another line, or end the text for some readers."""

_STATUS = {status.value: b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode()) for status in HTTPStatus}

_date = (0, b"")


def head(status: int, headers: Iterable[tuple[bytes, bytes]], date: bool) -> bytes:
    """Return status line and headers, with a `Date` if asked for, without the blank line.

    Raises ValueError for a header that holds a line break or NUL: what comes from elsewhere never adds a header.
    """
    lines = [_STATUS.get(status) or b"HTTP/1.1 %d \r\n" % status]
    for name, value in headers:
        if _FORBIDDEN.search(name) or _FORBIDDEN.search(value):
            raise ValueError(f"the answer's header {name!r} holds a line break or NUL")
        lines.append(b"%b: %b\r\n" % (name, value))
    if date:
        lines.append(_date_line())
    return b"".join(lines)


def _date_line() -> bytes:
    """Return the header `Date`; it is made once a second."""
    global _date
    now = int(time.time())
    if _date[0] != now:
        _date = (now, b"date: %b\r\n" % formatdate(now, usegmt=True).encode())
    return _date[1]
