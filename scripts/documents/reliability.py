"""`docs/reliability.md`: prose that people write, around the table of all faults that `tests/faults` keeps true."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

_TABLE = re.compile(r"(<!-- table: faults -->\n).*?(<!-- end -->)", re.DOTALL)
_HEAD = "| {group} | client, before content | client, after content | with another provider | the credential |\n"
_RULE = "|---|---|---|---|---|\n"


def page(text: str, tests: Path) -> str:
    """Return the text of the page with its table as the tests in the folder `tests` have it."""
    table = "\n".join(_group(name, faults) for name, faults in groups(tests / "faults").items())
    return _TABLE.sub(lambda found: found[1] + table + found[2], text)


def groups(folder: Path) -> Mapping[str, Sequence[Any]]:
    """Return the rows of the table by group. The folder is on nobody's path, so it becomes a package of our own."""
    name = "jackfield_faults"
    package = sys.modules.setdefault(name, ModuleType(name))
    package.__path__ = [str(folder)]
    found: Mapping[str, Sequence[Any]] = import_module(f"{name}.table").GROUPS
    return found


def _group(name: str, faults: Sequence[Any]) -> str:
    return _HEAD.format(group=name) + _RULE + "".join(f"| {' | '.join(_row(fault))} |\n" for fault in faults)


def _row(fault: Any) -> Iterator[str]:
    told = fault.told
    yield fault.name
    if told.status == 200:
        yield from ("the whole answer", "the whole answer", "it is not asked", "serves on")
        return
    yield _before(fault)
    yield f"`{told.code or told.type}`, `{told.messages_type}`" if fault.after else ""
    yield "its answer" if told.moves_on else "the same error"
    yield _rest(fault.rest)


LONGEST_TOLD = 60


def _before(fault: Any) -> str:
    told = fault.told
    messages = f"{told.messages_status} " if told.messages_status else ""
    words = f"{told.status} `{told.code or told.type}`, {messages}`{told.messages_type}`"
    words += f", on `/v1/responses` of the type `{told.responses_type}`" if told.responses_type else ""
    wait = f", `Retry-After: {fault.wait}`" if fault.wait else ""
    wait = ", `x-should-retry: false`" if (fault.wait or 0) > LONGEST_TOLD else wait
    return words + wait + (", after a second try" if told.again else "")


def _rest(rest: Any) -> str:
    if not rest.seconds:
        return "serves on"
    length = f"{rest.seconds:g} s" if rest.seconds < 60 else f"{rest.seconds / 60:g} min"
    return f"rests {length}" if rest.after == 1 else f"{rest.after} in a row: rests {length}"
