"""The system text that opens a Chat conversation: it becomes `instructions`, as a Messages request's does.

Upstreams that check a request look for it there, and refuse empty instructions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

Item = dict[str, Any]


def instructions(items: Sequence[Item], text: Mapping[str, Any]) -> tuple[str, list[Item]]:
    """Return the text of the leading system and developer messages, joined by blank lines, and the items after them.

    "" and all items where that would leave nothing to answer, where one of them is more than text, and where the
    answer's format (`text`) is `json_object`: upstreams want the word "json" in the input itself.
    """
    led = list(takewhile(_is_system, items))
    rest = list(items[len(led) :])
    wants_word = text.get("format") == {"type": "json_object"}
    if not rest or wants_word or not all(_is_text(part) for item in led for part in item["content"]):
        return "", list(items)
    return "\n\n".join("\n".join(part["text"] for part in item["content"]) for item in led), rest


def _is_system(item: Item) -> bool:
    return bool(item["type"] == "message" and item["role"] == "developer")


def _is_text(part: Mapping[str, Any]) -> bool:
    return bool(part["type"] == "input_text")
