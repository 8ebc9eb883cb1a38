"""U8, C10: JSON with halves of characters is read, and can be written again."""

import json
import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.responses import wellformed

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=())), inner),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (rb'"cut \ud83d"', "cut \N{REPLACEMENT CHARACTER}"),
        (
            rb'{"\ude00": ["\uD83D\uDE00", "\ud83d"]}',
            {"\N{REPLACEMENT CHARACTER}": ["😀", "\N{REPLACEMENT CHARACTER}"]},
        ),
        (b'"\xe4\xb8"', "\N{REPLACEMENT CHARACTER}"),
        (rb'["ud83d\ude00"]', ["ud83d\N{REPLACEMENT CHARACTER}"]),
        (b'\xef\xbb\xbf["a"]', ["a"]),
        (b'[1, 2.5, null, "x"]', [1, 2.5, None, "x"]),
        (rb'["\ud83d", 123456789012345678901234567890]', ["\N{REPLACEMENT CHARACTER}", 1.2345678901234568e29]),
    ],
)
def test_half_a_character_becomes_the_replacement_character(data, value):
    assert wellformed.loads(data) == value


@pytest.mark.parametrize(
    "data", [b"", b"{", rb'["\ud83d", NaN]', rb'"\ud83d', b"[" * 100_000, rb'["\ud83d",' + b"[" * 900]
)
def test_what_is_no_json_is_a_value_error(data):
    with pytest.raises(ValueError, match=r"."):
        wellformed.loads(data)


PIECES = [r"\ud83d", r"\ude00", r"\uD83D\uDE00", r"\\", r"\n", r"\"", "ud83d", r"\u00e9", "a", "😀"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_halves_are_replaced_and_whole_characters_kept(text):
    expected = re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", json.loads(f'"{text}"'))
    assert wellformed.loads(f'"{text}"'.encode()) == expected


def test_a_text_of_backslashes_takes_no_more_than_its_length():
    data = b'["' + rb"\\" * 1_000_000 + rb'\ud83d"]'
    assert wellformed.loads(data) == ["\\" * 1_000_000 + "\N{REPLACEMENT CHARACTER}"]


@given(ANY)
def test_whatever_was_read_can_be_written(value):
    orjson.dumps(wellformed.loads(json.dumps(value).encode()))


@pytest.mark.parametrize(
    ("first", "second", "whole"), [("a\ud83d", "\ude00b", "a😀b"), ("", "a", "a"), ("\ud83d", "x", "\ud83dx")]
)
def test_halves_are_joined(first, second, whole):
    assert wellformed.joined(first, second) == whole
    assert wellformed.opening(first) == (first[-1:] if "\ud83d" in first else "")
