"""Signals that supervisors, shells and terminals send by habit (K6): the server lives on, its streams end whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jackfield.testing import FakeUpstream, text_answer

WITHIN = 30.0
HABITS = ["SIGHUP", "SIGUSR1", "SIGUSR2"]
ASK = {"model": "gpt-5", "input": "Hi"}


class Command:
    """`jackfield serve` in a process; its log is a file."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.file = log

    @property
    def log(self) -> str:
        return self.file.read_text()

    @property
    def url(self) -> str:
        return self.log.partition("listens on ")[2].split()[0].rstrip(",")

    def until(self, true: Callable[[], bool]) -> None:
        """Return when something is true; fail when it does not become so."""
        end = time.monotonic() + WITHIN
        while not true():
            assert time.monotonic() < end, self.log
            assert self.process.poll() is None, self.log
            time.sleep(0.05)


@contextmanager
def serving(folder: Path, config: dict[str, Any], *options: str) -> Iterator[Command]:
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JACKFIELD")}
    command = [sys.executable, "-m", "jackfield", "serve", "--port", "0", *options]
    log = folder / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=folder, env=environment, stderr=stream, stdin=subprocess.DEVNULL)
    command_ = Command(process, log)
    try:
        command_.until(lambda: "listens on" in command_.log)
        yield command_
    finally:
        process.terminate()
        process.wait(WITHIN)


def configuration(upstream: FakeUpstream, **keys: Any) -> dict[str, Any]:
    entry = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "file:key"}
    return {"tppc": {"providers": [entry]}, "plugins": {"allow": ["tppc", "codex"]}, **keys}


def key_of(upstream: FakeUpstream) -> str:
    return upstream.requests[-1].headers["authorization"].removeprefix("Bearer ")


@pytest.mark.parametrize("name", HABITS)
def test_a_stream_ends_whole_and_the_server_serves_on(tmp_path: Path, name: str) -> None:
    (tmp_path / "key").write_text("sk-fox-first-0123456789")
    with FakeUpstream.in_thread() as upstream, serving(tmp_path, configuration(upstream)) as server:
        upstream.script(text_answer("Hello").paced(0.1))
        with httpx.stream("POST", f"{server.url}/v1/responses", json={**ASK, "stream": True}, timeout=WITHIN) as answer:
            pieces = answer.iter_bytes()
            first = next(pieces)
            server.process.send_signal(getattr(signal, name))
            told = (first + b"".join(pieces)).decode()
        assert "response.completed" in told
        assert httpx.get(f"{server.url}/healthz", timeout=WITHIN).status_code == 200
        assert server.process.poll() is None


@pytest.mark.parametrize("workers", [1, 2])
def test_hangup_reads_secrets_again(tmp_path: Path, workers: int) -> None:
    """The parent passes it on to every worker."""
    (tmp_path / "key").write_text("sk-fox-first-0123456789")
    options = ["--workers", str(workers)] if workers > 1 else []
    with FakeUpstream.in_thread() as upstream, serving(tmp_path, configuration(upstream), *options) as server:
        assert httpx.post(f"{server.url}/v1/responses", json=ASK, timeout=WITHIN).status_code == 200
        assert key_of(upstream) == "sk-fox-first-0123456789"
        (tmp_path / "key").write_text("sk-fox-other-0123456789")
        for number in (signal.SIGUSR1, signal.SIGHUP):
            server.process.send_signal(number)
        server.until(lambda: server.log.count("read again") >= workers)
        time.sleep(0.2)
        for _ in range(4):
            assert httpx.post(f"{server.url}/v1/responses", json=ASK, timeout=WITHIN).status_code == 200
            assert key_of(upstream) == "sk-fox-other-0123456789"


def test_hangup_with_a_broken_file_keeps_what_was_in_force(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-fox-first-0123456789")
    with FakeUpstream.in_thread() as upstream, serving(tmp_path, configuration(upstream)) as server:
        (tmp_path / "config.yaml").write_text("port: [")
        server.process.send_signal(signal.SIGHUP)
        server.until(lambda: "stays in force" in server.log)
        assert httpx.post(f"{server.url}/v1/responses", json=ASK, timeout=WITHIN).status_code == 200


@pytest.mark.parametrize("workers", [1, 2])
def test_signals_during_the_start_end_nothing(tmp_path: Path, workers: int) -> None:
    """As soon as the command runs at all; before, there is nobody who could hear them."""
    (tmp_path / "config.yaml").write_text("{}")
    log = tmp_path / "log"
    mark = tmp_path / "began"
    hook = (
        "import pathlib, runpy, sys\n"
        "from jackfield.cli import signals\n"
        "begin = signals.begin\n"
        f"signals.begin = lambda: (begin(), pathlib.Path({str(mark)!r}).touch())\n"
        f"sys.argv = ['jackfield', 'serve', '--port', '0', '--workers', '{workers}']\n"
        "runpy.run_module('jackfield', run_name='__main__')\n"
    )
    with log.open("wb") as stream:
        process = subprocess.Popen([sys.executable, "-c", hook], cwd=tmp_path, stderr=stream, stdin=subprocess.DEVNULL)
    server = Command(process, log)
    try:
        server.until(mark.exists)
        for _ in range(3):
            for name in HABITS:
                process.send_signal(getattr(signal, name))
        server.until(lambda: "listens on" in server.log)
        if workers == 1:  # workers begin after it, with the file as it is then
            server.until(lambda: "read again" in server.log)
        assert httpx.get(f"{server.url}/healthz", timeout=WITHIN).status_code == 200
    finally:
        process.terminate()
        process.wait(WITHIN)


def test_a_terminal_that_closes_ends_nothing(tmp_path: Path) -> None:
    """What it leaves behind is a signal, and a standard error that cannot be written to."""
    import pty

    (tmp_path / "config.yaml").write_text("request-log: true\n")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "jackfield", "serve", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    told = b""
    while b"listens on" not in told or b"\n" not in told.partition(b"listens on")[2]:
        told += os.read(ours, 65536)
    url = told.decode().partition("listens on ")[2].split()[0]
    try:
        os.close(ours)
        process.send_signal(signal.SIGHUP)
        for _ in range(20):
            assert httpx.post(f"{url}/v1/responses", json={"model": "nobody"}, timeout=WITHIN).status_code >= 400
        assert process.poll() is None
    finally:
        process.terminate()
        assert process.wait(WITHIN) == 0


WHILE_IMPORTING = """
import os, signal, sys

class Sender:
    def find_spec(self, name, path=None, target=None):
        if name == "click" and not sent:
            sent.append(name)
            for each in sys.argv.pop(1).split(","):
                os.kill(os.getpid(), getattr(signal, each))

sent = []
sys.meta_path.insert(0, Sender())
from jackfield.cli import main
main()
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_k6_a_signal_while_the_start_still_imports_ends_nothing(tmp_path: Path, workers: str) -> None:
    script = tmp_path / "jackfield"
    script.write_text(WHILE_IMPORTING)
    (tmp_path / "config.yaml").write_text("debug: false\n")
    log = tmp_path / "log"
    command = [sys.executable, str(script), ",".join(HABITS), "serve", "--port", "0", "--workers", workers]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=tmp_path, stderr=stream, stdin=subprocess.DEVNULL)
    server = Command(process, log)
    try:
        server.until(lambda: "listens on" in server.log)
        if workers == "1":  # several read the configuration after the signal anyway
            server.until(lambda: "as SIGHUP asks" in server.log)
    finally:
        process.terminate()
        process.wait(WITHIN)
