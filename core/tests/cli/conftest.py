"""The real command in an empty folder, with plugins that a test writes down.

`run` runs it in this process; what serves, or shall be `alone`, has a process of its own.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jackfield.testing import CommandEnd, run_command

ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("JACKFIELD")}

Run = Callable[..., CommandEnd]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder on the path of every command run here."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The working folder of every command run here."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def add_plugin(site: Path) -> Callable[..., None]:
    """Return what installs a plugin: its name, its code, and the name under which it is announced."""

    def add(name: str, code: str, entry: str = "") -> None:
        module = f"jf_{name}"
        (site / f"{module}.py").write_text(textwrap.dedent(code))
        info = site / f"{module}-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: jf-{name}\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text(f"[jackfield]\n{entry or name} = {module}\n")

    return add


@pytest.fixture
def command(site: Path, folder: Path) -> Callable[..., dict[str, Any]]:
    """Return what makes the arguments of `subprocess` for a command line."""

    def make(*arguments: object, **environment: str) -> dict[str, Any]:
        return {
            "args": [sys.executable, "-m", "jackfield", *map(str, arguments)],
            "cwd": folder,
            "env": ENVIRONMENT | {"PYTHONPATH": str(site), "COLUMNS": "120"} | environment,
            "text": True,
        }

    return make


@pytest.fixture
def run(command: Callable[..., dict[str, Any]], site: Path) -> Run:
    """Return what runs a command to its end."""

    def run(*arguments: object, alone: bool = False, **environment: str) -> CommandEnd:
        options = command(*arguments, **environment)
        if not alone and "serve" not in arguments:
            return run_command(*arguments, cwd=options["cwd"], env=options["env"], path=site)
        done = subprocess.run(**options, capture_output=True, timeout=30, check=False)
        return CommandEnd(done.returncode, done.stdout, done.stderr)

    return run


class Server:
    """A `jackfield serve` that runs; `url` is where it says it listens."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self._log = log
        self.url = ""

    @property
    def log(self) -> str:
        return self._log.read_text()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first match in the log; fails when the server ends without it."""
        while not (found := re.search(pattern, self.log)):
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.log}")
            signal.sigtimedwait([], 0.02)
        return found

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def serve(command: Callable[..., dict[str, Any]], tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Return what starts a server on a free port and waits until it listens."""
    started: list[Server] = []

    def start(*arguments: object, **environment: str) -> Server:
        log = tmp_path / f"log{len(started)}"
        with log.open("w") as stderr:
            options = command("serve", "--port", 0, *arguments, **environment)
            server = Server(subprocess.Popen(**options, stderr=stderr, stdout=stderr), log)
        started.append(server)
        server.url = server.wait_for(r"listens on (http://[^\s,]+)")[1]
        return server

    yield start
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait()
