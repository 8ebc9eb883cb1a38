"""Items that interleave, put one behind the other: Messages knows one open block at a time."""

from __future__ import annotations

from collections.abc import Sequence

from ...responses import Done, Failed, Finished, ItemKind, Started, Step


class BlockSerializer:
    """Lets the steps of one item through at a time; those of others wait until it is done.

    The order is that in which items first have something to say. Then all steps of an item stand together, from its
    `Started` to its `Done`. When the answer fails, what waits is dropped.
    """

    def __init__(self) -> None:
        self._open: int | None = None
        self._waiting: dict[int, list[Step]] = {}

    def order(self, step: Step) -> Sequence[Step]:
        """Return the steps whose turn it is now that `step` has come."""
        if isinstance(step, Finished | Failed):
            return (step,)
        if step.item == self._open:
            return self._advance(step)
        waiting = self._waiting.setdefault(step.item, [])
        waiting.append(step)
        return () if self._open is not None or not _speaks(step) else self._next()

    def _advance(self, step: Step) -> Sequence[Step]:
        if not isinstance(step, Done):
            return (step,)
        self._open = None
        return (step, *self._next())

    def _next(self) -> list[Step]:
        """Open the first waiting item that has something to say; go on to the next while it is done already."""
        ready: list[Step] = []
        for item, steps in list(self._waiting.items()):
            if not any(_speaks(step) for step in steps):
                continue
            ready += self._waiting.pop(item)
            if not isinstance(steps[-1], Done):
                self._open = item
                break
        return ready


def _speaks(step: Step) -> bool:
    """Return whether a step has something to say: a call has from its start on, other items from their content on."""
    return not isinstance(step, Started) or step.kind is ItemKind.TOOL
