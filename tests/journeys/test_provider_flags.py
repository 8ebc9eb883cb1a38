"""`jackfield serve --packycode --tppc`: what a part of the configuration brought is said before the first request."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jackfield.testing import FakeUpstream

BLOCK = """
packycode:
  enabled: {enabled}
  base-url: {url}
  credentials:
    openai-api-key: sk-packycode-canary
tppc:
  providers:
    - {{name: Fox, enabled: {enabled}, base-url: {url}, api-key: sk-fox-canary}}
    - {{name: owl, enabled: {enabled}, base-url: {url}, api-key: sk-owl-canary}}
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jackfield", "serve", "--port", "0", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]], ids=["one process", "workers"])
def test_what_was_registered_is_told_and_serves_at_once(workers: list[str], serving: Any, tmp_path: Path) -> None:
    with FakeUpstream.in_thread() as upstream:
        (tmp_path / "config.yaml").write_text(BLOCK.format(enabled="true", url=upstream.base_url))
        server = serving("jackfield", "serve", "--port", "0", "--packycode", "--tppc", *workers)
        models = {model["id"] for model in server.get("/v1/models").json()["data"]}
        answer = server.post("/v1/responses", model="packycode/gpt-5-high", input="Hi")

    host = upstream.base_url.split("/")[2]
    lines = server.log.splitlines()
    assert f"packycode registered 19 models of {host}, key and URL from config.yaml" in lines
    assert "tppc registered 2 providers: fox, owl" in lines
    assert lines.index("tppc registered 2 providers: fox, owl") < next(
        number for number, line in enumerate(lines) if "listens on" in line
    )
    assert {"gpt-5", "gpt-5-high", "gpt-5-codex-low", "codex-mini-latest"} <= models
    assert answer.status_code == 200
    assert "canary" not in server.log


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]], ids=["one process", "workers"])
def test_what_is_off_is_noted_and_the_server_starts(workers: list[str], serving: Any, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(BLOCK.format(enabled="false", url="nonsense"))

    server = serving("jackfield", "serve", "--port", "0", "--packycode", "--tppc", *workers)

    assert server.get("/healthz").status_code == 200
    assert "packycode is off (packycode.enabled: false); nothing was registered" in server.log
    assert "tppc is off (no provider has enabled: true); nothing was registered" in server.log


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]], ids=["one process", "workers"])
@pytest.mark.parametrize("flag", ["--packycode", "--tppc"])
def test_an_incomplete_block_ends_the_start_with_every_problem(flag: str, workers: list[str], tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "packycode:\n  enabled: true\n  wire-api: chat\ntppc:\n  providers:\n    - enabled: true\n      name: fox\n"
    )

    done = run(tmp_path, flag, *workers)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "config.yaml:1: error: packycode.base-url is required when packycode.enabled=true"
        " (write it like https://host/v1)",
        "config.yaml:1: error: packycode.credentials.openai-api-key is required while"
        " packycode.requires-openai-auth=true (write the key, or env:NAME)",
        'config.yaml:3: error: packycode.wire-api: cannot be the text "chat" (write responses)',
        "config.yaml:6: error: tppc.providers[0].base-url is required when providers[0].enabled=true"
        " (write the provider's URL, such as https://host/v1)",
        "config.yaml:6: error: tppc.providers[0].api-key is required when providers[0].enabled=true"
        " (write the key, or env:NAME)",
    ]


def test_a_flag_that_nobody_has_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "--packycod")

    assert done.returncode == 2
    assert "--packycode" in done.stderr
