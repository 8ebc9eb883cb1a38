"""What `GET /v0/management/usage` tells: requests, failures and tokens, by provider, model, client, day and hour."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from jackfield.api import CompletionRecord, Kind

from .database import snapshot
from .figures import bounded

OTHER = "other"
"""Stands for the provider and the model of a request that came to none, and for names beyond what is counted."""
NOBODY = "none"
"""Stands for clients that show no key."""

_COLUMNS = ("requests", "failures", "cancelled", "input", "output", "cached", "reasoning")
_SUMS = ", ".join(f"coalesce(sum({column}), 0)" for column in _COLUMNS)

_BY: Mapping[str, str] = {
    "by-provider": "provider",
    "by-model": "model",
    "by-client": "client",
    "by-day": "strftime('%Y-%m-%d', hour * 3600, 'unixepoch')",
    "by-hour": "strftime('%Y-%m-%dT%H:00:00Z', hour * 3600, 'unixepoch')",
}


class Names:
    """Bounds how many names are counted apart in an hour: clients may make up models, and keys of an open proxy."""

    MOST = 1_000

    def __init__(self) -> None:
        self._hour = 0
        self._known: set[tuple[str, ...]] = set()

    def known(self, hour: int, kind: str, *name: str) -> bool:
        """Return True when a name is counted by itself in this hour."""
        if hour != self._hour:
            self._hour, self._known = hour, set()
        named = (kind, *name)
        if named not in self._known and len(self._known) < self.MOST:
            self._known.add(named)
        return named in self._known


def hour_of(record: CompletionRecord) -> int:
    """Return the hour, counted from 1970, in which a request ended."""
    return int(record.measured_at.astimezone(UTC).timestamp()) // 3600


def row_of(record: CompletionRecord, model: str, client: str) -> tuple[object, ...]:
    """Return the row to store of a request, under these names."""
    cancelled = record.error == Kind.CLIENT_GONE.value
    failed = not record.succeeded and not cancelled
    usage = record.usage
    tokens = map(bounded, (usage.input, usage.output, usage.cached, usage.reasoning))
    return (hour_of(record), record.provider or OTHER, model, client, 1, int(failed), int(cancelled), *tokens)


def totals(connection: sqlite3.Connection, since: int | None, provider: str, model: str) -> dict[str, Any]:
    """Return the totals from an hour on (counted from 1970; None: all that are kept), all together and by each name."""
    source = (
        "FROM usage WHERE (:since IS NULL OR hour >= :since)"
        " AND (:provider = '' OR provider = :provider) AND (:model = '' OR model = :model)"
    )
    values = {"since": since, "provider": provider, "model": model}
    with snapshot(connection):
        first, *sums = connection.execute(f"SELECT min(hour), {_SUMS} {source}", values).fetchone()
        found: dict[str, Any] = {"first-hour": first, "total": _told(sums)}
        for name, key in _BY.items():
            rows = connection.execute(f"SELECT {key}, {_SUMS} {source} GROUP BY 1 ORDER BY 1", values)
            found[name] = {row[0]: _told(row[1:]) for row in rows}
    return found


def _told(sums: Any) -> dict[str, int]:
    requests, failures, cancelled, inputs, outputs, cached, reasoning = sums
    return {
        "requests": requests,
        "failures": failures,
        "cancelled": cancelled,
        "input-tokens": inputs,
        "output-tokens": outputs,
        "cached-tokens": cached,
        "reasoning-tokens": reasoning,
        "total-tokens": inputs + outputs,
    }
