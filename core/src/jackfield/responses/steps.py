"""The steps of an answer: what every writer and collector works from, whatever the upstream's stream looked like.

`Reader` keeps this grammar: each item is `Started` once, then has deltas, then is `Done` once; items may interleave.
Exactly one `Finished` or `Failed` ends it, nothing follows. Before `Finished` every item is `Done`; `Failed` leaves
items open.
Nothing is said twice: what a `*.done` event repeats of earlier deltas is not repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeAlias

from ..model.errors import UpstreamError
from ..model.types import Usage

NO_USAGE = Usage()


class ItemKind(Enum):
    """What an output item is to a client. Items of other types yield no steps."""

    TEXT = "text"
    THINKING = "thinking"
    TOOL = "tool"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class Started:
    """An item begins. `item` names it in later steps and counts from 0 in order of appearance.

    `position` is its place in the answer (the output index where the upstream told it). A tool call has its final name
    and a call id that is never empty; `custom` tells a free-text call from one with JSON arguments.
    """

    item: int
    kind: ItemKind
    position: int
    call_id: str = ""
    name: str = ""
    namespace: str = ""
    custom: bool = False


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of a TEXT item; never empty."""

    item: int
    text: str


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """More of a refusal, spoken inside a TEXT item; never empty."""

    item: int
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """More of a reasoning summary (raw reasoning only where no summary came) of a THINKING item; never empty."""

    item: int
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingBreak:
    """The next thinking delta begins a new part; comes only between two parts that both have text."""

    item: int


@dataclass(frozen=True, slots=True)
class ArgumentsDelta:
    """More arguments (or, of a custom call, input text) of a TOOL item; never empty."""

    item: int
    text: str


@dataclass(frozen=True, slots=True)
class Annotated:
    """A note on the text of a TEXT item, as the upstream sent it: `type` (`url_citation`, ...), `url`, `title`, ..."""

    item: int
    annotation: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Search:
    """What a web search did. `action` is `search`, `open_page`, `find_in_page` or what else the upstream calls it."""

    id: str = ""
    action: str = "search"
    query: str = ""
    url: str = ""
    sources: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """An item is complete.

    `encrypted` is the final blob of a THINKING item, `arguments` the whole arguments of a TOOL item (its deltas put
    together), `search` what a SEARCH item did; each is empty for other kinds.
    """

    item: int
    encrypted: str = ""
    arguments: str = ""
    search: Search | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer ended properly. `reason` is why an incomplete one is (`max_output_tokens`, ...), else ""."""

    status: Literal["completed", "incomplete"]
    reason: str = ""
    usage: Usage = NO_USAGE
    service_tier: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer broke off, and why."""

    error: UpstreamError


Step: TypeAlias = (
    Started
    | TextDelta
    | RefusalDelta
    | ThinkingDelta
    | ThinkingBreak
    | ArgumentsDelta
    | Annotated
    | Done
    | Finished
    | Failed
)
