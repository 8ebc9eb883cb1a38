"""What counts as the same between two states of a configuration."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield.config.text.compare import continued, same


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1, True), (True, 1, False), (0, False, False), (1, 1.0, False), ("1", 1, False), (None, "", False),
        ({"a": [1]}, {"a": (1,)}, True), ({"a": 1}, {"a": 1, "b": 2}, False), ([1, 2], [2, 1], False),
        ({"a": True}, {"a": 1}, False), ([], {}, False),
    ],
)  # fmt: skip
def test_equal_is_equal_in_kind_too(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ([1, 2, 3], [2, 3], {0: 1, 1: 2}),
        ([1, 2], [1, 9], {0: 0, 1: 1}),
        ([1, 2], [9, 8, 7], {}),
        ([1, 1], [1, 1, 1], {0: 0, 1: 1}),
        ([{"name": "a"}, {"name": "b"}], [{"name": "b", "x": 1}], {0: 1}),
        ([{"name": "a"}], [{"name": "a"}, {"name": "a"}], {0: 0}),
        ([{"k": 1}, {"k": 2}], [{"k": 2}, {"k": 3}], {0: 1}),
        ([{"k": 1}, {"k": 2}], [{"k": 1}, {"k": 3}], {0: 0, 1: 1}),
    ],
)
def test_items_are_continued_by_name_by_value_or_in_place(
    old: list[Any], new: list[Any], pairs: dict[int, int]
) -> None:
    assert continued(old, new) == pairs
