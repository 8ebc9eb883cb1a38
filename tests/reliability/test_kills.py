"""kill -9 at random instants, while the configuration and the statistics are being written: nothing told is lost.

What the API acknowledged of the configuration is in the file, which is whole; what `/tps` and `/usage` had told is told
again after a restart. The seed is printed. JACKFIELD_KILLS=200 kills more often, JACKFIELD_KILLS_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

KILLS = int(os.environ.get("JACKFIELD_KILLS", "20"))
PARTS = 4
SEED = int(os.environ.get("JACKFIELD_KILLS_SEED", time.time_ns() % 1_000_000))
KEY = "management-key-0123456789"
LISTENS = "listens on "
LINES = 40
"""Lines of the configuration that carry its number, so that a file made of two versions would show."""


def text_of(number: int) -> str:
    """Return a configuration that has its number everywhere."""
    lines = "\n".join(f"# line {line} of version {number}" for line in range(LINES))
    return f"""{lines}
plugins: {{allow: [demo, management, tppc, tps]}}
demo: {{enabled: true, delay: 0}}
usage-statistics-enabled: true
tppc:
  providers:
  - name: fox   # {number}
    models: [version-{number}]
# the end of version {number}
"""


def check_file(text: str, begun: int, acknowledged: int) -> int:
    """Return the number of the version that the file holds; fails when it is torn, older or of nobody."""
    document = yaml.safe_load(text)
    assert document, "the file is empty"
    [model] = document["tppc"]["providers"][0]["models"]
    number = int(model.removeprefix("version-"))
    assert acknowledged <= number <= begun
    written = number if number % 2 == 0 else number - 1  # odd ones change a value inside the text of the one before
    if number == written:
        assert text == text_of(number)
    else:
        assert [line for line in text.splitlines() if "# line" in line] == text_of(written).splitlines()[:LINES]
        assert text.rstrip().endswith(f"# the end of version {written}")
        before = yaml.safe_load(text_of(written))
        before["tppc"]["providers"][0]["models"] = [model]
        assert document == before
    return number


class Site:
    """A folder, and the server that is started and killed in it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.yaml"
        self.statistics = folder / "config.statistics.sqlite3"
        self._log = folder / "server.log"
        self.begun = self.acknowledged = self.told = self.sent = self.unfinished = 0
        self.writes = 0
        self.stopped, self.wrote = threading.Event(), threading.Event()
        self.file.write_text(text_of(0))

    @contextmanager
    def server(self) -> Iterator[subprocess.Popen[bytes]]:
        """Start the server, wait until it listens, and let its process be killed at the end at the latest."""
        command = [sys.executable, "-m", "jackfield", "serve", "--port", "0", "--config", str(self.file)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("JACKFIELD")}
        with self._log.open("wb") as output:
            process = subprocess.Popen(
                command, env=clean | {"MANAGEMENT_PASSWORD": KEY}, stdout=output, stderr=output, cwd=self.file.parent
            )
        with process:
            try:
                self.url = self._listening(process)
                yield process
            finally:
                process.kill()

    def _listening(self, process: subprocess.Popen[bytes]) -> str:
        deadline = time.monotonic() + 60
        while LISTENS not in (said := self.log):
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.01)
        return said.split(LISTENS)[1].split()[0]

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def client(self) -> httpx.Client:
        headers = {"X-Management-Key": KEY}
        return httpx.Client(base_url=self.url, trust_env=False, timeout=60, headers=headers)

    # What happens at once, until the server is killed.

    def write(self, client: httpx.Client) -> None:
        """Write the next version: an even one as the whole file, an odd one as a change of it."""
        self.begun += 1
        if self.begun % 2 == 0:
            answer = client.put("/v0/management/config.yaml", content=text_of(self.begun))
        else:
            fox = {"name": "fox", "models": [f"version-{self.begun}"]}
            answer = client.patch("/v0/management/tppc", json={"providers": [fox]})
        assert answer.status_code == 200, answer.text
        self.acknowledged = self.begun
        self.writes += 1
        self.wrote.set()

    def ask(self, client: httpx.Client) -> None:
        """Make a figure."""
        self.sent += 1
        assert client.post("/v1/responses", json={"model": "demo", "input": "Hi"}).status_code == 200

    def read(self, client: httpx.Client) -> None:
        """Take note of what the statistics tell."""
        self.told = max(self.told, self.counted(client))

    def counted(self, client: httpx.Client) -> int:
        speeds = client.get("/v0/management/tps").json()["tps"]["requests"]
        used = client.get("/v0/management/usage").json()["usage"]["total"]["requests"]
        return int(min(speeds, used))


def until_killed(site: Site, act: Callable[[httpx.Client], None], faults: list[BaseException]) -> threading.Thread:
    """Let a thread act again and again, until the server does not answer any more."""

    def run() -> None:
        try:
            with site.client() as client:
                while not site.stopped.is_set():
                    act(client)
        except httpx.TransportError:
            pass  # killed
        except BaseException as fault:  # shown by the test
            faults.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def live_and_die(site: Site, chance: random.Random) -> None:
    """Let one server live for a moment among writers, kill it, and see what it left."""
    faults: list[BaseException] = []
    site.stopped.clear()
    site.wrote.clear()
    with site.server() as process:
        with site.client() as client:
            check_after_restart(site, client)
            site.read(client)
        threads = [until_killed(site, act, faults) for act in (site.write, site.ask, site.read)]
        assert site.wrote.wait(60)
        time.sleep(chance.uniform(0, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        site.stopped.set()
        for thread in threads:
            thread.join(60)
    assert not faults, faults
    site.unfinished += len(list(site.file.parent.glob(".*.new")))
    site.begun = site.acknowledged = check_file(site.file.read_text(), site.begun, site.acknowledged)
    if site.statistics.exists():
        with closing(sqlite3.connect(site.statistics)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def check_after_restart(site: Site, client: httpx.Client) -> None:
    """See that a server that was started anew has what was told before."""
    stored: Any = client.get("/v0/management/tppc").json()["providers"][0]["models"]
    assert stored == [f"version-{site.acknowledged}"]
    assert site.told <= site.counted(client) <= site.sent
    assert "broken" not in site.log
    assert not list(site.file.parent.glob("*broken*"))


@pytest.mark.timeout(60 + 15 * KILLS)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_kill_at_any_instant_loses_nothing_that_was_told(tmp_path: Path, part: int) -> None:
    print(f"JACKFIELD_KILLS_SEED={SEED}")
    chance = random.Random(SEED + part)
    site = Site(tmp_path)

    for _ in range(max(1, KILLS // PARTS)):
        live_and_die(site, chance)

    with site.server(), site.client() as client:
        check_after_restart(site, client)
        site.write(client)
    assert not list(tmp_path.glob(".*.new")), "the next write removes what killed ones left"
    print(f"{site.writes} writes, {site.told} figures told, {site.unfinished} writes cut in their temporary file")
    assert site.acknowledged > 0
    assert site.told > 0
