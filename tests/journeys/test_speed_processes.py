"""Statistics of servers in processes of their own: several workers, and an end by SIGTERM right after an answer."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx

CONFIG = """
remote-management: {secret-key: a-management-key-of-the-tests}
usage-statistics-enabled: true
demo: {enabled: true, delay: 0}
"""
HEADERS = {"X-Management-Key": "a-management-key-of-the-tests"}


def told(server: Any, path: str) -> Any:
    """Return what a route of the management API tells, over a connection of its own."""
    url = f"{server.url}/v0/management{path}"
    return httpx.get(url, headers=HEADERS, trust_env=False, timeout=30).json()[path.strip("/")]


def answered(server: Any, count: int) -> None:
    for _ in range(count):
        assert server.post("/v1/responses", model="demo", input="Hi").status_code == 200


def test_every_worker_answers_for_all(serving: Any, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    server = serving("jackfield", "serve", "--port", "0", "--workers", "2")
    answered(server, 20)
    deadline = time.monotonic() + 20
    while told(server, "/tps")["requests"] < 20 and time.monotonic() < deadline:
        time.sleep(0.05)  # a worker writes what it knows a moment after its answer
    while told(server, "/usage")["total"]["requests"] < 20 and time.monotonic() < deadline:
        time.sleep(0.05)

    assert [told(server, "/tps")["requests"] for _ in range(12)] == [20] * 12
    assert {told(server, "/usage")["total"]["requests"] for _ in range(6)} == {20}
    assert len(told(server, "/usage")["by-client"]) == 1


def test_an_end_right_after_an_answer_loses_nothing(server_in: Any, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    command = [sys.executable, "-m", "jackfield", "serve", "--port", "0", "--config", str(tmp_path / "config.yaml")]
    for _ in range(2):
        with server_in(command, tmp_path, os.environ) as server:
            answered(server, 3)
    with server_in(command, tmp_path, os.environ) as server:
        assert told(server, "/tps")["requests"] == 6


def test_a_disk_that_is_full_costs_statistics_and_no_request(server_in: Any, tmp_path: Path) -> None:
    """No file of this server grows beyond 16 KB, as on a disk that has no more room: the statistics need some 24."""
    (tmp_path / "config.yaml").write_text(CONFIG)
    limited = (
        "import resource, runpy, sys;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, resource.RLIM_INFINITY));"
        "sys.argv[0] = 'jackfield'; runpy.run_module('jackfield', run_name='__main__')"
    )
    arguments = ["serve", "--port", "0", "--config", str(tmp_path / "config.yaml")]
    with server_in([sys.executable, "-c", limited, *arguments], tmp_path, os.environ) as server:
        answered(server, 5)
        deadline = time.monotonic() + 20
        while "statistics cannot be written" not in server.log and time.monotonic() < deadline:
            time.sleep(0.05)
        answered(server, 5)

        refused = httpx.get(f"{server.url}/v0/management/tps", headers=HEADERS, trust_env=False, timeout=30)
        assert (refused.status_code, refused.json()["error"]) == (503, "statistics are not available")
        assert server.get("/healthz").status_code == 200
        assert server.log.count("statistics cannot be written") == 1
    assert not list(tmp_path.glob("*.broken-*"))
