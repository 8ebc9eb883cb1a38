"""LiteLLM as a peer: its proxy, in an environment of its own under `.bench/`, in front of the same mock."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .processes import SCRIPTS, BenchError, Process, clean_environment, free_port
from .requests import CHAT, MODEL, Dialect
from .targets import Cpus, Launch, new_key

HOME = SCRIPTS.parent / ".bench" / "litellm"
_PACKAGE = "litellm[proxy]"


@dataclass
class LiteLLM:
    """One worker, a master key, no database, one model whose api_base is the mock."""

    name: str = "litellm"
    translates: bool = True
    patience: float = 120

    def prepare(self) -> None:
        """Install it, once. Raises BenchError with the installer's last words."""
        if self._command.exists():
            return
        print(f"bench: installing {_PACKAGE} in {HOME}, once; this takes minutes", file=sys.stderr)
        _run([sys.executable, "-m", "venv", str(HOME)])
        _run([str(HOME / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", _PACKAGE])
        if not self._command.exists():
            raise BenchError(f"{_PACKAGE} was installed, but brings no command `litellm`")

    def launch(self, upstream_port: int, dialect: Dialect, directory: Path, cores: Cpus) -> Launch:
        """Start it on a free port. It is kept from fetching anything at start-up."""
        port, key = free_port(), new_key()
        config = directory / "config.yaml"
        config.write_text(json.dumps(_config(upstream_port, dialect, key)))
        command = [str(self._command), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
        environment = clean_environment({"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"})
        return Launch(Process(command, cores, environment, directory), port, key, "/health/liveliness")

    @property
    def _command(self) -> Path:
        return HOME / "bin" / "litellm"


def _config(upstream_port: int, dialect: Dialect, key: str) -> dict[str, object]:
    """Return its configuration. The prefix `responses/` sends chat to the upstream's /responses, as the rest goes."""
    model = f"openai/responses/{MODEL}" if dialect is CHAT else f"openai/{MODEL}"
    params = {"model": model, "api_base": f"http://127.0.0.1:{upstream_port}/v1", "api_key": new_key()}
    return {
        "model_list": [{"model_name": MODEL, "litellm_params": params}],
        "litellm_settings": {"telemetry": False, "num_retries": 0},
        "general_settings": {"master_key": key, "disable_spend_logs": True},
    }


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the installer, named above
    if done.returncode:
        raise BenchError(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip()[-600:]}")
