"""A flag that any event loop and any thread can wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

DEFAULT_TIMEOUT = 10.0
"""Seconds that a wait of the kit lasts at most, unless the test says otherwise. Reached only when a test fails."""


class Changed:
    """Tells waiters, in whatever loop or thread they are, to look again.

    The fake upstream may run in one loop and the test in another; `asyncio.Event` cannot span them.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def notify(self) -> None:
        """Wake every waiter."""
        with self._condition:
            self._condition.notify_all()
            waiters = tuple(self._waiters)
        for loop, event in waiters:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    async def wait(self, ready: Callable[[], bool], within: float, what: Callable[[], str]) -> None:
        """Return once `ready()` holds; raise TimeoutError with the text of `what()` after `within` seconds."""
        event = asyncio.Event()
        waiter = (asyncio.get_running_loop(), event)
        with self._condition:
            self._waiters.add(waiter)
        try:
            async with asyncio.timeout(within):
                while not ready():
                    await event.wait()
                    event.clear()
        except TimeoutError:
            raise TimeoutError(what()) from None
        finally:
            with self._condition:
                self._waiters.discard(waiter)

    def wait_sync(self, ready: Callable[[], bool], within: float, what: Callable[[], str]) -> None:
        """Do the same from a thread without a loop."""
        with self._condition:
            if not self._condition.wait_for(ready, within):
                raise TimeoutError(what())
