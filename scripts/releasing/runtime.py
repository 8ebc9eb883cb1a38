"""What runs when jackfield runs: its distributions and everything that they bring, as installed here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Component:
    """An installed distribution. `license` is "" where it names none; `requires` are the names of what it needs."""

    name: str
    version: str
    license: str
    summary: str
    requires: tuple[str, ...]


def own() -> list[str]:
    """Return the names of the distributions that this repository releases."""
    projects = [ROOT / "core" / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]
    return [tomllib.loads(path.read_text("utf-8"))["project"]["name"] for path in projects]


def components(roots: Iterable[str]) -> list[Component]:
    """Return distributions and all that they need here, by name. Raises PackageNotFoundError for what is missing."""
    needs: dict[str, set[str]] = {}
    for name in roots:
        _walk(name, frozenset(), needs, set())
    return [_component(name, needs[name]) for name in sorted(needs)]


def normal(name: str) -> str:
    """Return a distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _walk(name: str, extras: frozenset[str], needs: dict[str, set[str]], seen: set[tuple[str, frozenset[str]]]) -> None:
    name = normal(name)
    if (name, extras) in seen:
        return
    seen.add((name, extras))
    found = needs.setdefault(name, set())
    for requirement in _needed(distribution(name), extras):
        found.add(normal(requirement.name))
        _walk(requirement.name, frozenset(requirement.extras), needs, seen)


def _needed(found: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    """Yield what a distribution requires on this platform with these extras."""
    for line in found.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in ("", *sorted(extras))
        ):
            yield requirement


def _component(name: str, requires: set[str]) -> Component:
    found = distribution(name)
    return Component(name, found.version, _license(found), found.metadata["Summary"] or "", tuple(sorted(requires)))


def _license(found: Distribution) -> str:
    """Return a licence's name; some distributions write the whole text where its name belongs."""
    told = found.metadata.get_all("License-Expression") or found.metadata.get_all("License") or []
    classifiers = found.metadata.get_all("Classifier") or []
    told += [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License :: ")]
    return next((name for name in told if 0 < len(name) < 100 and "\n" not in name), "")
