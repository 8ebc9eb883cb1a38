"""The parts of a Messages answer: blocks that open, grow and close, one after the other, and an end.

`Composer` makes them, the stream writer and the collector render them; so both tell the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from ...model.errors import UpstreamError

DIRECT: Mapping[str, str] = {"type": "direct"}
"""Who makes every call: the model itself, and not a program of its own."""


class Growth(Enum):
    """What a block grows by; the values are the `type` of the delta and the field of the block."""

    TEXT = ("text_delta", "text")
    THINKING = ("thinking_delta", "thinking")
    SIGNATURE = ("signature_delta", "signature")
    JSON = ("input_json_delta", "partial_json")
    CITATION = ("citations_delta", "citation")


@dataclass(frozen=True, slots=True)
class Open:
    """A block opens: its object as it stands in `content_block_start`. `position` is its item's place in the answer."""

    block: Mapping[str, Any]
    position: int


@dataclass(frozen=True, slots=True)
class Grow:
    """The open block grows. A citation is an object, everything else text."""

    by: Growth
    value: Any


@dataclass(frozen=True, slots=True)
class Close:
    """The open block is complete."""


@dataclass(frozen=True, slots=True)
class End:
    """The message is complete. `usage` is that of the Messages API."""

    stop_reason: str
    usage: Mapping[str, Any]
    stop_sequence: str | None = None
    stop_details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """The message broke off; an open block stays open."""

    error: UpstreamError


Part: TypeAlias = Open | Grow | Close | End | Broken
