"""C4: what a JSON document would cost is known before it is parsed."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.responses import json_limits
from jackfield.responses.json_limits import MOST_MARKS, is_too_costly, measure

TEXT = st.text(st.sampled_from('a[]{},:"\\ué😀\n'), max_size=12)
DOCUMENT = st.recursive(
    st.none() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=30,
)


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(DOCUMENT, st.booleans(), st.integers(1, 40))
def test_marks_are_counted_outside_of_strings_wherever_a_window_ends(value: Any, ascii_only: bool, window: int) -> None:
    written = json.dumps(value, ensure_ascii=ascii_only)
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", written)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_limits, "_WINDOW", window)
        measured = measure(written.encode())

    assert measured.marks == sum(bare.count(mark) for mark in "[]{},")
    assert measured.depth == depth_of(value)


@pytest.mark.parametrize("piece", [b"[],", b'{"a":1},', b"1,", b"{},"])
def test_many_small_parts_are_too_costly(piece: bytes) -> None:
    marks = sum(piece.count(mark) for mark in (b"[", b"]", b"{", b"}", b","))
    often = MOST_MARKS // marks

    assert not is_too_costly(b"[" + piece * (often - 3) + b"0]" + b" " * MOST_MARKS)
    assert is_too_costly(b"[" + piece * (often + 3) + b"0]" + b" " * MOST_MARKS)


def test_a_text_may_have_any_number_of_marks() -> None:
    assert not is_too_costly(orjson.dumps(['[a, b], {c, d}: \\, " \n' * 400_000]))
