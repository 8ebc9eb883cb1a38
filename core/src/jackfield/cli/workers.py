"""Several processes on the same sockets: a parent that starts them, replaces those that die, and stops them all.

A worker's standard input is a lifeline: it ends when the parent is gone, however that came about. On its standard
output a worker says one line when it is ready.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress

from ..host.bootstrap import SIBLINGS
from . import signals

logger = logging.getLogger("jackfield.workers")

AT_ONCE = 5.0
"""A worker that ends within so many seconds of its start has died at once."""
ATTEMPTS = 3
"""Deaths at once, in a row, after which a worker is not started again."""
BEYOND_GRACE = 10.0
"""Seconds past the time of grace after which a worker that does not stop is killed."""


class Workers:
    """Runs `command` in `count` processes that inherit the `listening` sockets.

    `ready` is called when the first one serves. Told to stop, it closes the sockets, so that nobody waits in vain.
    """

    def __init__(
        self,
        command: Sequence[str],
        listening: Sequence[socket.socket],
        count: int,
        grace: float,
        ready: Callable[[], None],
    ) -> None:
        self._command = command
        self._listening = listening
        self._count = count
        self._grace = grace
        self._ready: Callable[[], None] | None = ready
        self._running: set[Process] = set()
        self._serving: set[Process] = set()
        self._behind: set[Process] = set()
        """Those that were to read the configuration again before they could be told."""
        self._stopping = asyncio.Event()

    async def run(self) -> bool:
        """Keep the workers running until a signal; return False when they ended by themselves."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signal)
        signals.follow(loop, self._read_again)
        stopper = loop.create_task(self._kill_late())
        await asyncio.gather(*(self._keep(number) for number in range(1, self._count + 1)))
        stopper.cancel()
        return self._stopping.is_set()

    def _signal(self) -> None:
        """Ask every worker to stop; asked again, make them."""
        number = signal.SIGKILL if self._stopping.is_set() else signal.SIGTERM
        self._stopping.set()
        for process in self._running:
            _send(process, number)
        for each in self._listening:
            each.close()

    def _read_again(self) -> None:
        """Have every worker read the configuration again; one that is not ready yet would die of the signal."""
        for process in self._serving:
            _send(process, signal.SIGHUP)
        self._behind |= self._running - self._serving

    async def _kill_late(self) -> None:
        await self._stopping.wait()
        await asyncio.sleep(self._grace + BEYOND_GRACE)
        for process in self._running:
            logger.error("worker process %d does not stop; killed", process.pid)
            _send(process, signal.SIGKILL)

    async def _keep(self, number: int) -> None:
        """Run one worker, and another after it, until told to stop or until it dies at once too often."""
        deaths = 0
        while not self._stopping.is_set() and deaths < ATTEMPTS:
            started = time.monotonic()
            process = await self._start()
            status = await self._until_ended(process)
            if self._stopping.is_set():
                return
            deaths = deaths + 1 if time.monotonic() - started < AT_ONCE else 0
            logger.error("worker %d (process %d) ended with status %d", number, process.pid, status)
        if not self._stopping.is_set():
            logger.error("worker %d ended at once %d times; it is not started again", number, deaths)

    async def _start(self) -> Process:
        # A session of its own: Ctrl-C in the terminal reaches the parent alone, which passes it on once.
        descriptors = [each.fileno() for each in self._listening]
        command = [*self._command, *(f"--fd={each}" for each in descriptors)]
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=descriptors,
            start_new_session=True,
            env={**os.environ, SIBLINGS: str(self._count)},
        )
        self._running.add(process)
        if self._stopping.is_set():
            _send(process, signal.SIGTERM)
        return process

    async def _until_ended(self, process: Process) -> int:
        assert process.stdout is not None  # noqa: S101  # asked for with PIPE
        if await process.stdout.readline():
            self._serves(process)
        status = await process.wait()
        for each in (self._running, self._serving, self._behind):
            each.discard(process)
        return status

    def _serves(self, process: Process) -> None:
        """Take note that a worker is ready."""
        self._serving.add(process)
        if process in self._behind:
            self._behind.discard(process)
            _send(process, signal.SIGHUP)
        if self._ready:
            self._ready()
            self._ready = None


def _send(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)
