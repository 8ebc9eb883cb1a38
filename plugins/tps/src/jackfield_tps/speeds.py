"""What `GET /v0/management/tps` tells: count, average, median and 90th percentile of the samples that fit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

from .database import snapshot
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
Numbered: TypeAlias = dict[int, Summary]

_PARTS = "SELECT id, min(id) OVER (PARTITION BY {key}) AS part FROM series"
"""Which series belong together: a group has the number of its first one."""

_NAMED = "series IN (SELECT id FROM series WHERE {})"

_NAMES = "SELECT min(id), {key} FROM series GROUP BY 2"
"""The name of each group by its number."""

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
        """What names the group of a series, in SQL."""
        return GROUPS[self.group]

    @property
    def part(self) -> str:
        """What numbers the group of a sample, in SQL."""
        return "part" if self.group else "0"

    @property
    def source(self) -> str:
        """The samples, in SQL, with the parameters of `values`."""
        filters = [f"{name} = :{name}" for name in ("provider", "model") if getattr(self, name)]
        wanted = ["TRUE"] if self.since is None else ["at >= :since"]
        if filters:
            wanted.append(_NAMED.format(" AND ".join(filters)))
        # CROSS: samples are read once and their groups looked up, never the other way round
        groups = f" CROSS JOIN ({_PARTS.format(key=self.key)}) AS parts ON parts.id = series" if self.group else ""
        return f"FROM samples{groups} WHERE {' AND '.join(wanted)}"

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
    with snapshot(connection):
        whole = replace(question, group="")
        together = summaries(connection, whole)[""]
        if question.group:
            found = summaries(connection, question)
            together["groups"] = [{**_named(question.group, key), **summary} for key, summary in found.items()]
        return together, oldest(connection, whole)


def _named(group: str, key: str) -> dict[str, str]:
    """Return the fields that name a group."""
    if group != "provider_model":
        return {group: key}
    provider, _, model = key.partition("/")
    return {"provider": provider, "model": model, "provider_model": key}


def summaries(connection: sqlite3.Connection, question: Question) -> Keyed:
    """Return the summary of each group by its name; of all samples together when no group is asked for."""
    counts = f"SELECT {question.part}, count(*), total(kind = {BURST}), total(kind = {UNCOUNTED})"
    rows = connection.execute(f"{counts} {question.source} GROUP BY 1", question.values)
    found: Numbered = {} if question.group else {0: _empty()}
    for part, requests, bursts, uncounted in rows:
        found[part] = {**_empty(), "requests": requests, "bursts": int(bursts), "uncounted": int(uncounted)}
    for figure in ("completion", "total", "ttft"):
        for part, summary in _distributions(connection, question, figure):
            found[part][figure] = summary
    if question.buckets:
        _add_series(connection, question, found)
    names = dict(connection.execute(_NAMES.format(key=question.key))) if question.group else {0: ""}
    return dict(sorted((names[part], summary) for part, summary in found.items()))


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


def _distributions(connection: sqlite3.Connection, question: Question, figure: str) -> Iterator[tuple[int, Summary]]:
    """Yield the distribution of a figure in each group that has it.

    SQLite counts how often each value is there and adds the counts up, without holding up the interpreter; the median
    and the 90th percentile lie at, or between, the values at ranks 0.5 (n - 1) and 0.9 (n - 1), counted from 0.
    """
    around = ("last / 2", "(last + 1) / 2", "last * 9 / 10", "(last * 9 + 9) / 10")
    values = (f"max(CASE WHEN upto - times <= {rank} AND {rank} < upto THEN value END)" for rank in around)
    rows = connection.execute(
        f"WITH counted AS (SELECT {question.part} AS part, {figure} AS value, count(*) AS times"  # noqa: S608  # our own words
        f" {question.source} AND {figure} IS NOT NULL GROUP BY 1, 2),"
        " ranked AS (SELECT part, value, times, sum(times) OVER (PARTITION BY part) - 1 AS last,"
        " sum(times) OVER (PARTITION BY part ORDER BY value ROWS UNBOUNDED PRECEDING) AS upto FROM counted)"
        f" SELECT part, sum(times), sum(value * times), {', '.join(values)} FROM ranked GROUP BY part",
        question.values,
    )
    for part, count, total, *middle in rows:
        yield part, _distribution(count, total, (middle[0], middle[1]), (middle[2], middle[3]))


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


def _add_series(connection: sqlite3.Connection, question: Question, found: Numbered) -> None:
    """Add to each group its average speed in each part of the window, the oldest first; None where there is none."""
    for summary in found.values():
        summary["series"] = [None] * question.buckets
    rows = connection.execute(
        f"SELECT {question.part}, min((at - :since) * :buckets / max(:until - :since, 1), :buckets - 1) AS bucket,"
        f" sum(completion), count(completion) {question.source} AND completion IS NOT NULL GROUP BY 1, 2",
        question.values,
    )
    for part, bucket, total, count in rows:
        found[part]["series"][bucket] = shown(divided(total, count))
