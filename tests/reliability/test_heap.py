"""The real command has one heap of the C library: large requests leave nothing behind in those of their threads."""

from __future__ import annotations

import os
import platform
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from jackfield.testing import FakeUpstream

HEAP = 64 * 1024 * 1024
"""Bytes of address space that glibc sets aside for the heap of a thread, and what their beginning is a multiple of."""
_MAPPED = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ 0\s*$", re.MULTILINE)


def heaps_of_threads(pid: int) -> int:
    """Return how many threads' heaps a process has: what is in use, and behind it what is only set aside."""
    found = [(int(first, 16), int(last, 16), flags) for first, last, flags in _MAPPED.findall(maps(pid))]
    return sum(
        first % HEAP == 0 and last == behind and end - first == HEAP and (used, aside) == ("rw-p", "---p")
        for (first, last, used), (behind, end, aside) in pairwise(found)
    )


def maps(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such heaps")
@pytest.mark.parametrize(
    ("asked", "expected"), [({}, False), ({"MALLOC_ARENA_MAX": "8"}, True)], ids=["usual", "asked for"]
)
def test_large_requests_leave_no_heaps_of_threads(
    server_in: Any, tmp_path: Path, asked: dict[str, str], expected: bool
) -> None:
    """Each heap grew to the largest request that its thread had read, and kept that. Who asks for them has them."""
    text = "The quick brown fox. " * 30_000
    others = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")
    environment = {name: value for name, value in os.environ.items() if name not in others}
    with FakeUpstream.in_thread() as upstream:
        fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
        config = {"usage-statistics-enabled": True, "tppc": {"providers": [fox]}}
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
        command = [sys.executable, "-m", "jackfield", "serve", "--port", "0"]
        with server_in(command, tmp_path, environment | asked) as server, ThreadPoolExecutor(4) as clients:
            asking = [clients.submit(server.post, "/v1/responses", model="gpt-5", input=text) for _ in range(8)]
            assert {each.result().status_code for each in asking} == {200}
            assert (heaps_of_threads(server._process.pid) > 0) is expected
