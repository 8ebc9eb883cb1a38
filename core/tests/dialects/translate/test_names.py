"""Tool names and call ids: what fits stays, what does not is renamed for good and can be restored."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.translate.names import NameMap, call_id

LEGAL = re.compile(r"[A-Za-z0-9_-]{1,64}")

LONG = "mcp__plugin_" + "x" * 90


@pytest.mark.parametrize("name", ["Bash", "str_replace_based_edit_tool", "a" * 64, "mcp__server__tool-1"])
def test_a_legal_name_is_never_touched(name: str) -> None:
    names = NameMap.of([name])
    assert names.to_upstream(name) == name
    assert names.restore(name) == name


@pytest.mark.parametrize("name", [LONG, "a" * 65, "files.read", "read file", "读取", "", "a\nb"])
def test_an_illegal_name_becomes_legal_and_comes_back(name: str) -> None:
    names = NameMap.of([name, "Bash"])
    assert LEGAL.fullmatch(names.to_upstream(name))
    assert names.restore(names.to_upstream(name)) == name


def test_long_names_with_a_common_prefix_stay_different() -> None:
    names = NameMap.of([LONG + "_a", LONG + "_b"])
    assert names.to_upstream(LONG + "_a") != names.to_upstream(LONG + "_b")


def test_names_that_differ_only_in_illegal_signs_stay_different() -> None:
    names = NameMap.of(["a.b", "a b", "a_b"])
    assert len({names.to_upstream(name) for name in ("a.b", "a b", "a_b")}) == 3


def test_a_name_maps_alike_whether_or_not_its_tool_is_still_there() -> None:
    assert NameMap.of([LONG]).to_upstream(LONG) == NameMap.of(["Bash"]).to_upstream(LONG)


def test_a_legal_name_that_looks_like_a_renamed_one_keeps_its_name() -> None:
    impostor = NameMap.of([LONG]).to_upstream(LONG)
    names = NameMap.of([LONG, impostor])
    assert names.to_upstream(impostor) == impostor
    assert names.restore(impostor) == impostor
    assert names.restore(names.to_upstream(LONG)) == LONG


@given(st.lists(st.text(max_size=100), max_size=12))
def test_any_set_of_names_maps_one_to_one(originals: list[str]) -> None:
    names = NameMap.of(originals)
    short = {name: names.to_upstream(name) for name in originals}
    assert len(set(short.values())) == len(set(originals))
    assert all(LEGAL.fullmatch(name) for name in short.values())
    assert all(names.restore(value) == name for name, value in short.items())
    assert NameMap.of(reversed(originals)) == names


@pytest.mark.parametrize("name", ["call_1", "toolu_01AbC-x", "x" * 64])
def test_a_legal_call_id_is_never_touched(name: str) -> None:
    assert call_id(name) == name


def test_long_call_ids_with_a_common_prefix_stay_different() -> None:
    first, second = call_id("call_" + "x" * 80 + "1"), call_id("call_" + "x" * 80 + "2")
    assert first != second
    assert LEGAL.fullmatch(first)
    assert LEGAL.fullmatch(second)


@given(st.text(max_size=200))
def test_any_call_id_becomes_legal_and_stays_so(original: str) -> None:
    assert LEGAL.fullmatch(call_id(original))
    assert call_id(call_id(original)) == call_id(original)
