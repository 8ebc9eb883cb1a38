"""What a tool answered: the `output` of a function call."""

from __future__ import annotations

from typing import Any

from ..translate.fields import get_flag, join
from .blocks import Block, Part, content_parts

EMPTY = "(no output)"
FAILED = "[tool error]"


def output_of(block: Block, path: str) -> str | list[Part]:
    """Return the output of a tool_result block: a string when all of it is text, else a list of parts.

    An error has no field upstream, so it is marked in the text. Raises ClientError (400) naming the place that is
    wrong.
    """
    parts = content_parts(block.get("content"), join(path, "content"))
    failed = get_flag(block, "is_error", path)
    if any(part["type"] != "input_text" for part in parts):
        return [*_mark(failed), *parts]
    text = "\n".join(part["text"] for part in parts)
    if failed:
        return f"{FAILED} {text}".rstrip()
    return text or EMPTY


def _mark(failed: bool) -> list[dict[str, Any]]:
    return [{"type": "input_text", "text": FAILED}] if failed else []
