"""A clock that a test turns by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """Implements `jackfield.model.types.Clock`: stands still until `advance` is called.

    `start` is the wall clock at first (2026-01-01 00:00 UTC unless told); it must carry a time zone.
    """

    def __init__(self, start: datetime = _START, monotonic: float = 1000.0) -> None:
        if start.tzinfo is None:
            raise ValueError("start must carry a time zone")
        self._now = start
        self._monotonic = monotonic

    def monotonic(self) -> float:
        """Return seconds that only `advance` moves."""
        return self._monotonic

    def now(self) -> datetime:
        """Return the wall clock, in UTC."""
        return self._now.astimezone(UTC)

    def advance(self, seconds: float) -> None:
        """Let this much time pass on both clocks. Raises ValueError for a negative number."""
        if seconds < 0:
            raise ValueError("a monotonic clock does not run backwards")
        self._monotonic += seconds
        self._now += timedelta(seconds=seconds)

    def set_wall(self, now: datetime) -> None:
        """Jump the wall clock alone, in either direction, as a time server does."""
        if now.tzinfo is None:
            raise ValueError("now must carry a time zone")
        self._now = now
