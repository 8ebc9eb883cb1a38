"""What very many samples of the statistics cost in memory, on the disk, and in the time that `/tps` takes.

Each store is filled in a process of its own (`keeper.py`), so that its memory is its own.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from .processes import SCRIPTS, BenchError, Cores, Process, clean_environment

STORES = (("sqlite", 256), ("memory", 256), ("sqlite", 16))
"""Of each store what keeps it, and its limit in megabytes: the default, the same without a file, and a tight one."""

Columns = Mapping[str, tuple[str, int]]
"""Figures in the order of a table: title and digits."""

SIZES: Columns = {
    "resident_before": ("resident MB before", 1),
    "resident": ("after", 1),
    "resident_more": ("after a quarter more", 1),
    "peak": ("at most", 1),
    "file": ("file MB after", 1),
    "file_more": ("after a quarter more", 1),
    "kept": ("samples after", 0),
    "kept_more": ("after a quarter more", 0),
    "kept_old": ("a day later", 0),
}
TIMES: Columns = {
    "tps_ms": ("`/tps?window=24h` ms, median", 0),
    "tps_p90_ms": ("p90", 0),
    "groups_ms": ("by provider and model, median", 0),
    "groups_p90_ms": ("p90", 0),
    "hour_ms": ("these of the last hour, median", 0),
    "hour_p90_ms": ("p90", 0),
}

Figures = dict[str, float]


def measured(count: int, cores: Cores) -> Iterator[Figures]:
    """Yield the figures of each store, filled with so many samples of 24 hours. Raises BenchError."""
    for store, megabytes in STORES:
        print(f"samples: {store}, {megabytes} MB", file=sys.stderr)
        command = [sys.executable, "-m", f"{__package__}.keeper", store, str(megabytes), str(count)]
        environment = clean_environment({"PYTHONPATH": str(SCRIPTS)})
        with (
            TemporaryDirectory(prefix="bench-") as directory,
            Process(command, cores.target, environment, Path(directory)) as process,
        ):
            told = process.read_line()
            if not told.startswith(b"{"):
                raise BenchError(f"the statistics could not be filled: {process.tail()}")
            yield json.loads(told)


def tables(count: int, load_before: float, found: Sequence[Figures]) -> str:
    """Return the tables of what was measured, with a row for each store of `STORES`."""
    setting = (
        f"{datetime.now(UTC):%Y-%m-%d}, {count:,} samples of 24 hours in twelve series, CPython "
        f"{platform.python_version()}, {platform.system()} {platform.machine()}, load average before {load_before:.1f}."
    )
    return "\n\n".join([setting, *(_table(columns, found) for columns in (SIZES, TIMES))]) + "\n"


def _table(columns: Columns, found: Sequence[Figures]) -> str:
    titles = ["store", "limit MB", *(title for title, _ in columns.values())]
    rows = [titles, ["---", *("---:" for _ in titles[1:])]]
    for (store, megabytes), figures in zip(STORES, found, strict=True):
        cells = (f"{figures[name]:,.{digits}f}" if name in figures else "–" for name, (_, digits) in columns.items())
        rows.append([store, str(megabytes), *cells])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
