"""The real time."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock (see `types.Clock`)."""

    monotonic = staticmethod(time.monotonic)

    def now(self) -> datetime:
        """The wall clock in UTC."""
        return datetime.now(UTC)
