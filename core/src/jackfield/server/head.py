"""The head of an answer, in bytes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from email.utils import formatdate
from http import HTTPStatus
from typing import NoReturn

_FORBIDDEN = re.compile(rb"[\x00\r\n]")
"""What would begin another line, or end the text for some readers."""

_STATUS = {status.value: b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode()) for status in HTTPStatus}

_date = (0, b"")


def head(status: int, headers: Sequence[tuple[bytes, bytes]], date: bool) -> bytes:
    """Return status line and headers, with a `Date` if asked for, without the blank line.

    Raises ValueError for a header that holds a line break or NUL: what comes from elsewhere never adds a header.
    """
    lines = [_STATUS.get(status) or b"HTTP/1.1 %d \r\n" % status]
    lines += [b"%b: %b\r\n" % each for each in headers]
    if date:
        lines.append(_date_line())
    data = b"".join(lines)
    if data.count(b"\n") != len(lines) or data.count(b"\r") != len(lines) or b"\0" in data:
        _refuse(headers)
    return data


def _refuse(headers: Iterable[tuple[bytes, bytes]]) -> NoReturn:
    found = next((name for name, value in headers if _FORBIDDEN.search(name) or _FORBIDDEN.search(value)), b"")
    raise ValueError(f"the answer's header {found!r} holds a line break or NUL")


def _date_line() -> bytes:
    """Return the header `Date`; it is made once a second."""
    global _date
    now = int(time.time())
    if _date[0] != now:
        _date = (now, b"date: %b\r\n" % formatdate(now, usegmt=True).encode())
    return _date[1]
