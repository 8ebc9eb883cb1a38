"""The places for requests that are served at once (`limits.max-streams`)."""

from __future__ import annotations

from ..model.errors import Detail, Kind, Unavailable


class Places:
    """Counts the requests of those who are let in. What is refused takes no place, however long its client stays."""

    def __init__(self) -> None:
        self.taken = 0
        """Requests of those who were let in that are not over."""

    def take(self, limit: int) -> None:
        """Take a place, to be given back; 0 is no limit. Raises Unavailable (503) when there is none left."""
        if limit and self.taken >= limit:
            message = f"the proxy serves {limit} requests at once already (limits.max-streams)"
            raise Unavailable(Kind.UNAVAILABLE, message, Detail(retry_after=1))
        self.taken += 1

    def give_back(self) -> None:
        """Give back a place that was taken."""
        self.taken -= 1
