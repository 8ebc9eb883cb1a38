"""The system prompt, and system text in the middle of a conversation."""

from __future__ import annotations

import re

from ..request.fields import get_text, text_or_objects

BILLING = "x-anthropic-billing-header:"
"""Opens a line of accounting that Claude Code puts first. It keeps changing, which spoils the upstream's cache."""

_billing_lines = re.compile(rf"\s*(?:{BILLING}[^\n]*(?:\n\s*|$))+", re.IGNORECASE).match


def instructions(system: object, path: str = "system") -> str:
    """Return the texts of a system prompt (a string or text blocks), joined by blank lines, without accounting.

    Raises ClientError (400) naming the place that is wrong.
    """
    return "\n\n".join(texts(system, path))


def texts(system: object, path: str) -> list[str]:
    """Return the texts of a system prompt one by one; empty ones are left out, and so are blocks that hold no text."""
    blocks = text_or_objects(system, path)
    found = [blocks] if isinstance(blocks, str) else [get_text(block, "text", place) for block, place in blocks]
    return [text for text in map(_without_billing, found) if text]


def _without_billing(text: str) -> str:
    """Return the text without its leading lines of accounting."""
    lines = _billing_lines(text)
    return text[lines.end() :] if lines else text
