from __future__ import annotations

from jackfield.cli.table import table


def test_columns_are_aligned_and_every_row_is_one_line() -> None:
    assert table(("A", "B"), [("x", "two\nlines"), ("longer", "")]) == "A       B\nx       two lines\nlonger  -"
