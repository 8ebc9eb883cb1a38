"""A limit of time for what runs inside a block, as `asyncio.timeout` is one, at a third of its price."""

from __future__ import annotations

import asyncio
from types import TracebackType


class Deadline:
    """Cancels its task's block after `seconds` (0: never), and raises TimeoutError in place of the cancellation.

    A cancellation that comes from elsewhere goes on as one. Used once, with `with`.
    """

    __slots__ = ("_asked_before", "_over", "_seconds", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._over = False

    def __enter__(self) -> None:
        """Begin to count."""
        if self._seconds:
            self._task = task = asyncio.current_task()
            assert task is not None  # noqa: S101  # whatever waits runs in a task
            self._asked_before = task.cancelling()
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._over = True
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Count no longer. Raises TimeoutError where it was this that cancelled the block, and this alone."""
        task, self._task = self._task, None
        if self._timer is not None:
            self._timer.cancel()
        if not self._over or task is None:
            return
        alone = task.uncancel() <= self._asked_before
        if alone and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error
