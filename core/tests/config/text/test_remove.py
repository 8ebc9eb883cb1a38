"""Keys and items go with their own lines, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield.config.text.reader import read
from jackfield.config.text.remove import cut

TEXT = """\
acme:
  # of one
  one: 1   # first
  # of two
  two:
    deep: 2
    # inside of two
  # of three
  three: 3

  # the end of acme
# before list
list:
  # of a
  - name: a
    x: 1
      # deeper than a
  # of b
  - name: b
    x: 1
    y: 2
  - {name: c, x: 1}
flow: {a: 1, b: 2}
"""


@pytest.mark.parametrize(
    ("key", "value", "gone"),
    [
        ("acme", {"two": {"deep": 2}, "three": 3}, "  one: 1   # first\n"),
        ("acme", {"one": 1, "three": 3}, "  two:\n    deep: 2\n    # inside of two\n"),
        ("acme", {"one": 1, "two": {"deep": 2}}, "  three: 3\n"),
        ("list", [{"name": "b", "x": 1, "y": 2}, {"name": "c", "x": 1}],
         "  - name: a\n    x: 1\n      # deeper than a\n"),
        ("list", [{"name": "a", "x": 1}, {"name": "b", "y": 2}, {"name": "c", "x": 1}], ""),
        ("list", [{"name": "a", "x": 1}, {"name": "b", "x": 1, "y": 2}], "  - {name: c, x: 1}\n"),
    ],
)  # fmt: skip
def test_what_goes_takes_its_lines_along(key: str, value: Any, gone: str) -> None:
    new = cut(TEXT, key, value)

    assert read(new).data[key] == value
    if gone:
        assert TEXT.count(gone) == 1
        assert new == TEXT.replace(gone, "")


@pytest.mark.parametrize("value", [{"a": 1}, {}, None, [], {"c": 1}])
def test_what_has_no_lines_of_its_own_stays(value: Any) -> None:
    assert cut(TEXT, "flow", value) == TEXT


def test_several_places_go_at_once() -> None:
    new = cut(TEXT, "acme", {"two": {"deep": 2}})

    assert read(new).data["acme"] == {"two": {"deep": 2}}
    for comment in ("# of one", "# of two", "# inside of two", "# of three", "# the end of acme"):
        assert comment in new
