"""The comments of a block of YAML, on their way to the entry that takes its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jackfield.api import Document

KEYS = {"enabled": "enabled", "base-url": "base-url", "openai-api-key": "api-key"}
"""Keys of the block whose comments go to a key of the entry."""

_KEY = re.compile(r"\s*([\w-]+)\s*:(?=\s|$)")
_APART = re.compile(r"#|\s*$|\.\.\.|---")
"""Lines that belong to what follows a block: empty ones, comments at the margin, the marks of documents."""

_CODE = re.compile(r"""(?:(?<![^\s:,\[{-])(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")|(?<=\S)#|[^#])*""")
"""All before a comment: `#` counts as one at the margin or after a blank, outside of quoted values."""

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Comments:
    """`beside` are those at the end of a line, by the key of the entry that they go to; `above` are all others."""

    beside: dict[str, str]
    above: tuple[str, ...]

    @classmethod
    def of(cls, document: Document, key: str) -> Comments:
        """Return the comments in the lines of a top-level key."""
        beside: dict[str, str] = {}
        above: list[str] = []
        lines = document.text.splitlines()
        start, end = lines_of(document, key)
        for line in lines[start:end]:
            code, comment = split(line)
            found = _KEY.match(code)
            target = KEYS.get(found[1]) if found else None
            if comment and target and target not in beside:
                beside[target] = comment
            elif comment:
                above.append(comment)
        return cls(beside, tuple(above))

    def given_to(self, text: str, place: Place) -> str:
        """Return the text with the comments at the entry that stands in `place`, one key a line."""
        document = Document.parse(text)
        newline = "\r\n" if "\r\n" in text else "\n"
        lines = text.splitlines(keepends=True)
        for key, comment in self.beside.items():
            if number := document.lines.get((*place, key)):
                lines[number - 1] = f"{lines[number - 1].rstrip()}  {comment}{newline}"
        start = document.line_of(place) - 1
        margin = " " * (len(lines[start]) - len(lines[start].lstrip(" ")))
        above = [f"{margin}{comment}{newline}" for comment in self.above]
        return "".join([*lines[:start], *above, *lines[start:]])


def lines_of(document: Document, key: str) -> tuple[int, int]:
    """Return the first line of a top-level key, from 0, and the one after its last."""
    lines = document.text.splitlines()
    start = document.lines[(key,)] - 1
    later = [line - 1 for path, line in document.lines.items() if len(path) == 1 and line - 1 > start]
    end = min(later, default=len(lines))
    while end > start + 1 and _APART.match(lines[end - 1]):
        end -= 1
    return start, end


def without_lines(text: str, key: str) -> str:
    """Return the text without the lines of a top-level key; two empty lines that meet become one."""
    document = Document.parse(text)
    start, end = lines_of(document, key)
    lines = text.splitlines(keepends=True)
    before, after = lines[:start], lines[end:]
    if after and not after[0].strip() and (not before or not before[-1].strip()):
        after = after[1:]
    return "".join([*before, *after])


def split(line: str) -> tuple[str, str]:
    """Return a line's YAML and its comment, which begins with `#`; "" when it has none."""
    code = _CODE.match(line)
    end = code.end() if code else 0
    return line[:end].rstrip(), line[end:].rstrip()
