"""What the proxy's process holds: memory, file descriptors, threads. From /proc, so on Linux alone."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Vitals:
    """One look: `at` in seconds since the run began, memory in MiB, CPU seconds since the process began."""

    at: float
    rss: float
    descriptors: int
    threads: int
    cpu: float
    upstream: int
    requests: int

    def as_json(self) -> dict[str, float]:
        """Return it with three decimals."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def look(pid: int, began: float, upstream: int, requests: int) -> Vitals:
    """Return how the process stands. Raises OSError when it is gone."""
    process = Path("/proc") / str(pid)
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    rss = int(status["VmRSS"].split()[0]) * 1024 / MIB
    descriptors = len(os.listdir(process / "fd"))  # noqa: PTH208 - names alone, there is nothing to join
    return Vitals(time.monotonic() - began, rss, descriptors, int(status["Threads"]), cpu, upstream, requests)


def kept_open(pid: int) -> Counter[str]:
    """Return what the descriptors of a process stand for: files by their path, others by their kind."""
    kinds: Counter[str] = Counter()
    for descriptor in (Path("/proc") / str(pid) / "fd").iterdir():
        with suppress(OSError):
            kinds[re.sub(r":\[\d+\]", "", str(descriptor.readlink()))] += 1
    return kinds


def slope(samples: Sequence[Vitals]) -> float:
    """Return by how many MiB an hour the memory grows over the samples, by least squares."""
    count = len(samples)
    if count < 2:
        return 0.0
    mean_at = sum(each.at for each in samples) / count
    mean_rss = sum(each.rss for each in samples) / count
    spread = sum((each.at - mean_at) ** 2 for each in samples)
    together = sum((each.at - mean_at) * (each.rss - mean_rss) for each in samples)
    return together / spread * 3600 if spread else 0.0


async def steady(pid: int, patience: float) -> None:
    """Return when the number of open descriptors has not changed for two seconds, or after `patience` seconds."""
    deadline = time.monotonic() + patience
    last, since = -1, time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < 2:
        now = look(pid, 0.0, 0, 0).descriptors
        if now != last:
            last, since = now, time.monotonic()
        await asyncio.sleep(0.1)
