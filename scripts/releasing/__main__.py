"""`python -m releasing sbom` prints the bill of materials; `audit` asks pip-audit about what is in it."""

from __future__ import annotations

import os
import sys

from . import audit, runtime
from .sbom import sbom

USAGE = "usage: python -m releasing sbom | audit PIP_AUDIT [--strict]"


def main(arguments: list[str]) -> int:
    """Do what is asked; return the exit status."""
    own = runtime.own()
    components = runtime.components(own)
    match arguments:
        case ["sbom"]:
            epoch = os.environ.get("SOURCE_DATE_EPOCH")
            sys.stdout.write(sbom(components, own, int(epoch) if epoch else None))
            return 0
        case ["audit", program, *options] if options in ([], ["--strict"]):
            foreign = [each for each in components if each.name not in own]
            return _audited(audit.audit(program, foreign, _tell), len(foreign), strict=bool(options))
    _tell(USAGE)
    return 2


def _audited(outcome: audit.Outcome, count: int, *, strict: bool) -> int:
    """Tell what an audit came to; return 1 for a vulnerability, and where nothing was audited, if that is `strict`."""
    for line in outcome.found:
        _tell(line)
    if outcome.found:
        _tell(
            f"{len(outcome.found)} known vulnerabilities in what jackfield runs on; raise the floors in pyproject.toml"
        )
        return 1
    if outcome.audited:
        _tell(f"no known vulnerability in the {count} distributions that jackfield runs on")
        return 0
    _tell("NOT AUDITED: nothing is known about vulnerabilities, neither good nor bad")
    return int(strict)


def _tell(line: str) -> None:
    sys.stderr.write(f"audit: {line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
