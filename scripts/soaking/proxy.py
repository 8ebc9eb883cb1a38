"""The proxy under test: the real command in a folder of its own, its file, its log."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from .canaries import found_in

_LISTENS = re.compile(r"http://127\.0\.0\.1:([1-9]\d*)")
_PATIENCE = 60.0
_FORBIDDEN = ("Traceback", "never retrieved", "never awaited", "Task was destroyed")
_LEVEL = re.compile(r'^\S+ (error|critical) (\S+): |"level":"(error|critical)","logger":"([^"]+)"')


_OTHERS = ("JACKFIELD_", "PACKYCODE_", "OPENAI_", "ANTHROPIC_", "MANAGEMENT_", "PYTHONPATH")


class ProxyError(Exception):
    """The proxy did not start or did not stop; the message says what it printed."""


class Proxy:
    """`jackfield serve` in a process of its own; leaving the `with` block ends it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        self.config = folder / "config.yaml"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it on a free port and wait until it listens. Raises ProxyError."""
        command = [sys.executable, "-m", "jackfield", "serve", "--port", "0", "--config", str(self.config)]
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                command,
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + _PATIENCE
        while not (found := _LISTENS.search(self.log.read_text("utf-8", "replace"))):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ProxyError(f"the proxy did not start: {self.log.read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.02)
        self.port = int(found[1])

    @property
    def pid(self) -> int:
        """The id of its process. Raises ProxyError when it was never started."""
        if self._process is None:
            raise ProxyError("the proxy was not started")
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll() if self._process is not None else None

    def send(self, chosen: signal.Signals) -> None:
        """Send it a signal. Raises ProxyError when it was never started."""
        os.kill(self.pid, chosen)

    def stop(self) -> int | None:
        """Ask it to stop and return its exit status; None when it had to be killed."""
        if self._process is None:
            return None
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def read_log(path: Path, secrets: Iterable[str]) -> tuple[Counter[str], dict[str, str], Counter[str]]:
    """Return what must not be in a log, counted, with an example of each; and the lines of level error by logger."""
    faults: Counter[str] = Counter()
    examples: dict[str, str] = {}
    errors: Counter[str] = Counter()
    known = tuple(secrets)
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if found := _LEVEL.search(line):
                errors[found[2] or found[4]] += 1
            for name in _faults_of(line, known):
                faults[name] += 1
                examples.setdefault(name, line.strip()[:400])
    return faults, examples, errors


def _faults_of(line: str, secrets: Iterable[str]) -> Iterable[str]:
    yield from (f"the log says {word!r}" for word in _FORBIDDEN if word in line)
    if any(secret in line for secret in secrets):
        yield "a secret is in the log"
    if found_in(line):
        yield "what a client or an upstream said is in the log"


def _environment() -> dict[str, str]:
    """Return the environment without proxies and without what would configure the server from outside."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OTHERS) and not name.lower().endswith("_proxy")
    }
