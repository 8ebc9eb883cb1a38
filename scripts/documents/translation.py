"""`docs/translation.md`: prose that people write, around the lists of what becomes of everything a client may send."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from types import MappingProxyType

from jackfield.dialects.chat import known as chat
from jackfield.dialects.known import Fate, Known
from jackfield.dialects.messages import known as messages

Lists = Mapping[str, Mapping[str, Known]]

_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

TABLES: Mapping[str, Lists] = MappingProxyType(
    {
        "messages": {
            "parameters": messages.PARAMETERS,
            "blocks": messages.BLOCKS,
            "tools": messages.TOOLS,
            "tools that come and go": messages.CHANGES,
            "fields of these": messages.FIELDS,
            "`output_config`": messages.OUTPUT,
            "`output_config.format`": messages.FORMATS,
            "`thinking`": messages.THINKING,
        },
        "chat": {
            "parameters": chat.PARAMETERS,
            "roles": chat.ROLES,
            "items of the Responses API among messages": chat.ITEMS,
            "parts": chat.PARTS,
            "tools": chat.TOOLS,
            "choices of a tool": chat.CHOICES,
            "formats": chat.FORMATS,
            "fields of these": chat.FIELDS,
        },
    }
)


def page(text: str) -> str:
    """Return the text of the page with its tables as the lists have them."""
    return _TABLE.sub(lambda found: found[1] + table(TABLES[found[2]]) + found[3], text)


def table(lists: Lists) -> str:
    """Return the table of a dialect: what is alike stands in one row."""
    rows = [f"| **{title}** | | |\n{''.join(_rows(known))}" for title, known in lists.items()]
    return "| what you send | | what it becomes, or why not |\n|---|---|---|\n" + "".join(rows)


def _rows(known: Mapping[str, Known]) -> Iterator[str]:
    order = list(Fate)
    entries = sorted(known.items(), key=lambda entry: order.index(entry[1].fate))
    for entry, names in groupby(entries, key=lambda each: each[1]):
        told = ", ".join(f"`{name}`" for name, _ in names)
        yield f"| {told} | {entry.fate.value} | {entry.words} |\n"
