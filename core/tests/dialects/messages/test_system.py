"""The system prompt."""

import pytest
from jackfield.dialects.messages.system import instructions

BILLING = "x-anthropic-billing-header: cc_version=2.1; cch=8f3a1;"


def text(value: str) -> dict[str, object]:
    return {"type": "text", "text": value, "cache_control": {"type": "ephemeral"}}


def test_all_blocks_are_joined_in_order_by_a_blank_line():
    assert instructions([text("one"), text(""), text("two")]) == "one\n\ntwo"
    assert instructions([text("one"), {"type": "odd"}]).endswith(
        "[content of type odd was left out: not supported here]"
    )


@pytest.mark.parametrize(
    "system",
    [
        [text(BILLING), text("You are")],
        [text(f"{BILLING}\n"), text("You are")],
        [text(f"{BILLING}\nYou are")],
        [text(f"\n {BILLING.title()}\n{BILLING}\n\nYou are")],
        f"{BILLING}\n\nYou are",
    ],
)
def test_the_billing_header_is_dropped_as_block_and_as_leading_line(system):
    assert instructions(system) == "You are"


def test_a_prompt_that_is_only_billing_is_empty():
    assert instructions(BILLING) == ""


def test_the_word_elsewhere_is_the_clients_own_text():
    assert instructions(f"Never print {BILLING}") == f"Never print {BILLING}"
    assert instructions("  indented") == "  indented"


def test_the_billing_header_changes_neither_body_nor_cache_key(translate):
    bodies = [translate(system=[text(f"{BILLING}{n}"), text("You are")]).body for n in range(2)]
    assert bodies[0] == bodies[1]


def test_system_messages_in_the_middle_become_developer_messages_at_their_place(items):
    found = items(
        {"role": "user", "content": "one"},
        {
            "role": "system",
            "content": [text(BILLING), text("remember"), text("this")],
            "output_config": {"effort": "low"},
        },
        {"role": "user", "content": "two"},
        {"role": "system", "content": "later"},
    )
    assert [(item["role"], [part["text"] for part in item["content"]]) for item in found] == [
        ("user", ["one"]), ("developer", ["remember", "this"]), ("user", ["two"]), ("developer", ["later"]),
    ]  # fmt: skip
