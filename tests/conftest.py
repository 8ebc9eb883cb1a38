"""Servers that the tests start as an operator does: from a command, in a process of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

BIN = Path(sysconfig.get_path("scripts"))
LISTENS = re.compile(r"http://127\.0\.0\.1:([1-9]\d*)")
PATIENCE = 30.0
"""Seconds until a server that says nothing counts as stuck; reached only when a test fails."""


class Served:
    """A running server: where it is reached, and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, patience: float) -> None:
        self._log = log
        self._process = process
        self.port = self._await_port(patience)
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it printed, on stdout and stderr."""
        return self._log.read_text("utf-8", errors="replace")

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, trust_env=False, timeout=PATIENCE)

    def post(self, path: str, **body: Any) -> httpx.Response:
        return httpx.post(self.url + path, json=body, trust_env=False, timeout=PATIENCE)

    def _await_port(self, patience: float) -> int:
        give_up = time.monotonic() + patience
        while time.monotonic() < give_up and self._process.poll() is None:
            if found := LISTENS.search(self.log):
                return int(found[1])
            time.sleep(0.02)
        raise AssertionError(f"the server does not listen; it said:\n{self.log}")


Serving = Callable[..., Served]


@contextmanager
def started(
    command: list[str], folder: Path, environment: Mapping[str, str], *, patience: float = PATIENCE
) -> Iterator[Served]:
    """Run a command that serves, with `folder` as its working directory, and stop it at the end."""
    log = folder / f"server-{len(list(folder.glob('server-*.log')))}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield Served(process, log, patience)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """Return a function that starts a server: `serving(program, *arguments, NAME=value)`.

    A program without a path is one of this environment. The working directory is the test's `tmp_path`; keywords are
    environment variables.
    """
    names = ("JACKFIELD_CONFIG", "QUART_APP", "VIRTUAL_ENV", "PYTHONPATH")
    clean = {name: value for name, value in os.environ.items() if name not in names}
    with ExitStack() as stack:

        def start(program: str, *arguments: str, **environment: str) -> Served:
            command = [program if "/" in program else str(BIN / program), *arguments]
            return stack.enter_context(started(command, tmp_path, {**clean, **environment}))

        yield start


@pytest.fixture(scope="session")
def server_in() -> Callable[..., AbstractContextManager[Served]]:
    """Return `started`, which runs a server in a folder and an environment of the test's choice."""
    return started
