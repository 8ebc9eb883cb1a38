"""The table of `jackfield tps`: one line for each provider and model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

HEAD = ("PROVIDER", "MODEL", "REQUESTS", "TPS MEDIAN", "TPS P90", "TTFT S", "LAST HOUR")
BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = "_.-=+*%#"
_NAMED = 2
"""Columns at the left that hold names."""


def rendered(tps: Mapping[str, Any], *, bars: str = BARS) -> str:
    """Return the table, and below it what was looked at, of an answer grouped by `provider_model`."""
    groups: Sequence[Mapping[str, Any]] = tps["groups"]
    most = max((value for group in groups for value in group["last-hour"] if value is not None), default=0)
    rows = [_row(group, most, bars) for group in groups]
    kept_out = [f"{tps[kind]} {kind}" for kind in ("bursts", "uncounted") if tps[kind]]
    told = f"{tps['requests']} requests since {tps['since']}"
    told += f", of which kept out of averages: {', '.join(kept_out)}" if kept_out else ""
    return "\n".join([*aligned([HEAD, *rows]), "", told])


def _row(group: Mapping[str, Any], most: float, bars: str) -> tuple[str, ...]:
    completion, ttft = group["completion"], group["ttft"]
    return (
        printable(group["provider"]),
        printable(group["model"]),
        str(group["requests"]),
        _figure(completion, "median"),
        _figure(completion, "p90"),
        _figure(ttft, "median"),
        sparkline(group["last-hour"], most, bars),
    )


def _figure(distribution: Mapping[str, Any], name: str) -> str:
    """Return a figure with its two decimals; a dash when nothing was measured."""
    return f"{distribution[name]:.2f}" if distribution["count"] else "-"


def sparkline(values: Iterable[float | None], most: float, bars: str = BARS) -> str:
    """Return a bar for each value, as high as its share of `most`; a space where there is none."""
    top = len(bars) - 1
    return "".join(
        " " if value is None else bars[min(top, int(value / most * top + 0.5)) if most else 0] for value in values
    )


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with their columns aligned: names and the last to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = len(widths) - 1
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if place < _NAMED or place == last else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def printable(text: str) -> str:
    """Return a name without signs that a terminal would obey: a client may have chosen it."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
