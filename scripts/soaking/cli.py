"""The command line of `scripts/soak`."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvloop

from .proxy import Proxy, ProxyError
from .report import markdown, write_json
from .run import Plan, soak
from .verdict import reasons

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; return the exit status: 0 all well, 1 something is off, 130 interrupted."""
    options = _parser().parse_args(arguments)
    if not Path("/proc/self/status").exists():
        print("soak: needs /proc, which this system does not have", file=sys.stderr)
        return 1
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script that says `&` hands it down ignored
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    seed = secrets.randbelow(1 << 32) if options.seed is None else options.seed
    folder = Path(tempfile.mkdtemp(prefix="jackfield-soak-"))
    good = False
    try:
        good = _run(Plan(options.minutes * 60, options.rate, seed, options.warm_up), folder, options.json)
    except ProxyError as error:
        print(f"soak: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("soak: interrupted, everything stopped", file=sys.stderr)
        return INTERRUPTED
    finally:
        if good and not options.keep:
            shutil.rmtree(folder)
        else:
            print(f"soak: the proxy's log, file and statistics are in {folder}", file=sys.stderr)
    return 0 if good else 1


def _run(plan: Plan, folder: Path, json: Path | None) -> bool:
    print(f"soak: seed {plan.seed}", file=sys.stderr)
    with Proxy(folder) as proxy, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(soak(plan, proxy, lambda line: print(f"soak: {line}", file=sys.stderr)))
    print(markdown(result), end="")
    if json is not None:
        write_json(result, json)
    return not list(reasons(result))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/soak",
        description="Let clients, faults, aborts, reloads and management writes meet a real server, and see what is "
        "left of it.",
        epilog="The same seed gives the same kinds of events, not the same times.",
    )
    add = parser.add_argument
    add("--minutes", type=float, default=1.0, metavar="M", help="length of the load after the warm-up (1)")
    add("--rate", type=float, default=50.0, metavar="N", help="clients a second (50)")
    add("--warm-up", type=float, default=0.0, metavar="S", help="seconds of load before it (a fifth, 300 at most)")
    add("--seed", type=int, metavar="N", help="where chance begins (each time another, which is printed)")
    add("--json", type=Path, metavar="FILE", help="write all figures there")
    add("--keep", action="store_true", help="keep the proxy's folder, also when all is well")
    return parser
