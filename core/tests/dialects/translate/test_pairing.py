"""Calls and outputs: each of the broken histories that clients send, and the invariants of the repair."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects.translate.pairing import INTERRUPTED, ORPHAN, repair

Item = dict[str, Any]


def call(name: str, family: str = "function_call") -> Item:
    return {"type": family, "call_id": name, "name": "Bash", "arguments": "{}"}


def out(name: str, text: Any = "ok", family: str = "function_call_output") -> Item:
    return {"type": family, "call_id": name, "output": text}


def said(role: str, text: str = "hi") -> Item:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def brief(items: list[Item]) -> list[str]:
    """Show items as short words: `call a`, `out a ok`, `user hi`."""
    words = []
    for item in items:
        if item["type"] == "message":
            words.append(" ".join([item["role"], *(part["text"] for part in item["content"])]))
        elif "output" in item:
            words.append(f"out {item['call_id']} {item['output']}")
        else:
            words.append(f"call {item['call_id']}")
    return words


RIGHT = [
    [],
    [said("user")],
    [said("user"), said("assistant"), said("user")],
    [said("user"), call("a"), out("a"), said("assistant"), said("user")],
    [said("user"), call("a"), out("a"), call("b"), out("b")],
    [said("user"), said("assistant"), call("a"), said("assistant"), call("b"), out("b"), out("a"), said("user")],
    [said("developer"), said("user"), call("a"), said("developer"), out("a"), said("user"), said("developer")],
    [said("user"), call("a", "custom_tool_call"), out("a", family="custom_tool_call_output")],
    [said("user"), said("assistant")],
]


@pytest.mark.parametrize("items", RIGHT)
def test_a_right_history_comes_out_unchanged(items: list[Item]) -> None:
    assert repair(items) == items


def test_an_unanswered_call_gets_an_output_before_the_next_user_text() -> None:
    items = [said("user"), call("a"), said("user", "stop")]
    assert brief(repair(items)) == ["user hi", "call a", f"out a {INTERRUPTED}", "user stop"]


def test_an_unanswered_call_among_answered_ones_gets_its_output_too() -> None:
    items = [call("a"), call("b"), call("c"), out("c"), said("user")]
    assert brief(repair(items)) == [
        "call a", "call b", "call c", "out c ok", f"out a {INTERRUPTED}", f"out b {INTERRUPTED}", "user hi",
    ]  # fmt: skip


def test_a_call_at_the_very_end_gets_an_output() -> None:
    assert brief(repair([said("user"), call("a")])) == ["user hi", "call a", f"out a {INTERRUPTED}"]


def test_an_output_without_a_call_becomes_user_text_in_its_place() -> None:
    assert brief(repair([out("gone", "42"), said("user")])) == [f"user {ORPHAN} 42", "user hi"]


def test_an_orphaned_output_keeps_its_images() -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"}
    (item,) = repair([out("gone", [image])])
    assert item["content"] == [{"type": "input_text", "text": ORPHAN}, image]


def test_an_output_before_its_call_counts_as_an_orphan() -> None:
    items = [out("a"), call("a"), said("user")]
    assert brief(repair(items)) == [f"user {ORPHAN} ok", "call a", f"out a {INTERRUPTED}", "user hi"]


def test_outputs_come_before_the_user_text_of_the_same_turn() -> None:
    items = [call("a"), call("b"), said("user"), out("b"), said("user", "more"), out("a")]
    assert brief(repair(items)) == ["call a", "call b", "out b ok", "out a ok", "user hi", "user more"]


def test_a_repeated_output_is_dropped() -> None:
    items = [call("a"), out("a"), out("a"), said("user"), out("a")]
    assert brief(repair(items)) == ["call a", "out a ok", "user hi"]


def test_a_second_output_that_says_something_else_is_not_lost() -> None:
    items = [call("a"), out("a", "one"), out("a", "two")]
    assert brief(repair(items)) == ["call a", "out a one", f"user {ORPHAN} two"]


def test_an_output_that_comes_turns_too_late_becomes_user_text() -> None:
    items = [call("a"), said("user"), said("assistant"), out("a", "late")]
    assert brief(repair(items)) == ["call a", f"out a {INTERRUPTED}", "user hi", "assistant hi", f"user {ORPHAN} late"]


def test_a_reused_id_is_renamed_and_linked_with_its_own_call() -> None:
    items = [call("a"), out("a", "1"), said("user"), call("a"), out("a", "2"), said("user"), call("a"), out("a", "3")]
    assert brief(repair(items)) == [
        "call a", "out a 1", "user hi", "call a_2", "out a_2 2", "user hi", "call a_3", "out a_3 3",
    ]  # fmt: skip


def test_a_reused_id_never_answers_an_earlier_interrupted_call() -> None:
    items = [call("a"), said("user"), call("a"), out("a", "2")]
    assert brief(repair(items)) == ["call a", f"out a {INTERRUPTED}", "user hi", "call a_2", "out a_2 2"]


def test_two_calls_of_one_turn_with_one_id_are_answered_in_order() -> None:
    items = [call("a"), call("a"), out("a", "1"), out("a", "2")]
    assert brief(repair(items)) == ["call a", "call a_2", "out a 1", "out a_2 2"]


def test_a_new_name_avoids_an_id_that_is_taken() -> None:
    items = [call("a_2"), out("a_2"), call("a"), out("a"), call("a"), out("a", "x")]
    assert brief(repair(items))[-2:] == ["call a_3", "out a_3 x"]


def test_a_renamed_id_stays_within_64_characters() -> None:
    long = "a" * 64
    items = repair([call(long), out(long), call(long), out(long)])
    assert len(items[2]["call_id"]) <= 64
    assert items[2]["call_id"] == items[3]["call_id"] != long


def test_an_output_takes_the_family_of_its_call() -> None:
    items = repair([call("a", "custom_tool_call"), out("a"), call("b"), out("b", family="custom_tool_call_output")])
    assert [item["type"] for item in items] == [
        "custom_tool_call", "custom_tool_call_output", "function_call", "function_call_output",
    ]  # fmt: skip


IDS = st.sampled_from(["a", "b", "a_2", "c"])
ITEMS = st.one_of(
    IDS.map(call),
    st.builds(out, IDS, st.sampled_from(["1", "2"])),
    st.sampled_from([said("user"), said("assistant"), said("developer"), {"type": "reasoning", "summary": []}]),
)


def check_paired(items: list[Item]) -> None:
    """Assert rules 1 and 2: one output for each call before the next user text, one call for each output."""
    waiting: set[str] = set()
    seen: set[str] = set()
    for item in items:
        if item["type"] == "function_call":
            assert item["call_id"] not in seen
            seen.add(item["call_id"])
            waiting.add(item["call_id"])
        elif item["type"] == "function_call_output":
            waiting.remove(item["call_id"])
        elif item.get("role") == "user":
            assert not waiting
    assert not waiting


@given(st.lists(ITEMS, max_size=14))
def test_any_history_comes_out_paired_and_a_second_repair_changes_nothing(items: list[Item]) -> None:
    before = copy.deepcopy(items)
    done = repair(items)
    check_paired(done)
    assert repair(done) == done
    assert items == before


@given(st.lists(ITEMS, max_size=14), st.lists(ITEMS, max_size=6))
def test_a_conversation_that_grows_keeps_its_beginning(items: list[Item], later: list[Item]) -> None:
    """Each request ends with the user's side, and the next one goes on with the assistant's."""
    asked = [*items, said("user")]
    grown = [*asked, said("assistant"), *later]
    assert repair(grown)[: len(repair(asked))] == repair(asked)
