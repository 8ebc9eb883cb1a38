"""Packages from npm at the versions that a `package-lock.json` pins, in a cache folder that all workers share."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

CACHE = Path(__file__).resolve().parents[1] / ".cache"
COMMAND = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
"""No script of theirs runs."""


def node_modules(folder: Path) -> Path:
    """Return where the packages of `folder/package-lock.json` are installed, which happens when the file has changed.

    Skips the test where there is no Node.js, or npm cannot install.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js with npm is not installed here")
    cache = CACHE / folder.name
    cache.mkdir(parents=True, exist_ok=True)
    wanted = (folder / "package-lock.json").read_bytes()
    done = cache / "installed.json"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.read_bytes() != wanted:
            _install(npm, folder, cache)
            done.write_bytes(wanted)
    return cache / "node_modules"


def _install(npm: str, folder: Path, cache: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(folder / name, cache)
    result = subprocess.run([npm, *COMMAND], cwd=cache, capture_output=True, text=True, check=False, timeout=600)
    if result.returncode:
        pytest.skip(f"npm could not install the packages of {folder.name}: {result.stderr.strip()[-500:]}")
