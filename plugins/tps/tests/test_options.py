"""Where the configuration says that statistics are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jackfield.api import Settings
from jackfield.testing import make_app
from jackfield_tps.options import Options


def options(path: Path, config: dict[str, Any]) -> Options:
    settings: Settings = make_app(config, path=path).extensions["jackfield"].settings
    return Options.of(settings)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "my.config.yaml"


def test_the_defaults(config: Path) -> None:
    found = options(config, {})

    assert (found.log, found.usage) == (False, False)
    assert found.place.path == config.with_name("my.config.statistics.sqlite3")
    assert (found.place.limit, found.place.usage_days) == (256_000_000, 90)


@pytest.mark.parametrize(
    ("statistics", "path"),
    [
        ({"store": "memory"}, None),
        ({"store": "memory", "path": "x"}, None),
        ({"path": "x/y.db"}, "{folder}/x/y.db"),
        ({"path": "/var/lib/y.db"}, "/var/lib/y.db"),
        ({"path": "~/y.db"}, "{home}/y.db"),
        ({"path": "~nobody-of-that-name/y.db"}, "{folder}/~nobody-of-that-name/y.db"),
    ],
    ids=repr,
)
def test_places(config: Path, statistics: dict[str, Any], path: str | None) -> None:
    wanted = None if path is None else Path(path.format(folder=config.parent, home=Path.home()))

    assert options(config, {"statistics": statistics}).place.path == wanted


def test_bounds(config: Path) -> None:
    place = options(config, {"statistics": {"max-megabytes": 3, "usage-days": 7}}).place

    assert (place.limit, place.usage_days) == (3_000_000, 7)
