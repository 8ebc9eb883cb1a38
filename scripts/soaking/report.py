"""What a run tells: readable tables, and the same as JSON."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .behaviour import PROPER
from .run import Result
from .verdict import LONG, reasons
from .visits import spread
from .vitals import Vitals

ROOT = Path(__file__).resolve().parent.parent.parent
_ROWS = 10
"""Rows of the table of memory over time."""


def markdown(result: Result) -> str:
    """Return the report."""
    return "\n".join(_lines(result)) + "\n"


def figures(result: Result) -> dict[str, Any]:
    """Return all figures."""
    tally, operator, journal = result.world.crowd.tally, result.world.operator, result.world.journal
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "python": platform.python_version(),
        "seconds": result.plan.seconds,
        "warm-up": result.plan.warm_up,
        "rate": result.plan.rate,
        "seed": result.plan.seed,
        "asked": dict(tally.asked),
        "outcomes": dict(tally.outcomes),
        "aborts": dict(tally.aborts),
        "upstream-closed-seconds": _rounded(spread(tally.closing)),
        "probes": dict(tally.probes),
        "manners": dict(tally.manners),
        "kept connections closed": result.weather["kept connections closed"],
        "most-open": tally.most_open,
        "upstreams": dict(journal.played),
        "outages": result.weather["outages"],
        "operator": dict(operator.acts),
        "edit-in-force-seconds": _rounded(spread(operator.seconds)),
        "counted": result.counted,
        "stalls": [round(until - since, 3) for since, until in journal.stalls],
        "problems": dict(journal.problems),
        "examples": journal.examples,
        "log-errors": dict(result.log_errors),
        "before": result.before.as_json(),
        "after": result.after.as_json(),
        "growth-per-hour": round(result.growth, 3),
        "samples": [sample.as_json() for sample in result.samples],
        "exit-status": result.exit_status,
        "reasons": list(reasons(result)),
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in values.items()}


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def _lines(result: Result) -> Iterable[str]:
    told = figures(result)
    played = result.world.journal.played
    faults = {name: count for name, count in played.items() if name not in PROPER}
    yield (
        f"{told['at']}, commit {told['commit']}, Python {told['python']}: {result.plan.seconds / 60:g} minutes after "
        f"{result.plan.warm_up:.0f} s of warm-up, {result.plan.rate:g} clients a second, seed {result.plan.seed}"
    )
    yield ""
    yield from _table("requests", told["asked"])
    yield from _table("how raw clients sent", told["manners"])
    yield from _table("what the client heard", told["outcomes"])
    yield from _table("what the upstreams did wrong", faults | {"connections refused (outages)": told["outages"]})
    yield f"Proper answers of the upstreams: {sum(played.values()) - sum(faults.values())}."
    yield ""
    yield from _table("where clients left", told["aborts"])
    yield f"Seconds until the upstream was closed: {told['upstream-closed-seconds']}."
    yield ""
    yield from _table("what the operator did", told["operator"])
    yield f"Seconds until an edit was in force: {told['edit-in-force-seconds']}."
    if stalls := told["stalls"]:
        yield f"The run itself was held up {len(stalls)} times, for {max(stalls):.1f} s at most."
    yield f"Requests in the statistics: {told['counted']}. Log lines of level error: {told['log-errors']}."
    yield ""
    yield from _vitals(result)
    yield from _end(result, told["reasons"])


def _table(title: str, counts: Mapping[str, int]) -> Iterable[str]:
    yield f"| {title} | |"
    yield "|---|---:|"
    yield from (f"| {name} | {count:,} |" for name, count in sorted(counts.items(), key=lambda each: (-each[1], each)))
    yield f"| together | {sum(counts.values()):,} |"
    yield ""


def _vitals(result: Result) -> Iterable[str]:
    yield "| minute | requests | memory MiB | descriptors | threads | upstream connections | CPU s |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    yield _row("at rest, before", result.before)
    yield from (_row(f"{sample.at / 60:.1f}", sample) for sample in _some(result.samples))
    yield _row("at rest, after", result.after)
    yield ""
    told = f"{result.growth:+.2f} MiB an hour" if result.plan.seconds >= LONG else "too short a run to tell a slope"
    yield f"Memory in the second half: {told}."


def _some(samples: Sequence[Vitals]) -> Sequence[Vitals]:
    step = max(1, len(samples) // _ROWS)
    return samples[step - 1 :: step]


def _row(name: str, looked: Vitals) -> str:
    held = (looked.requests, f"{looked.rss:.1f}", looked.descriptors, looked.threads, looked.upstream)
    return f"| {name} | {' | '.join(map(str, held))} | {looked.cpu:.1f} |"


def _end(result: Result, found: Sequence[str]) -> Iterable[str]:
    for problem, examples in result.world.journal.examples.items():
        yield f"- {problem}"
        yield from (f"  - {example}" for example in examples)
    yield "Good." if not found else f"Not good: {'; '.join(found)}."


def write_json(result: Result, file: Path) -> None:
    """Write all figures into a file."""
    file.write_text(json.dumps(figures(result), indent=2, ensure_ascii=False) + "\n")
