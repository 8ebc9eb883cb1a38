"""The matrix of clients and scenarios is complete, and every test that it names is one that runs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .matrix import MATRIX, PROMISES, SCENARIOS, Row, Without
from .test_sdks import JS, PYTHON

HERE = Path(__file__).resolve().parent


def empty(row: Row) -> list[str]:
    """Return the scenarios in which a client has neither a test nor a reason."""
    return [scenario for scenario in SCENARIOS if not row.get(scenario)]


def named() -> Iterator[str]:
    """Yield every test that the matrix and the promises name."""
    for row in MATRIX.values():
        yield from (cell for cell in row.values() if not isinstance(cell, Without))
    for tests in PROMISES.values():
        yield from tests


@pytest.mark.parametrize("client", MATRIX)
def test_no_scenario_of_a_client_is_left_out(client: str) -> None:
    assert empty(MATRIX[client]) == []
    assert MATRIX[client].keys() <= set(SCENARIOS), "a scenario that there is not"


def test_a_cell_that_is_taken_out_is_missed() -> None:
    row = {scenario: cell for scenario, cell in MATRIX["Claude Code"].items() if scenario != "image"}
    assert empty(row) == ["image"]


def test_every_client_that_is_installed_is_in_the_matrix() -> None:
    assert len(MATRIX) == 3 + 3 + len(JS) + len(PYTHON)
    source = (HERE / "js" / "drive.mjs").read_text()
    drivers = re.search(r"^const drivers = \{([^}]*)\}", source, re.MULTILINE)
    assert drivers is not None
    assert set(re.findall(r"\w+", drivers[1])) == set(JS) <= MATRIX.keys()


def test_every_test_that_is_named_is_there() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", str(HERE)]
    listed = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, check=True, timeout=200)
    there = {line.removeprefix("tests/clients/") for line in listed.stdout.splitlines() if "::" in line}
    assert sorted(set(named()) - there) == []
