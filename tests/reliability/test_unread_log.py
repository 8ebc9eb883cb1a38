"""A standard error that nobody reads stops nothing (K7); what was lost is told when somebody reads again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from jackfield.testing import closed_url

WITHIN = 30.0
ASK = {"model": "nobody-has-it", "input": "Hi"}
"""A request that is refused at once; the log has a line for it."""


@contextmanager
def serving(folder: Path, stderr: int, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    (folder / "config.yaml").write_text("request-log: true\n")
    command = [sys.executable, "-m", "jackfield", "serve", "--port", "0", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JACKFIELD")}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=stderr, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(WITHIN)


def url_in(reading: int) -> str:
    """Return where the server listens, as its standard error says, and read no more of it."""
    told = b""
    while b"\n" not in told.partition(b"listens on ")[2]:
        told += os.read(reading, 1)
    return told.decode().partition("listens on ")[2].split()[0].rstrip(",")


@pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["one process", "workers"])
def test_a_thousand_requests_pass_and_the_server_stops(tmp_path: Path, options: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    with serving(tmp_path, writing, *options) as process:
        os.close(writing)
        url = url_in(reading)
        with httpx.Client(base_url=url, timeout=WITHIN) as client:
            for _ in range(1000):
                assert client.post("/v1/responses", json=ASK).status_code in (404, 503)
            assert client.get("/healthz").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(WITHIN) == 0, "it stops with a full queue"
    os.close(reading)


def test_lost_lines_are_counted_and_told_when_somebody_reads(tmp_path: Path) -> None:
    from jackfield.log import outlet

    lost: list[int] = []
    reading, writing = os.pipe()
    under_test = outlet.Outlet(writing, lost.append)
    line = b"x" * 999 + b"\n"
    for _ in range(6000):
        under_test.write(line.decode())
    came: list[bytes] = []

    def read() -> None:
        while piece := os.read(reading, 65536):
            came.append(piece)

    reader = threading.Thread(target=read)
    reader.start()
    under_test.close(WITHIN)
    os.close(writing)
    reader.join(WITHIN)
    os.close(reading)
    whole = b"".join(came).count(line)
    assert b"".join(came) == line * whole
    assert whole + sum(lost) == 6000
    assert 4000 < whole < 6000


def test_a_closed_pipe_stops_nothing(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with serving(tmp_path, writing) as process:
        os.close(writing)
        url = url_in(reading)
        os.close(reading)
        with httpx.Client(base_url=url, timeout=WITHIN) as client:
            for _ in range(50):
                assert client.post("/v1/responses", json=ASK).status_code in (404, 503)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WITHIN) == 0


def test_a_disk_that_is_full_loses_lines_and_no_others(tmp_path: Path) -> None:
    from jackfield.log import outlet

    if not Path("/dev/full").exists():
        pytest.skip("no such device here")
    lost: list[int] = []
    descriptor = os.open("/dev/full", os.O_WRONLY)
    under_test = outlet.Outlet(descriptor, lost.append)
    for _ in range(10):
        under_test.write("lost\n")
    while under_test._failed < 10:
        pass
    file = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    os.dup2(file, descriptor)
    under_test.write("kept\n")
    under_test.close(WITHIN)
    assert (tmp_path / "log").read_text() == "kept\n"
    assert lost == [10]
    os.close(file)
    os.close(descriptor)


@pytest.mark.parametrize("command", [["models"], ["config", "schema"], ["plugins"]])
def test_a_command_whose_output_goes_nowhere_says_so_without_a_traceback(tmp_path: Path, command: list[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no such device here")
    with open("/dev/full", "wb") as full:  # noqa: PTH123  # a device
        done = subprocess.run([sys.executable, "-m", "jackfield", *command], cwd=tmp_path, stdout=full,
                              stderr=subprocess.PIPE, timeout=WITHIN, check=False)  # fmt: skip
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
    assert b"No space" in done.stderr


@pytest.mark.parametrize("streams", [(1, 2), (0, 1, 2)], ids=["output", "input too"])
def test_a_server_that_was_given_no_standard_streams_serves_and_stops(tmp_path: Path, streams: tuple[int, ...]) -> None:
    """K7: their numbers must not go to sockets and files, to which whoever writes to a standard error would write."""
    port = closed_url().rpartition(":")[2].partition("/")[0]
    (tmp_path / "config.yaml").write_text(f"port: {port}\n")
    closing = " ".join(f"{number}>&-" for number in streams)
    command = ["/bin/sh", "-c", f'exec "$0" -m jackfield serve {closing}', sys.executable]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JACKFIELD")}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL)
    try:
        until_served(f"http://127.0.0.1:{port}/healthz", process)
        process.terminate()
        assert process.wait(WITHIN) == 0
    finally:
        process.kill()
        process.wait(WITHIN)


def until_served(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + WITHIN
    while True:
        try:
            assert httpx.get(url, timeout=WITHIN).status_code == 200
            return
        except httpx.ConnectError:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
