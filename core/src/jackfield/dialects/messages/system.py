"""The system prompt, and system text in the middle of a conversation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..translate.fields import get_text, text_or_objects
from .tool_changes import ADDITION, REMOVAL

BILLING = "x-anthropic-billing-header:"
"""Opens a line of accounting that Claude Code puts first. It keeps changing, which spoils the upstream's cache."""

_LONGEST_WORD = 64

_billing_lines = re.compile(rf"\s*(?:{BILLING}[^\n]*(?:\n\s*|$))+", re.IGNORECASE).match


def instructions(system: object, path: str = "system") -> str:
    """Return the texts of a system prompt (a string or text blocks), joined by blank lines, without accounting.

    Raises ClientError (400) naming the place that is wrong.
    """
    return "\n\n".join(texts(system, path))


def texts(system: object, path: str) -> list[str]:
    """Return the texts of a system prompt one by one, without empty ones; what is no text is named in its place."""
    blocks = text_or_objects(system, path)
    found = [blocks] if isinstance(blocks, str) else [_said(block, place) for block, place in blocks]
    return [text for text in map(_without_billing, found) if text]


def _said(block: Mapping[str, Any], path: str) -> str:
    kind = get_text(block, "type", path, "text")
    if kind in (ADDITION, REMOVAL):
        return ""
    return get_text(block, "text", path) if kind == "text" or "text" in block else left_out(kind)


def left_out(kind: str) -> str:
    """Return the words that stand where something could not be sent, so that the model knows of it."""
    return f"[content of type {kind[:_LONGEST_WORD]} was left out: not supported here]"


def _without_billing(text: str) -> str:
    """Return the text without its leading lines of accounting."""
    lines = _billing_lines(text)
    return text[lines.end() :] if lines else text
