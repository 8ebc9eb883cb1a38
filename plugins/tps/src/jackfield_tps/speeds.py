"""What `GET /v0/management/tps` tells: count, average, median and 90th percentile of the samples that fit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

from .figures import Figures, divided, shown

MEASURED, BURST, UNCOUNTED = range(3)
"""Kinds of samples; only those that are measured have speeds."""

GROUPS: Mapping[str, str] = {
    "provider": "provider",
    "model": "model",
    "provider_model": "provider || '/' || model",
}
"""What samples can be grouped by, each with what names a group in SQL."""

Summary: TypeAlias = dict[str, Any]
Keyed: TypeAlias = dict[str, Summary]

_HUNDREDTHS = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Question:
    """Which samples are asked for. `since` and `until` are milliseconds since 1970, `since` None for all.

    `group` is one of `GROUPS`, "" for all samples together; `buckets` into how many parts of the time between both they
    are put for a series (0: none).
    """

    since: int | None = None
    until: int = 0
    provider: str = ""
    model: str = ""
    group: str = ""
    buckets: int = 0

    @property
    def key(self) -> str:
        """What names the group of a sample, in SQL."""
        return GROUPS.get(self.group, "''")

    @property
    def source(self) -> str:
        """The samples, in SQL, with the parameters of `values`."""
        return (
            "FROM samples JOIN series ON series.id = samples.series WHERE (:since IS NULL OR at >= :since)"
            " AND (:provider = '' OR provider = :provider)"
            " AND (:model = '' OR model = :model)"
        )

    @property
    def values(self) -> dict[str, Any]:
        """The parameters."""
        names = ("since", "until", "provider", "model", "buckets")
        return {name: getattr(self, name) for name in names}


def row_of(at: int, figures: Figures) -> tuple[object, ...]:
    """Return the row to store of a sample taken at a moment (milliseconds since 1970)."""
    kind = BURST if figures.burst else MEASURED if figures.counted else UNCOUNTED
    speeds = (figures.completion, figures.total) if figures.averaged else (None, None)
    ttft = None if figures.ttft_ns is None else divided(figures.ttft_ns, 10_000_000)
    return (at, figures.provider, figures.model, *speeds, ttft, kind)


def oldest(connection: sqlite3.Connection, question: Question) -> int | None:
    """Return when the oldest sample was taken that fits; None when there is none."""
    found: int | None = connection.execute(f"SELECT min(at) {question.source}", question.values).fetchone()[0]
    return found


def answers(connection: sqlite3.Connection, question: Question) -> tuple[Summary, int | None]:
    """Return the answer to a question, and when the oldest sample of all that fit was taken.

    With a group, the answer has both: all samples together, and `groups`, in order of their names.
    """
    together = summaries(connection, replace(question, group=""))[""]
    if question.group:
        found = summaries(connection, question)
        together["groups"] = [{**_named(question.group, key), **summary} for key, summary in found.items()]
    return together, oldest(connection, question)


def _named(group: str, key: str) -> dict[str, str]:
    """Return the fields that name a group."""
    if group != "provider_model":
        return {group: key}
    provider, _, model = key.partition("/")
    return {"provider": provider, "model": model, "provider_model": key}


def summaries(connection: sqlite3.Connection, question: Question) -> Keyed:
    """Return the summary of each group by its name; of all samples together when no group is asked for."""
    found: Keyed = {} if question.group else {"": _empty()}
    counts = f"SELECT {question.key}, count(*), total(kind = {BURST}), total(kind = {UNCOUNTED})"
    for key, requests, bursts, uncounted in connection.execute(
        f"{counts} {question.source} GROUP BY 1 ORDER BY 1", question.values
    ):
        found[key] = {**_empty(), "requests": requests, "bursts": int(bursts), "uncounted": int(uncounted)}
    for figure in ("completion", "total", "ttft"):
        for key, summary in _distributions(connection, question, figure):
            found[key][figure] = summary
    if question.buckets:
        _add_series(connection, question, found)
    return found


def _empty() -> Summary:
    nothing = _distribution(0, 0, (0, 0), (0, 0))
    return {
        "requests": 0,
        "completion": nothing,
        "total": nothing,
        "ttft": nothing,
        "bursts": 0,
        "uncounted": 0,
    }


def _distributions(connection: sqlite3.Connection, question: Question, figure: str) -> Iterator[tuple[str, Summary]]:
    """Yield the distribution of a figure in each group that has it.

    SQLite ranks the values, without holding up the interpreter; the median and the 90th percentile lie at, or between,
    the values at ranks 0.5 (n - 1) and 0.9 (n - 1), counted from 0.
    """
    rows = connection.execute(
        f"WITH ranked AS (SELECT {question.key} AS key, {figure} AS value,"  # noqa: S608  # only our own words
        f" row_number() OVER (PARTITION BY {question.key} ORDER BY {figure}) - 1 AS place,"
        f" count(*) OVER (PARTITION BY {question.key}) - 1 AS last {question.source} AND {figure} IS NOT NULL)"
        " SELECT key, count(*), sum(value),"
        " max(CASE WHEN place = last / 2 THEN value END), max(CASE WHEN place = (last + 1) / 2 THEN value END),"
        " max(CASE WHEN place = last * 9 / 10 THEN value END),"
        " max(CASE WHEN place = (last * 9 + 9) / 10 THEN value END)"
        " FROM ranked GROUP BY key",
        question.values,
    )
    for key, count, total, *around in rows:
        yield key, _distribution(count, total, (around[0], around[1]), (around[2], around[3]))


def _distribution(count: int, total: int, middle: tuple[int, int], ninetieth: tuple[int, int]) -> Summary:
    """Return a distribution as it is told, given hundredths: their sum, and the values around two of its ranks."""
    share = Decimal((count - 1) * 9 % 10) / 10 if count else Decimal(0)
    return {
        "count": count,
        "avg": shown(divided(total, count)) if count else shown(0),
        "median": shown(divided(sum(middle), 2)),
        "p90": _rounded((ninetieth[0] + (ninetieth[1] - ninetieth[0]) * share) / 100),
    }


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(_HUNDREDTHS, ROUND_HALF_UP)


def _add_series(connection: sqlite3.Connection, question: Question, found: Keyed) -> None:
    """Add to each group its average speed in each part of the window, the oldest first; None where there is none."""
    for summary in found.values():
        summary["series"] = [None] * question.buckets
    rows = connection.execute(
        f"SELECT {question.key}, min((at - :since) * :buckets / max(:until - :since, 1), :buckets - 1) AS bucket,"
        f" sum(completion), count(completion) {question.source} AND completion IS NOT NULL GROUP BY 1, 2",
        question.values,
    )
    for key, bucket, total, count in rows:
        found[key]["series"][bucket] = shown(divided(total, count))
