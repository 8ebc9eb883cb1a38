"""One run: a fresh mock, a fresh target, one scenario, and the figures that come of it."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from .accounting import MIB
from .answers import burst_answer, mark, paced_answer, short_answer, slow_answer
from .client import Job, Load, Outcome
from .conversation import agent_conversation, short_conversation
from .processes import BenchError, Cores, Process, helper
from .requests import RESPONSES, http_request
from .scenarios import Scenario
from .targets import Launch, Target

WARM_UP = 16
"""Requests before the measured ones, at most so many at a time."""
_DELTAS = {
    "answer": len(short_answer().deltas),
    "burst": len(burst_answer().deltas),
    "paced": len(paced_answer().deltas),
    "slow": len(slow_answer().deltas),
}
_STREAM_SECONDS = {"paced": 1.0, "slow": 3.5}
"""How long a stream takes: its first requests are spread over so long, so that streams end and begin evenly."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to measure: seconds (or requests) per run, rounds of runs, and the cores to pin to."""

    seconds: float = 5
    requests: float = math.inf
    rounds: int = 3
    cores: Cores = field(default_factory=Cores)
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])
    """How busy the machine was with other things."""


@dataclass(slots=True)
class Run:
    """The figures of one run by name (see `report.COLUMNS`), and what went wrong in it."""

    scenario: str
    target: str
    figures: dict[str, float] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)


def measure(scenario: Scenario, target: Target, effort: Effort, runner: asyncio.Runner) -> Run:
    """Make one run. What prevents it is told in the run's problems."""
    run = Run(scenario.name, target.name)
    kinds = {"load": _measure_load, "idle": _measure_idle, "ready": _measure_ready}
    try:
        with _started(scenario, target, effort.cores) as (launch, ready):
            run.figures["ready"] = ready
            kinds[scenario.kind](run, scenario, target, launch, effort, runner)
    except (BenchError, OSError) as error:
        run.problems[str(error)] = 1
    return run


@contextmanager
def _started(scenario: Scenario, target: Target, cores: Cores) -> Iterator[tuple[Launch, float]]:
    """Start mock and target; give the launch and the seconds that it took to be ready."""
    with (
        TemporaryDirectory(prefix="bench-") as directory,
        helper("upstream", scenario.script, cores=cores.load) as mock,
    ):
        launch = target.launch(mock.read_port(), scenario.dialect, Path(directory), cores.target)
        with launch.process:
            yield launch, launch.process.wait_ready(launch.port, launch.ready_path, target.patience)


def _measure_ready(
    run: Run, scenario: Scenario, target: Target, launch: Launch, effort: Effort, runner: asyncio.Runner
) -> None:
    """Nothing more: readiness is timed in every run."""


def _measure_idle(
    run: Run, scenario: Scenario, target: Target, launch: Launch, effort: Effort, runner: asyncio.Runner
) -> None:
    runner.run(_warm_up(_job(scenario, target, launch), 1, launch.process))
    before, start = launch.process.cpu(), time.monotonic()
    time.sleep(min(effort.seconds, 3))
    run.figures["idle_mb"] = launch.process.resident() / MIB
    run.figures["idle_cpu_ms"] = (launch.process.cpu() - before) / (time.monotonic() - start) * 1000


def _measure_load(
    run: Run, scenario: Scenario, target: Target, launch: Launch, effort: Effort, runner: asyncio.Runner
) -> None:
    job = _job(scenario, target, launch)
    runner.run(_warm_up(job, min(scenario.open, WARM_UP), launch.process))
    spread = min(_STREAM_SECONDS[scenario.script], effort.seconds) if job.stamped else 0
    load = Load(job, scenario.open, effort.seconds, effort.requests, spread)
    gc.collect()
    gc.freeze()
    resting, before = launch.process.resident(), launch.process.cpu()
    outcome, resident = runner.run(_watched(load, scenario.open, launch.process))
    cpu = launch.process.cpu() - before
    run.problems.update(outcome.errors)
    run.figures |= _figures(outcome, cpu)
    if job.stamped:
        run.figures["kb_per_stream"] = (resident - resting) / 1024 / scenario.open


def _figures(outcome: Outcome, cpu: float) -> dict[str, float]:
    asked = outcome.completed or math.nan
    figures = {
        "completed": float(outcome.completed),
        "errors": float(outcome.errors.total()),
        "stalled": float(outcome.stalled),
        "cpu_ms": cpu / asked * 1000,
        "rate": outcome.completed / outcome.seconds,
        "busy": cpu / outcome.seconds,
        "first_ms": percentile(outcome.first_bytes, 50) * 1000,
        "first_p99_ms": percentile(outcome.first_bytes, 99) * 1000,
    }
    if outcome.delays:
        figures["delay_ms"] = percentile(outcome.delays, 50) * 1000
        figures["delay_p99_ms"] = percentile(outcome.delays, 99) * 1000
    return figures


async def _warm_up(job: Job, requests: int, process: Process) -> None:
    """Send some requests that do not count. Raises BenchError when not all are answered well."""
    outcome = await Load(job, requests, requests=requests).run()
    if outcome.completed != requests:
        told = [*outcome.errors, outcome.refusal, f"its log ends: {process.tail()}"]
        raise BenchError(f"it does not serve: {'; '.join(filter(None, told))}")


async def _watched(load: Load, full: int, process: Process) -> tuple[Outcome, float]:
    """Run a load; return its outcome, and the target's median resident bytes while nearly all streams were open."""
    task = asyncio.ensure_future(load.run())
    samples: list[float] = []
    while not task.done():
        await asyncio.wait([task], timeout=0.1)
        if load.open >= full * 0.9:
            samples.append(process.resident())
    return await task, statistics.median(samples) if samples else math.nan


def _job(scenario: Scenario, target: Target, launch: Launch) -> Job:
    conversation = agent_conversation(scenario.calls) if scenario.agent else short_conversation()
    dialect = scenario.dialect if target.translates else RESPONSES
    streamed = scenario.stream or not target.translates
    return Job(
        port=launch.port,
        request=http_request(
            scenario.dialect,
            conversation,
            stream=streamed,
            key=launch.key,
            port=launch.port,
        ),
        marks=[mark(index) for index in range(_DELTAS[scenario.script])],
        end=dialect.end_of_stream if streamed else dialect.end_of_document,
        stamped=scenario.script in _STREAM_SECONDS,
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile; NaN of nothing."""
    if not values:
        return math.nan
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]
