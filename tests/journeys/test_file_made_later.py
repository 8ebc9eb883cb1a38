"""A server started without a configuration file takes up one that is made later, by itself and at SIGHUP (K6, O6)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jackfield.testing import FakeUpstream, text_answer

WITHIN = 60.0
ASK = {"model": "gpt-5", "input": "Hi"}


class Server:
    """`jackfield serve` in an empty folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("JACKFIELD")}
        environment["XDG_RUNTIME_DIR"] = str(folder / "run")
        (folder / "run").mkdir()
        self.folder, self.environment, self._log = folder, environment, folder / "log"
        with self._log.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jackfield", "serve", "--port", "0", *options],
                cwd=folder,
                env=environment,
                stderr=stream,
                stdin=subprocess.DEVNULL,
            )
        self.until(lambda: "listens on" in self.log)
        self.url = self.log.partition("listens on ")[2].split()[0].rstrip(",")

    @property
    def log(self) -> str:
        return self._log.read_text()

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + WITHIN
        while not true():
            assert time.monotonic() < end, self.log
            assert self.process.poll() is None, self.log
            time.sleep(0.05)

    def said(self) -> str:
        """Return the text of an answer."""
        answer = httpx.post(f"{self.url}/v1/responses", json=ASK, timeout=WITHIN).json()
        return str(answer["output"][-1]["content"][0]["text"])

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "jackfield", *arguments, "--url", self.url],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.process.terminate()
    made.process.wait(WITHIN)


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream.in_thread() as made:
        made.script(text_answer("from the file"))
        yield made


def configuration(upstream: FakeUpstream, **keys: Any) -> str:
    entry = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
    return yaml.safe_dump({"tppc": {"providers": [entry]}, **keys})


@pytest.mark.parametrize("asked", [False, True], ids=["by itself", "at SIGHUP"])
def test_a_file_made_later_is_served_from(server: Server, upstream: FakeUpstream, asked: bool) -> None:
    assert "demo provider" in server.said()

    (server.folder / "config.yaml").write_text(configuration(upstream))
    if asked:
        server.process.send_signal(signal.SIGHUP)
    server.until(lambda: "tppc 1" in server.log)

    assert server.said() == "from the file"
    assert "config.yaml was made since the start" in server.log


def test_it_is_followed_from_then_on(server: Server, upstream: FakeUpstream) -> None:
    file = server.folder / "config.yaml"
    file.write_text("port: nonsense\n")
    server.until(lambda: "is not valid" in server.log)
    assert "demo provider" in server.said()

    file.write_text(configuration(upstream))
    server.until(lambda: "tppc 1" in server.log)
    assert server.said() == "from the file"

    file.write_text("# nothing\n")
    server.until(lambda: "no provider is enabled" in server.log)
    assert httpx.post(f"{server.url}/v1/responses", json=ASK, timeout=WITHIN).status_code == 503


def test_a_file_that_says_nothing_ends_the_demo_too(server: Server) -> None:
    (server.folder / "config.yaml").write_text("# to be written\n")

    server.until(lambda: "no provider is enabled" in server.log)
    assert httpx.post(f"{server.url}/v1/responses", json=ASK, timeout=WITHIN).status_code == 503


def test_local_commands_go_on_without_a_key(server: Server, upstream: FakeUpstream) -> None:
    (server.folder / "config.yaml").write_text(
        configuration(upstream, **{"remote-management": {"secret-key": "a-management-key-of-the-tests"}})
    )
    server.until(lambda: "tppc 1" in server.log)

    done = server.command("tps")

    assert done.returncode == 0, done.stderr


def test_the_start_says_where_a_file_would_be_taken_up(server: Server) -> None:
    assert f"no configuration file at {server.folder / 'config.yaml'}" in server.log
