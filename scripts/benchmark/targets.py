"""What can be measured: the reference and jackfield. A peer lives in a file of its own."""

from __future__ import annotations

import importlib.util
import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from .processes import BenchError, Process, clean_environment, free_port, helper
from .requests import Dialect

Cpus = frozenset[int] | None


@dataclass(frozen=True, slots=True)
class Launch:
    """A target that was started: its process, where it listens, what opens it, where it tells that it is ready."""

    process: Process
    port: int
    key: str = ""
    ready_path: str = "/healthz"


class Target(Protocol):
    """Something between the client and the mock upstream."""

    name: str
    translates: bool
    """False: the client gets what the upstream sent."""
    patience: float
    """Seconds after which it should have been ready."""

    def prepare(self) -> None:
        """Install or check what it needs. Raises BenchError."""
        ...

    def launch(self, upstream_port: int, dialect: Dialect, directory: Path, cores: Cpus) -> Launch:
        """Start it in front of the upstream; `directory` is its own and empty."""
        ...


@dataclass
class Reference:
    """The raw pass-through."""

    name: str = "reference"
    translates: bool = False
    patience: float = 20

    def prepare(self) -> None:
        """Nothing is needed."""

    def launch(self, upstream_port: int, dialect: Dialect, directory: Path, cores: Cpus) -> Launch:
        """Start it; it says its port."""
        process = helper("reference", str(upstream_port), cores=cores)
        return Launch(process, process.read_port())


@dataclass
class Jackfield:
    """The proxy as installed in the environment that runs the benchmark: one worker, client keys, one tppc provider.

    `settings` are further top-level keys of its configuration, so that two variants can be compared in one run.
    """

    name: str = "jackfield"
    settings: Mapping[str, object] = field(default_factory=dict)
    translates: bool = True
    patience: float = 30

    def prepare(self) -> None:
        """Check that it is installed."""
        if importlib.util.find_spec("jackfield") is None or importlib.util.find_spec("jackfield.__main__") is None:
            raise BenchError("jackfield is not installed in this environment: run scripts/test once, or pip install -e")

    def launch(self, upstream_port: int, dialect: Dialect, directory: Path, cores: Cpus) -> Launch:
        """Start it on a free port with a configuration of its own."""
        port, key = free_port(), new_key()
        config = directory / "config.yaml"
        config.write_text(json.dumps(self._config(port, key, upstream_port)))  # JSON is YAML
        command = [sys.executable, "-m", "jackfield", "serve", "--config", str(config)]
        return Launch(Process(command, cores, clean_environment(), directory), port, key)

    def _config(self, port: int, key: str, upstream_port: int) -> dict[str, object]:
        provider = {
            "name": "mock",
            "enabled": True,
            "base-url": f"http://127.0.0.1:{upstream_port}/v1",
            "api-key": new_key(),
        }
        return {
            "host": "127.0.0.1",
            "port": port,
            "api-keys": [key],
            "tppc": {"providers": [provider]},
            **self.settings,
        }


def new_key() -> str:
    """Return a key that opens nothing beyond this run."""
    return "sk-bench-" + secrets.token_hex(16)


USUAL: tuple[Target, ...] = (Reference(), Jackfield())
"""The targets that are measured when none is named."""

VARIANTS: tuple[Target, ...] = (
    Jackfield("tps-off", {"plugins": {"disabled": ["tps"]}}),
    Jackfield("tps-on"),
    Jackfield("tps-all", {"tps-log": True, "log-format": "json", "usage-statistics-enabled": True}),
)
"""The same proxy in other configurations, to be compared in one run: a variant is one more line here."""

TARGETS: dict[str, Target] = {target.name: target for target in (*USUAL, *VARIANTS)}
"""The targets by name."""
