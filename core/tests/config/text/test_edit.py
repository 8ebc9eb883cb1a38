"""Texts are changed as a careful person would: what is not meant stays as it is, byte for byte."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jackfield.config.text.edit import EditError, edited, merge, rewritten
from jackfield.config.text.reader import read
from jackfield.model.errors import ConfigError

TEXT = """\
# head
acme:                  # first
    enabled: true      # on
    # where
    url: 'https://a/v1'
    keys: [one, "two"] # flow
    nested:
        deep: 0.50

# ---- others

others:
- name: fox            # f
  tags:
  - a
# of owl
- {name: owl, n: 010}
switch: off            # said so
date: 2026-01-01
# tail
"""


@pytest.mark.parametrize(
    ("key", "value", "old", "new"),
    [
        ("switch", True, "switch: off            #", "switch: true           #"),
        ("acme", {"enabled": False}, "enabled: true      # on", "enabled: false     # on"),
        ("acme", {"url": "https://b/v1"}, "url: 'https://a/v1'", "url: 'https://b/v1'"),
        ("acme", {"keys": ["one", "three"]}, '[one, "two"] # flow', '[one, "three"] # flow'),
        ("acme", {"nested": {"deep": 0.5, "more": 1}}, "deep: 0.50\n", "deep: 0.50\n        more: 1\n"),
        ("acme", {"new": "x"}, "deep: 0.50\n", "deep: 0.50\n    new: x\n"),
        ("fresh", {"a": [1]}, "# tail\n", "# tail\nfresh:\n  a:\n  - 1\n"),
        ("date", "2026-02-02", "date: 2026-01-01", 'date: "2026-02-02"'),
    ],
)
def test_one_change_is_one_change(key: str, value: Any, old: str, new: str) -> None:
    known = read(TEXT).data.get(key)
    value = {**known, **value} if isinstance(known, dict) else value

    assert TEXT.count(old) == 1
    assert rewritten(TEXT, key, value) == TEXT.replace(old, new)


def test_entries_of_lists_are_told_apart_by_name() -> None:
    fox, owl, new = {"name": "fox", "tags": ["a", "b"]}, {"name": "owl", "n": 8}, {"name": "new"}

    assert rewritten(TEXT, "others", [fox, owl]) == TEXT.replace("  - a\n", "  - a\n  - b\n")
    assert rewritten(TEXT, "others", [owl]) == TEXT.replace("- name: fox            # f\n  tags:\n  - a\n", "")
    assert rewritten(TEXT, "others", [{**fox, "tags": ["a"]}, owl, new]) == TEXT.replace(
        "- {name: owl, n: 010}\n", "- {name: owl, n: 010}\n- name: new\n"
    )


def test_the_same_value_changes_nothing() -> None:
    for key, value in read(TEXT).data.items():
        assert rewritten(TEXT, key, value) == TEXT


def test_a_number_is_not_taken_for_true() -> None:
    assert rewritten("a: true\n", "a", 1) == "a: 1\n"
    assert rewritten("a: 1\n", "a", 1.0) == "a: 1.0\n"


@pytest.mark.parametrize("text", ["", "\n", "# only a note\n", "# no line end", "---\n# note\n"])
def test_the_first_key_of_a_file_leaves_its_notes(text: str) -> None:
    new = rewritten(text, "a", {"b": "c"})

    assert new.startswith(text)
    assert read(new).data == {"a": {"b": "c"}}


@pytest.mark.parametrize(
    "text",
    ["{a: 1, b: 2}\n", "a: 1\n...\n", "---\na: 1\n", "\ufeffa: 1\nb: 2\n", "a: 1\r\nb: 2\r\n", "a: |\n  text\n\nb: 2",
     '"a": 1\nb: 2\n', "? a\n: 1\n"],
)  # fmt: skip
def test_unusual_ways_to_write_are_kept_apart(text: str) -> None:
    others = {key: value for key, value in read(text).data.items() if key != "a"}
    new = rewritten(text, "a", "changed")

    assert read(new).data == {"a": "changed", **others}
    assert new.count("\r") == (text.count("\r") and new.count("\n"))


def test_what_an_anchor_shares_is_not_changed_elsewhere() -> None:
    text = "a: &shared {x: 1}\nb:\n  <<: *shared\n  y: 1\nc: *shared\n"

    for key, value in (("a", {"x": 2}), ("b", {"x": 1, "y": 2}), ("b", {"x": 3, "y": 1}), ("c", {"x": 4})):
        try:
            new = rewritten(text, key, value)
        except EditError as error:
            assert f"`{key}`" in str(error)  # noqa: PT017  # either way is right
        else:
            assert read(new).data == {**read(text).data, key: value}


def test_a_text_that_is_not_sound_is_refused() -> None:
    for text in ("a: [", "a: 1\na: 2\n", "- a\n"):
        with pytest.raises(ConfigError):
            rewritten(text, "a", 3)


PIECES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["on", "no", "null", "~", "12:30", "1_0", "0o7", "1e3", "=", "<<", "- a", "a: b", "# c", "\t", "2026-01-01", "..."]
)
SCALARS = (
    PIECES
    | st.booleans()
    | st.none()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(PIECES | st.sampled_from(["name", "a", "b"]), inner, max_size=3)
        | st.lists(
            st.fixed_dictionaries({"name": st.sampled_from("abc")}, optional={"x": inner}),
            unique_by=lambda item: str(item["name"]),
            max_size=3,
        )
    ),
    max_leaves=8,
)
BEFORE, AFTER = "first: 1   # one\n# between\n", "\n# and after\nlast: {a: 'b'} # l\n"


@given(VALUES, VALUES)
@example([4.738009514905225e16], ["", 4.738009514905225e16])
def test_any_value_becomes_any_other_and_its_neighbours_stay(old: Any, new: Any) -> None:
    text = rewritten(BEFORE + "key: null\n" + AFTER, "key", old)
    after = rewritten(text, "key", new)

    assert read(after).data == {"first": 1, "key": new, "last": {"a": "b"}}
    assert after.startswith(BEFORE)
    assert after.endswith(AFTER)


def test_merge_keeps_what_is_equal_as_it_is_written() -> None:
    text = "a: 0.50 # half\nb: 'x'\nc: [1,   2]\n"

    assert edited(text, lambda document: merge(document, {"a": 0.5, "b": "x", "c": [1, 2]})) == text.replace(
        "   2", " 2"
    )


LINES = st.sampled_from(
    [
        "a: 1",
        "b:",
        "  - x  # y",
        "  c: {d: e}",
        "# c",
        "---",
        "...",
        "a: &x [1]",
        "b: *x",
        "<<: *x",
        "a: |",
        "  text",
        "",
    ]
)


@given(st.lists(LINES, max_size=8).map("\n".join), st.sampled_from("abk"), VALUES)
def test_a_key_of_any_text_is_changed_alone_or_not_at_all(text: str, key: str, value: Any) -> None:
    try:
        content = read(text)
        new = rewritten(text, key, value)
    except (ConfigError, EditError):
        return
    assert read(new).data == {**content.data, key: value}
