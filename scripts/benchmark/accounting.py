"""What processes used: CPU seconds and memory, of a process and all below it.

From /proc, so on Linux alone; elsewhere the figures are NaN and the table shows a dash.
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

MIB = 1024 * 1024
_PROC = Path("/proc")


def cpu_seconds(pid: int) -> float:
    """Return the user + system seconds of `pid`, its living descendants, and those that they have waited for."""
    if not _PROC.is_dir():
        return math.nan
    return sum(_own_cpu(process) + _waited_cpu(process) for process in tree(pid))


def resident_bytes(pid: int) -> float:
    """Return the resident memory of `pid` and its descendants; pages that they share count for each."""
    if not _PROC.is_dir():
        return math.nan
    page = os.sysconf("SC_PAGE_SIZE")
    return float(sum(int(_read(process, "statm").split()[1]) * page for process in tree(pid)))


def tree(pid: int) -> list[int]:
    """Return `pid` and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for process in found:
        found.extend(children.get(process, ()))
    return found


def _own_cpu(pid: int) -> float:
    """Read the process's CPU clock, which counts nanoseconds where /proc counts hundredths of a second.

    Its id is made of the pid as clock_getcpuclockid(3) makes it.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return sum(map(int, _stat(pid)[11:13])) / os.sysconf("SC_CLK_TCK")


def _waited_cpu(pid: int) -> float:
    return sum(map(int, _stat(pid)[13:15])) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the third on (state, parent, ...); none when the process is gone."""
    return _read(pid, "stat").rpartition(")")[2].split()


def _read(pid: int, name: str) -> str:
    try:
        return (_PROC / str(pid) / name).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
