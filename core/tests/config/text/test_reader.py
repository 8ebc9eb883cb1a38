from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.config import Document
from jackfield.model.errors import ConfigError, Problem


def refused(text: str) -> Problem:
    with pytest.raises(ConfigError) as caught:
        Document.parse(text)
    [problem] = caught.value.problems
    return problem


def test_characters_that_json_escapes_in_halves_are_whole() -> None:
    document = Document.parse('{"a": "\\ud83d\\ude00 ok", "\\ud83d\\ude00": 1}')

    assert document.data == {
        "a": "\U0001f600 ok",
        "\U0001f600": 1,
    }


def test_half_a_character_is_told_with_its_line() -> None:
    document = Document.parse('a: 1\nb: "x\\ud800"\n"\\udc00": 2\n')

    assert [(each.path, each.line) for each in document.problems] == [("b", 2), ("", 3)]
    assert document.data == {"a": 1, "b": None}
    "".join(map(str, document.problems)).encode()


def test_a_key_written_twice_is_told_with_both_lines() -> None:
    document = Document.parse("port: 1\nlimits:\n  a: 1\n  a: 2\nport: 2\n")

    assert [(each.path, each.line) for each in document.problems] == [("limits.a", 4), ("port", 5)]
    assert "line 1" in document.problems[1].message
    assert document.data["port"] == 1


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: 1\nb: [1, 2\n", 3, "bracket"),
        ("a: 1\n\tb: 2\n", 2, "spaces"),
        ("a: b: c\n", 1, "quote"),
        ("a: *nothing\n", 1, "quotes"),
        ("a: 1\n---\nb: 2\n", 2, "one document"),
        ("a: 1\nb: \x07\n", 2, "remove"),
    ],
)
def test_broken_yaml_names_its_line_and_the_mend(text: str, line: int, word: str) -> None:
    problem = refused(text)

    assert problem.line == line
    assert "YAML" in problem.message
    assert word in problem.fix


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n", "42\n"])
def test_a_root_that_is_no_mapping_is_refused(text: str) -> None:
    assert "mapping" in refused(text).message


def test_dates_and_signs_stay_text() -> None:
    assert Document.parse("a: 2026-11-21\nb: =\n").data == {"a": "2026-11-21", "b": "="}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a: !!python/object:os.system x\n", "tag"),
        ("a: !!binary aGk=\n", "tag"),
        ("a: !!int many\n", "int"),
        ("a: .nan\n", "number"),
        ("a: .inf\n", "number"),
        ("on: 1\n", "quotes"),
        ("1: 1\n", "quotes"),
        ("[a, b]: 1\n", "quotes"),
        ("a: &x [*x]\n", "alias"),
        ("a: {<<: 3}\n", "mapping"),
        ("a: " + "[" * 70 + "]" * 70 + "\n", "deep"),
    ],
)
def test_what_json_cannot_say_is_a_problem(text: str, word: str) -> None:
    problems = Document.parse(text).problems

    assert [each.line for each in problems] == [1]
    assert word in str(problems[0])


def test_anchors_and_merge_keys_work() -> None:
    document = Document.parse("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n")

    assert document.data["use"] == {"x": 1, "y": 3}
    assert document.line_of(("use", "y")) == 4


def test_aliases_cannot_multiply_without_end() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
    )

    assert "values" in refused(bomb).message


def test_a_file_that_is_too_deep_for_the_parser_is_refused() -> None:
    assert "deep" in refused("a: " + "[" * 5000).message


@pytest.mark.parametrize("number", ["18446744073709551616", "-9223372036854775809", "0x10000000000000000"])
def test_a_number_that_json_cannot_tell_is_told_with_its_line(number: str) -> None:
    document = Document.parse(f"a: 1\nb: {number}\n")

    assert [(each.path, each.line) for each in document.problems] == [("b", 2)]
    assert document.data["b"] is None


LINES = st.sampled_from(
    ["a: 1", "b:", "  - x", "  c: {d: e}", "- y", "# c", "---", "...", "a: &x [1]", "b: *x", "<<: *x", "? [k]", ": v"]
) | st.sampled_from(
    [
        "\t",
        "'q",
        '"q\\x',
        '"\\ud800"',
        "!!int z",
        "!!binary x",
        "!!python/name:os.system x",
        "k: |",
        "  text",
        "%YAML 1.1",
    ]
)


@given(st.lists(LINES | st.text(max_size=10), max_size=8).map("\n".join) | st.text())
def test_any_text_is_read_or_refused_and_every_line_is_one_of_its_own(text: str) -> None:
    try:
        document = Document.parse(text)
    except ConfigError:
        return
    breaks = sum(text.count(sign) for sign in "\n\r\x85\u2028\u2029")
    assert all(1 <= line <= breaks + 1 for line in document.lines.values())
    assert orjson.dumps(document.data)
