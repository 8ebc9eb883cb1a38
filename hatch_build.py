"""What the root's distribution requires: the others by version; from a clone that is being installed, those beside it.

`pip install .` in a clone must work without an index that has them, and is the same build as one for a release; only
the program that asks for it tells them apart.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_INSTALLER = re.compile(r"(?:^|[/\s])(?:pip[\d.]*|uv|pipx|uvx)(?:\.exe)?\s(.*)")
_INSTALLS = re.compile(r"(?:^|\s)(?:install|sync|run|tool)(?:\s|$)")
_ANCESTORS = 6


class Requirements(MetadataHookInterface):
    """Turns the names of `dependencies` into paths while a clone is being installed."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Change the metadata in place."""
        metadata["keywords"] = ["proxy", "llm", "codex", "claude", "openai"]  # hooks run where some field is dynamic
        root = Path(self.root)
        if (root / "core" / "pyproject.toml").is_file() and _is_being_installed():
            names = [re.split(r"[=<>!~ ]", each)[0] for each in metadata["dependencies"]]
            metadata["dependencies"] = [f"{name} @ {_folder(root, name).as_uri()}" for name in names]


def _folder(root: Path, name: str) -> Path:
    part = name.removeprefix("jackfield-")
    return root / "core" if part == "core" else root / "plugins" / part


def _is_being_installed() -> bool:
    """Return True when an installer asked for this build, not for a wheel to keep."""
    process = os.getppid()
    for _ in range(_ANCESTORS):
        parent, command = _process(process)
        if found := _INSTALLER.search(command):
            return _INSTALLS.search(found[1]) is not None
        if parent <= 1:
            break
        process = parent
    return False


def _process(number: int) -> tuple[int, str]:
    """Return the parent of a process, and its command line."""
    asked = ["ps", "-o", "ppid=,command=", "-p", str(number)]
    try:
        command = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        status = Path(f"/proc/{number}/stat").read_text(errors="replace")
        return int(status.rpartition(")")[2].split()[1]), command
    except (OSError, ValueError, IndexError):
        pass  # not Linux
    try:
        parent, _, command = subprocess.run(asked, capture_output=True, text=True).stdout.strip().partition(" ")  # noqa: S603 - a fixed command
        return int(parent), command
    except (OSError, ValueError):
        return 0, ""
