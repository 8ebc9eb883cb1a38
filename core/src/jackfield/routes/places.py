"""The places for requests that are served at once (`limits.max-streams`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import Detail, Kind, Unavailable


class Places:
    """Counts the requests of those who are let in. What is refused takes no place, however long its client stays."""

    def __init__(self) -> None:
        self._taken = 0

    @contextmanager
    def one(self, limit: int) -> Iterator[None]:
        """Hold a place; 0 is no limit. Raises Unavailable (503) when there is none left."""
        if limit and self._taken >= limit:
            message = f"the proxy serves {limit} requests at once already (limits.max-streams)"
            raise Unavailable(Kind.UNAVAILABLE, message, Detail(retry_after=1))
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
