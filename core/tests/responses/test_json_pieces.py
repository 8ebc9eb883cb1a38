"""The 100 ms rule, C4's relative: large JSON is read and written in pieces, and nothing tells it from JSON in one."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.responses import json_pieces, wellformed

TEXT = st.text(st.sampled_from('a[]{},:"\\ué😀\n'), max_size=12)
DOCUMENT = st.recursive(
    st.none() | st.integers(-9, 2**60) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=40,
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pieces of a few bytes; a test that needs the real size says so."""
    monkeypatch.setattr(json_pieces, "_WINDOW", 7)
    monkeypatch.setattr(json_pieces, "PIECE", 11)
    monkeypatch.setattr(json_pieces, "MUCH", 11)


@given(DOCUMENT, st.booleans(), st.booleans())
def test_what_is_read_in_pieces_is_what_is_read_at_once(value: Any, ascii_only: bool, spaced: bool) -> None:
    written = json.dumps(value, ensure_ascii=ascii_only, indent=1 if spaced else None).encode()
    assert json_pieces.loads(written) == orjson.loads(written)


@given(DOCUMENT, st.integers(0, 200), st.sampled_from([b",", b"]", b"[", b"}", b"{", b'"', b"\\", b":", b"1", b""]))
def test_what_is_no_json_at_once_is_none_in_pieces(value: Any, at: int, wrong: bytes) -> None:
    written = orjson.dumps(value)
    broken = written[:at] + wrong + written[at + (not wrong) :]
    try:
        expected = orjson.loads(broken)
    except orjson.JSONDecodeError:
        with pytest.raises(orjson.JSONDecodeError):
            json_pieces.loads(broken)
    else:
        assert json_pieces.loads(broken) == expected


@given(DOCUMENT)
def test_what_is_written_in_pieces_is_what_is_written_at_once(value: Any) -> None:
    assert json_pieces.dumps(value) == json_pieces.dumps(value, 1_000) == orjson.dumps(value)


@pytest.mark.parametrize(
    "broken",
    [
        b'{"a":[1,2,3,4,5,6,7,8,,9]}',
        b'{"a":[1,2,3,4,5,6,7,8,9,]}',
        b'{"abc":1,"bcd":2,"cde":3,}',
        b'{"abc":1,"bcd":2,"cde"}',
        b'{"abc":1},{"bcd":2},{"c":1}',
        b"[1,2,3,4,5,6,7,8,9}",
        b'{"a":1,"b":[1,2,3,4,5,6,\n"c":4,"d":5}',
    ],
)
def test_a_fault_is_told_as_such_at_its_place_in_the_whole(broken: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError) as told:
        json_pieces.loads(broken)
    assert 1 <= told.value.lineno <= broken.count(b"\n") + 1
    assert 0 <= told.value.pos <= len(broken)


def test_the_place_of_a_fault_is_that_of_the_whole() -> None:
    broken = b'{"a": "\xc3\xa9",\n "b": [1, 2, 3, 4, 5, 6, 7],\n "c": [1, 2, x, 3, 4, 5, 6, 7]}'
    with pytest.raises(orjson.JSONDecodeError) as told:
        json_pieces.loads(broken)
    assert (told.value.lineno, told.value.colno) == (3, 14)


@pytest.mark.parametrize(
    "written",
    [
        b'{"a":[1],"b":2,"a":[3,4,5,6,7,8,9]}',
        b'{"a":1,"b":{},"a":[3,4,5,6,7,8,9]}',
        b'{"a":[1],"b":[2],"a":[3,4,5,6,7]}',
    ],
)
def test_a_name_that_stands_twice_hides_where_a_cut_was(written: bytes) -> None:
    """Then it is refused: nothing comes to lie in the wrong place."""
    with pytest.raises(orjson.JSONDecodeError, match="stands twice"):
        json_pieces.loads(written)


def test_halves_of_characters_are_read_in_pieces_too() -> None:
    written = rb'{"a":["cut \ud83d","\ud83d\ude00","\\ud83d"],"b":"\ude00"}'
    whole = orjson.loads(wellformed.mend(written))
    assert json_pieces.loads(written, wellformed.loads) == whole


SHAPES = {
    "different keys": lambda: b'{"x":{' + b",".join(b'"key %d":0' % number for number in range(300_000)) + b"}}",
    "lists": lambda: b'{"x":[' + b"[],[1,[2]]," * 400_000 + b"0]}",
    "texts": lambda: orjson.dumps([["\u4e2d" * 200] * 4] * 3000),
    "escapes": lambda: b'["' + b'","'.join([rb"\ud83d\ude00\"\\" * 20] * 20_000) + b'"]',
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_no_call_of_the_parser_gets_more_than_a_piece(shape: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes are counted: what a piece may cost was measured."""
    monkeypatch.undo()
    read: list[int] = []

    def noted(data: bytes) -> Any:
        read.append(len(data))
        return wellformed.loads(data)

    written = shape()
    assert json_pieces.loads(written, noted) == orjson.loads(written)
    assert len(read) >= len(written) // (2 * json_pieces.PIECE)
    assert max(read) < 2 * json_pieces.PIECE


def test_no_call_of_the_writer_gets_much_more_than_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    made: list[int] = []
    write = orjson.dumps

    def noted(value: Any) -> bytes:
        written = write(value)
        made.append(len(written) if "orjson.Fragment" not in repr(type(value)) else 0)
        return written

    monkeypatch.setattr(json_pieces.orjson, "dumps", noted)
    value = {"input": [{"text": "\n" * 700_000} for _ in range(4)], "one": "\n" * 4_000_000}
    assert json_pieces.dumps(value) == write(value)
    assert len(made) > 6
    assert max(made[:-1]) <= 4 * 2 * json_pieces.PIECE  # each line end is two bytes, and a group may be of two texts


def test_a_text_that_is_too_long_for_one_call_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_pieces, "LONGEST_TEXT", 100)
    assert json_pieces.loads(b'["' + b"a" * 90 + b'",1]')[1] == 1
    with pytest.raises(OverflowError, match="100 bytes"):
        json_pieces.loads(b'["' + b"a" * 190 + b'",1]')


def test_halves_are_mended_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a step ends makes no difference."""
    parts = [
        rb"\ud83d",
        rb"\uDE00",
        b"\\",
        b"\\\\",
        b"a",
        rb"n\n",
        "é😀".encode(),
        b"\xff",
        b"\xf0\x9f",
        b'"',
        b"ud83d",
    ]
    for first in parts:
        for second in parts:
            data = b"--" + (first + second + second + first) * 3
            monkeypatch.setattr(wellformed, "_PIECE", 10_000)
            whole = wellformed.mend(data)
            for size in range(1, 14):
                monkeypatch.setattr(wellformed, "_PIECE", size)
                assert wellformed.mend(data) == whole, (data, size)
