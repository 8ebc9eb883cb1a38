"""The plugin's keys of the configuration, read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jackfield.api import Settings, expanded

MEGABYTE = 1_000_000
ENDING = ".statistics.sqlite3"


@dataclass(frozen=True, slots=True)
class Place:
    """Where statistics are kept: in a file, or (`path` None) in memory. `limit` is in bytes."""

    path: Path | None
    limit: int
    usage_days: int


@dataclass(frozen=True, slots=True)
class Options:
    """What is logged and counted, and where it is kept."""

    log: bool
    usage: bool
    place: Place

    @classmethod
    def of(cls, settings: Settings) -> Options:
        """Return the options of a configuration."""
        section = settings.section("statistics")
        path = _path(settings, section["path"]) if section["store"] == "sqlite" else None
        return cls(
            log=settings.section("tps-log"),
            usage=settings.section("usage-statistics-enabled"),
            place=Place(path, int(section["max-megabytes"]) * MEGABYTE, int(section["usage-days"])),
        )


def _path(settings: Settings, named: str) -> Path | None:
    """Return the file: the one that is named, from the configuration's folder, or the one beside the configuration."""
    config = settings.path
    if named:
        path = expanded(Path(named))
        return path if path.is_absolute() or config is None else config.absolute().parent / path
    return None if config is None else config.absolute().with_name(config.stem + ENDING)
