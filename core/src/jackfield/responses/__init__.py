"""The one reading of an upstream's stream: Responses events in, typed steps out, for every writer and collector."""

from .reader import Header, Reader
from .steps import (
    NO_USAGE,
    Annotated,
    ArgumentsDelta,
    Done,
    Failed,
    Finished,
    ItemKind,
    RefusalDelta,
    Search,
    Started,
    Step,
    TextDelta,
    ThinkingBreak,
    ThinkingDelta,
)
from .usage import read_usage

__all__ = [
    "NO_USAGE",
    "Annotated",
    "ArgumentsDelta",
    "Done",
    "Failed",
    "Finished",
    "Header",
    "ItemKind",
    "Reader",
    "RefusalDelta",
    "Search",
    "Started",
    "Step",
    "TextDelta",
    "ThinkingBreak",
    "ThinkingDelta",
    "read_usage",
]
