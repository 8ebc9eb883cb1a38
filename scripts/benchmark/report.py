"""The table: medians over the rounds, each with its ratio to the reference of the same run."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .measure import Effort, Run
from .scenarios import Scenario

REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Column:
    """One figure in the table; `total`: added up over the rounds where others take the median."""

    figure: str
    title: str
    digits: int = 2
    ratio: bool = True
    total: bool = False


LOAD_COLUMNS = (
    Column("cpu_ms", "CPU ms/request", 3),
    Column("rate", "requests/s", 0),
    Column("busy", "core busy", 2, ratio=False),
    Column("first_ms", "first byte ms, median"),
    Column("first_p99_ms", "p99"),
    Column("delay_ms", "event delay ms, median"),
    Column("delay_p99_ms", "p99"),
    Column("kb_per_stream", "KB/open stream", 1),
    Column("completed", "requests", 0, ratio=False, total=True),
    Column("stalled", "stalled", 0, ratio=False, total=True),
    Column("errors", "errors", 0, ratio=False, total=True),
)
PROCESS_COLUMNS = (
    Column("ready", "ready s"),
    Column("idle_mb", "idle MB", 1),
    Column("idle_cpu_ms", "idle CPU ms/s"),
)


class Report:
    """All runs, grouped by scenario and target."""

    def __init__(self, runs: Iterable[Run], scenarios: Iterable[Scenario], effort: Effort) -> None:
        self._scenarios = {scenario.name: scenario for scenario in scenarios}
        self._effort = effort
        self._groups: dict[tuple[str, str], list[Run]] = {}
        for run in runs:
            self._groups.setdefault((run.scenario, run.target), []).append(run)

    def value(self, scenario: str, target: str, column: Column) -> float:
        """Return the median (or total) over the rounds; NaN when it was never measured."""
        runs = self._groups.get((scenario, target), [])
        values = [
            run.figures[column.figure] for run in runs if not math.isnan(run.figures.get(column.figure, math.nan))
        ]
        if not values:
            return math.nan
        return sum(values) if column.total else statistics.median(values)

    def ratio(self, scenario: str, target: str, column: Column) -> float:
        """Return the value as a multiple of the reference's; NaN when there is none."""
        base = self.value(scenario, REFERENCE, column)
        return self.value(scenario, target, column) / base if column.ratio and base > 0 else math.nan

    def markdown(self) -> str:
        """Return the tables, what the scenarios mean, and what went wrong."""
        load = [key for key in self._groups if self._scenarios[key[0]].kind == "load"]
        process = [key for key in self._groups if self._scenarios[key[0]].kind != "load"]
        parts = [self._setting()]
        parts += [self._table(load, LOAD_COLUMNS)] if load else []
        parts += [self._table(process, PROCESS_COLUMNS)] if process else []
        parts += [self._legend(), *self._problems()]
        return "\n\n".join(parts) + "\n"

    def write_json(self, path: Path) -> None:
        """Write every run with its figures, and the setting."""
        runs = [
            {
                "scenario": run.scenario,
                "target": run.target,
                "figures": {name: value for name, value in run.figures.items() if not math.isnan(value)},
                "problems": run.problems,
            }
            for group in self._groups.values()
            for run in group
        ]
        path.write_text(json.dumps({"setting": self._setting(), "runs": runs}, indent=2) + "\n")

    def _setting(self) -> str:
        pinned = "pinned: target on one core, load on the rest" if self._effort.cores.target else "not pinned"
        effort, python = self._effort, f"{platform.python_implementation()} {platform.python_version()}"
        return (
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({pinned}), {python}, {platform.system()} "
            f"{platform.machine()}, load average before {effort.load_before:.1f}; {effort.rounds} rounds of "
            f"{effort.seconds:g} s, medians; in brackets the ratio to the reference of the same run."
        )

    def _table(self, keys: Sequence[tuple[str, str]], columns: Sequence[Column]) -> str:
        used = [column for column in columns if any(not math.isnan(self.value(*key, column)) for key in keys)]
        rows = [["scenario", "target", *(column.title for column in used)], ["---", "---", *("---:" for _ in used)]]
        rows += [[*key, *(self._cell(key, column) for column in used)] for key in keys]
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)

    def _cell(self, key: tuple[str, str], column: Column) -> str:
        value, ratio = self.value(*key, column), self.ratio(*key, column)
        if math.isnan(value):
            return "–"
        text = f"{value:.{column.digits}f}"
        return text if math.isnan(ratio) else f"{text} ({ratio:.3g}×)"

    def _legend(self) -> str:
        lines = [
            f"- {scenario.name}: {scenario.about}" + (f", {scenario.open} open" if scenario.kind == "load" else "")
            for scenario in self._scenarios.values()
        ]
        return "\n".join(lines)

    def _problems(self) -> list[str]:
        lines = [
            f"- {run.scenario}, {run.target}: {count} × {problem}"
            for group in self._groups.values()
            for run in group
            for problem, count in run.problems.items()
        ]
        return ["What went wrong:\n\n" + "\n".join(lines)] if lines else []
