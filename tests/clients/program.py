"""A client as a program: its home, its bare environment, and what it leaves behind when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from jackfield.testing import closed_url

WITHIN = 120.0
"""Seconds that a client may take; reached only when a test fails."""


@dataclasses.dataclass(frozen=True)
class Ended:
    """What a client left behind."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON lines that it printed."""
        return [orjson.loads(line) for line in self.out.splitlines() if line.startswith("{")]

    def __str__(self) -> str:
        return f"status {self.code}\n{self.out[-3000:]}\n{self.err[-3000:]}"


class Running:
    """A client at work."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._output = asyncio.create_task(process.communicate())

    async def ended(self, within: float = WITHIN) -> Ended:
        """Return what it left when it has ended."""
        async with asyncio.timeout(within):
            out, err = await asyncio.shield(self._output)
        return Ended(self._process.returncode or 0, out.decode(), err.decode())

    def send(self, what: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(what)

    def end(self) -> None:
        """Kill it with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


@dataclasses.dataclass
class Client:
    """A command line program with its home, its work folder and its environment."""

    program: Path
    work: Path
    home: Path
    env: dict[str, str]
    started: list[Running] = dataclasses.field(default_factory=list)

    async def start(self, *arguments: str, **env: str) -> Running:
        """Start it with further arguments and environment variables."""
        self.started.append(Running(await self._begun(*arguments, **env)))
        return self.started[-1]

    async def run(self, *arguments: str, code: int = 0, **env: str) -> Ended:
        """Run it to its end, which must have this exit status."""
        ended = await (await self.start(*arguments, **env)).ended()
        assert ended.code == code, str(ended)
        return ended

    async def serve(self, *arguments: str) -> str:
        """Start it as a server, and return the URL that it prints."""
        process = await self._begun(*arguments)
        assert process.stdout is not None
        try:
            async with asyncio.timeout(WITHIN):
                while line := await process.stdout.readline():
                    if found := re.search(rb"http://127\.0\.0\.1:\d+", line):
                        return found[0].decode()
        finally:
            self.started.append(Running(process))
        raise AssertionError(str(await self.started[-1].ended()))

    async def _begun(self, *arguments: str, **env: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            self.program,
            *arguments,
            cwd=self.work,
            env=self.env | env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )


def program(installed: Path, pattern: str) -> Path:
    """Return the native program of this platform's package; skip where there is none."""
    found = sorted(installed.glob(pattern))
    if not found:
        pytest.skip(f"there is no package for this platform: {pattern}")
    return found[0]


def environment(home: Path) -> dict[str, str]:
    """Return an environment that holds nothing of this machine's, with a proxy for all else that leads nowhere."""
    nowhere = closed_url().rsplit("/", 1)[0]
    return {
        "HOME": str(home),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "HTTPS_PROXY": nowhere,
        "https_proxy": nowhere,
        "NO_PROXY": "127.0.0.1,localhost",
    }


@contextlib.asynccontextmanager
async def client(program: Path, place: Path, env: Mapping[str, str]) -> AsyncIterator[Client]:
    """Give a client its folders; whatever it started ends with the test."""
    home, work = place / "home", place / "work"
    home.mkdir(parents=True, exist_ok=True)
    work.mkdir(exist_ok=True)
    made = Client(program, work, home, environment(home) | dict(env))
    try:
        yield made
    finally:
        for running in made.started:
            running.end()
            await running.ended()
