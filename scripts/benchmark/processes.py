"""Start a process on its cores, wait until it is ready, and stop it whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType

from .accounting import cpu_seconds, resident_bytes

SCRIPTS = Path(__file__).resolve().parent.parent
_KEPT_OUT = ("JACKFIELD_", "PACKYCODE_", "OPENAI_", "ANTHROPIC_", "LITELLM_")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy"}


class BenchError(RuntimeError):
    """A run could not be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Which cores serve the process that is measured, and which the load; None: left to the kernel."""

    target: frozenset[int] | None = None
    load: frozenset[int] | None = None

    @classmethod
    def split(cls) -> Cores:
        """Give the first core to the target and the others to the load, where there are two and they can be pinned."""
        if not hasattr(os, "sched_getaffinity"):
            return cls()
        first, *others = sorted(os.sched_getaffinity(0))
        return cls(frozenset({first}), frozenset(others)) if others else cls()


def pin(cores: frozenset[int] | None) -> None:
    """Keep the calling process, and what it will start, on these cores."""
    if cores is not None:
        os.sched_setaffinity(0, cores)


def free_port() -> int:
    """Return a loopback port that was free just now, for programs that cannot tell which one they took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment without proxies and without what would configure a target from outside."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_KEPT_OUT) and name.lower() not in _PROXIES and name != "PYTHONPATH"
    }
    return kept | dict(extra or {})


class Process:
    """A running program, in a session of its own; leaving the `with` block ends it and all it started.

    What it prints goes to an unnamed file, of which `tail` shows the end.
    """

    def __init__(
        self,
        command: Sequence[str],
        cores: frozenset[int] | None = None,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> None:
        self._log = TemporaryFile()  # noqa: SIM115 - stop() closes it
        self.started = time.monotonic()
        with _uninterrupted() as mask:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=dict(environment or clean_environment()),
                cwd=directory,
                start_new_session=True,
                preexec_fn=lambda: _begin(mask, cores),
            )
            _running.add(self)

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def read_line(self) -> bytes:
        """Return the next line that the program prints; nothing when it ended."""
        return self._process.stdout.readline() if self._process.stdout else b""

    def read_port(self) -> int:
        """Return the port that the program prints as its first line. Raises BenchError, the program stopped."""
        line = self.read_line()
        if not line.strip().isdigit():
            said = self.tail()
            self.stop()
            raise BenchError(f"did not start: {said}")
        return int(line)

    def wait_ready(self, port: int, path: str, patience: float) -> float:
        """Return the seconds from the start to the first 200 on `path`. Raises BenchError after `patience` seconds."""
        while not _answers(port, path):
            if self._process.poll() is not None:
                raise BenchError(f"ended with status {self._process.returncode}: {self.tail()}")
            if time.monotonic() - self.started > patience:
                raise BenchError(f"not ready after {patience:.0f} s: {self.tail()}")
            time.sleep(0.005)
        return time.monotonic() - self.started

    def cpu(self) -> float:
        """Return the CPU seconds that it and its children have used."""
        return cpu_seconds(self._process.pid)

    def resident(self) -> float:
        """Return the resident memory of it and its children, in bytes."""
        return resident_bytes(self._process.pid)

    def tail(self) -> str:
        """Return the end of what it wrote to standard error."""
        self._log.seek(0)
        return self._log.read()[-600:].decode(errors="replace").strip() or "it said nothing"

    def stop(self, patience: float = 5) -> None:
        """End the program's session: asked first, forced after `patience` seconds."""
        self._signal(signal.SIGTERM)
        try:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        finally:
            self._signal(signal.SIGKILL)
            self._process.wait()
            _running.discard(self)
            for stream in (self._process.stdin, self._process.stdout, self._log):
                if stream is not None:
                    stream.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def helper(module: str, *arguments: str, cores: frozenset[int] | None) -> Process:
    """Start a module of this package that serves until its standard input closes."""
    environment = clean_environment({"PYTHONPATH": str(SCRIPTS)})
    return Process([sys.executable, "-m", f"{__package__}.{module}", *arguments], cores, environment)


def stop_all() -> None:
    """Stop every process that is still running, for the way out after an interrupt."""
    for process in list(_running):
        process.stop()


_running: set[Process] = set()


@contextmanager
def _uninterrupted() -> Iterator[set[signal.Signals]]:
    """Hold interrupts back, so that none falls between a start and its note; give the mask that held before."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield {signal.Signals(number) for number in before}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(mask: set[signal.Signals], cores: frozenset[int] | None) -> None:
    """Run in the new process, before its program."""
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    pin(cores)


def _answers(port: int, path: str) -> bool:
    request = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n".encode()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(request)
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False
