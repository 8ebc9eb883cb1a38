"""What a client is told whose request is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from ..model.errors import RequestFailed


class Reply(Protocol):
    """A whole HTTP answer, without `content-length`."""

    @property
    def status(self) -> int:
        """The status."""
        ...

    @property
    def body(self) -> bytes:
        """The body."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, names in lower case."""
        ...


Refuse = Callable[[RequestFailed], Reply]
"""Says a failure in the words of whoever is served here."""


class _Plain(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str]


def plainly(failure: RequestFailed) -> Reply:
    """Return a failure as a line of text."""
    return _Plain(failure.openai_status, f"{failure.message}\n".encode(), {"content-type": "text/plain; charset=utf-8"})
