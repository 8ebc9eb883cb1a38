"""Every line of docs/security.md has tests that are named after its number."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
LINES = [int(number) for number in re.findall(r"^(\d+)\. ", (TESTS.parent / "docs/security.md").read_text(), re.M)]


def numbers() -> dict[int, set[str]]:
    """Return the names of the tests of each line."""
    found: dict[int, set[str]] = {}
    for path in (*TESTS.glob("security/test_*.py"), *TESTS.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
                match := re.match(r"test_(\d\d)_", node.name)
            ):
                found.setdefault(int(match[1]), set()).add(node.name)
    return found


def test_the_lines_are_counted_through() -> None:
    assert list(range(1, 32)) == LINES


def test_every_line_has_its_tests() -> None:
    found = numbers()
    assert [line for line in LINES if line not in found] == []


def test_there_are_no_others() -> None:
    assert sorted(set(numbers()) - set(LINES)) == []
