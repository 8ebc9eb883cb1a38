"""The one reading of an upstream's stream: Responses events in, typed steps out, for every writer and collector."""

from typing import TYPE_CHECKING

from ..model.later import later

if TYPE_CHECKING:
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

# Not at once: a plugin that wants to know an `Event` needs no reader.
__getattr__ = later(
    __name__,
    {
        "jackfield.responses.reader": ("Header", "Reader"),
        "jackfield.responses.steps": (
            "NO_USAGE",
            "Annotated",
            "ArgumentsDelta",
            "Done",
            "Failed",
            "Finished",
            "ItemKind",
            "RefusalDelta",
            "Search",
            "Started",
            "Step",
            "TextDelta",
            "ThinkingBreak",
            "ThinkingDelta",
        ),
        "jackfield.responses.usage": ("read_usage",),
    },
)
