"""The command line of `scripts/bench`."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import uvloop

from .litellm import LiteLLM
from .measure import Effort, Run, measure
from .processes import BenchError, Cores, pin, stop_all
from .report import REFERENCE, Report
from .samples import measured, tables
from .scenarios import SCENARIOS, Scenario
from .targets import TARGETS, USUAL, Target

PEERS: dict[str, Target] = {"litellm": LiteLLM()}
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit status: 0 all well, 1 something went wrong, 130 interrupted."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script that says `&` hands it down ignored
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    _allow_many_connections()
    effort, scenarios = _effort(options), _scenarios(options)
    try:
        if options.samples:
            _fill(options.samples, effort, options.json)
            return 0
        targets = _prepared(options)
        pin(effort.cores.load)
        runs = list(_runs(scenarios, targets, effort))
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted, everything stopped", file=sys.stderr)
        return INTERRUPTED
    finally:
        stop_all()
    report = Report(runs, scenarios, effort)
    print(report.markdown(), end="")
    if options.json:
        report.write_json(options.json)
    return int(any(run.problems and run.target not in PEERS for run in runs))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure what the proxy costs, as a multiple of a raw pass-through measured in the same run.",
        epilog="Scenarios: " + "; ".join(f"{scenario.name} ({scenario.about})" for scenario in SCENARIOS.values()),
    )
    add = parser.add_argument
    add("--scenario", action="append", metavar="NAME", choices=[*SCENARIOS, "all"], help="may be repeated; or: all")
    add("--target", action="append", choices=list(TARGETS), help="may be repeated; the reference always runs")
    add("--peer", action="append", choices=list(PEERS), default=[], help="measure it too, installed under .bench/")
    add("--rounds", type=int, metavar="N", help="runs of each target, taken in turn (3)")
    add("--seconds", type=float, metavar="S", help="length of a run (5)")
    add("--requests", type=int, metavar="N", help="end a run after so many requests, if that comes first")
    add("--open", type=int, metavar="N", help="requests under way, instead of the scenario's own number")
    add("--quick", action="store_true", help="a smoke run of a few seconds: the figures say little")
    add("--samples", type=int, nargs="?", const=1_000_000, metavar="N", help="nothing but this: fill the statistics")
    add("--json", type=Path, metavar="FILE", help="write every run's figures there")
    return parser


def _fill(samples: int, effort: Effort, path: Path | None) -> None:
    """Print what so many samples of the statistics cost."""
    found = list(measured(samples, effort.cores))
    print(tables(samples, effort.load_before, found), end="")
    if path:
        path.write_text(json.dumps(found, indent=2) + "\n")


def _effort(options: argparse.Namespace) -> Effort:
    seconds, rounds = (0.5, 1) if options.quick else (5, 3)
    return Effort(
        seconds=seconds if options.seconds is None else options.seconds,
        requests=math.inf if options.requests is None else options.requests,
        rounds=options.rounds or rounds,
        cores=Cores.split(),
    )


def _scenarios(options: argparse.Namespace) -> list[Scenario]:
    names = options.scenario or [scenario.name for scenario in SCENARIOS.values() if scenario.usual]
    chosen = list(SCENARIOS.values()) if "all" in names else [SCENARIOS[name] for name in dict.fromkeys(names)]
    if options.open:
        return [replace(scenario, open=options.open) for scenario in chosen]
    if options.quick:
        return [replace(scenario, open=min(scenario.open, 32)) for scenario in chosen]
    return chosen


def _prepared(options: argparse.Namespace) -> list[Target]:
    """Return the targets, the reference first. A peer that cannot be had is named and left out."""
    names = dict.fromkeys([REFERENCE, *(options.target or (target.name for target in USUAL))])
    targets = [TARGETS[name] for name in names]
    for target in targets:
        target.prepare()
    for name in options.peer:
        try:
            PEERS[name].prepare()
        except BenchError as error:
            print(f"bench: {name} is left out: {error}", file=sys.stderr)
        else:
            targets.append(PEERS[name])
    return targets


def _runs(scenarios: Sequence[Scenario], targets: Sequence[Target], effort: Effort) -> Iterator[Run]:
    """Make the runs: of each scenario all rounds, in each round every target in turn."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for scenario in scenarios:
            for number in range(1, effort.rounds + 1):
                for target in targets:
                    print(f"{scenario.name}: {target.name}, round {number} of {effort.rounds}", file=sys.stderr)
                    yield measure(scenario, target, effort, runner)


def _allow_many_connections() -> None:
    """Raise the limit on open files as far as it goes: a stream takes two in the proxy."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
