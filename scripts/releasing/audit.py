"""Asking pip-audit whether what runs has known vulnerabilities, and never taking its silence for an answer.

pip-audit says that it found nothing also when the service knows no package at all, as behind a mirror: then each is
listed as skipped.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .runtime import Component

SERVICES = ("pypi", "osv")
"""Where pip-audit looks, in this order."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an audit: `audited` when every component was looked up, and the vulnerabilities that are known."""

    audited: bool
    found: tuple[str, ...] = ()


def audit(program: str, components: Sequence[Component], tell: Callable[[str], None]) -> Outcome:
    """Audit with the first service that answers. A single component is asked for first, to learn whether it does."""
    for service in SERVICES:
        if not _asked(program, service, components[:1]).audited:
            tell(f"the advisories of {service} cannot be reached from here")
            continue
        outcome = _asked(program, service, components)
        if outcome.audited or outcome.found:
            return outcome
        tell(f"{service} does not know every component")
    return Outcome(audited=False)


def _asked(program: str, service: str, components: Iterable[Component]) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        listed, report = Path(folder, "requirements.txt"), Path(folder, "report.json")
        listed.write_text("".join(f"{each.name}=={each.version}\n" for each in components), "utf-8")
        options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--vulnerability-service", service]
        command = [program, *options, "--format", "json", "--output", str(report), "--requirement", str(listed)]
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # pip-audit; the report says what came
        try:
            told = json.loads(report.read_text("utf-8"))["dependencies"]
        except (OSError, ValueError, KeyError):
            return Outcome(audited=False)
    return Outcome(
        audited=bool(told) and not any("skip_reason" in each for each in told),
        found=tuple(line for each in told for line in _lines(each)),
    )


def _lines(dependency: dict[str, Any]) -> Iterable[str]:
    """Return a line for each known vulnerability of a dependency."""
    for each in dependency.get("vulns", ()):
        fixed = ", ".join(each["fix_versions"]) or "no version yet"
        yield f"{dependency['name']} {dependency['version']}: {each['id']}, fixed in {fixed}"
