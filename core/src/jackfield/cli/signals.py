"""Signals that others send by habit: SIGHUP asks to read the configuration again, SIGUSR1 and SIGUSR2 say nothing.

A terminal that closes sends SIGHUP too; the server outlives it.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # nothing more is imported than the first moment needs
    import asyncio
    from collections.abc import Callable

_AGAIN = getattr(signal, "SIGHUP", None)
_IDLE = [number for name in ("SIGUSR1", "SIGUSR2") if (number := getattr(signal, name, None)) is not None]
_PROGRAM = {"jackfield", "-m", "__main__.py"}
"""What `sys.argv` begins with while the command line is imported; elsewhere it is a part of another program."""

_early = False


def begin_early() -> None:
    """Do so before anything else is imported, which may take a second, where the command is to serve."""
    if os.path.basename(sys.argv[0]) in _PROGRAM and "serve" in sys.argv[1:]:  # noqa: PTH119  # pathlib would take time
        begin()


def begin() -> None:
    """Let none of them end the process, from its first moment on; one that asks to read again is remembered."""
    for number in _IDLE:
        signal.signal(number, _nothing)
    if _AGAIN is not None:
        signal.signal(_AGAIN, _remember)


def follow(loop: asyncio.AbstractEventLoop, again: Callable[[], None]) -> None:
    """Call `again` whenever SIGHUP comes, and for one that came since `begin`."""
    global _early
    if _AGAIN is not None:
        loop.add_signal_handler(_AGAIN, again)
    for number in _IDLE:
        loop.add_signal_handler(number, _nothing, number, None)
    if _early:
        _early = False
        again()


def _nothing(number: int, frame: object) -> None:
    """Do nothing. An ignored signal would stay ignored in the processes that plugins start; this one does not."""


def _remember(number: int, frame: object) -> None:
    global _early
    _early = True
