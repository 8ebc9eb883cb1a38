"""K9: `jackfield tps` on the server's own machine, with the key hashed at the start and several workers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "jackfield", *arguments]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_local_commands_work_after_the_key_was_hashed(
    tmp_path: Path, serving: Callable[..., Any], workers: str
) -> None:
    (tmp_path / "config.yaml").write_text("remote-management:\n  secret-key: a-plain-management-key\n")
    server = serving("jackfield", "serve", "--port", "0", "--workers", workers)
    server.get("/healthz")

    for _ in range(3):
        done = command(tmp_path, "tps", "--url", server.url)
        assert done.returncode == 0, done.stderr

    assert "a-plain-management-key" not in (tmp_path / "config.yaml").read_text()
