"""The real clients are there, at the versions that package.json pins."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

PINNED = orjson.loads((Path(__file__).parent / "package.json").read_bytes())["dependencies"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PINNED)
def test_a_client_has_the_version_that_was_tried(installed: Path, name: str) -> None:
    assert orjson.loads((installed / name / "package.json").read_bytes())["version"] == PINNED[name]
