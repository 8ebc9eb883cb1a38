"""However the app is started, it is the same app, with the configuration that was named."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from jackfield import create_app
from jackfield.model.errors import ConfigError

BIN = Path(sysconfig.get_path("scripts"))
ROOT = Path(__file__).resolve().parent.parent

CONFIG = """
tppc:
  providers:
    - name: fox
      enabled: true
      base-url: http://fox.invalid/v1
      api-key: sk-fox-123
      models: [only-in-this-file]
      openai-models: false
"""

COMMANDS = {
    "hypercorn": ["hypercorn", "jackfield.asgi:app", "--bind", "127.0.0.1:0"],
    "quart": ["quart", "run", "--port", "0"],
    "jackfield": ["jackfield", "serve", "--port", "0"],
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "fox.yaml"
    file.write_text(CONFIG)
    shutil.copy(ROOT / ".quartenv", tmp_path)
    return file


def models(server: Any) -> list[str]:
    return [model["id"] for model in server.get("/v1/models").json()["data"]]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_server_starts_the_same_app(command: list[str], serving: Any, config: Path) -> None:
    server = serving(*command, JACKFIELD_CONFIG=str(config))

    assert server.get("/").json()["name"] == "jackfield"
    assert server.get("/readyz").json()["providers"] == ["fox"]
    assert models(server) == ["only-in-this-file"]
    assert server.post("/v1/responses", model="nobody-has-it", input="Hi").json()["error"]["code"] == "model_not_found"


def test_the_command_line_wins_over_the_environment(serving: Any, config: Path) -> None:
    server = serving("jackfield", "serve", "--port", "0", "--config", str(config), JACKFIELD_CONFIG="nowhere.yaml")

    assert models(server) == ["only-in-this-file"]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_config_yaml_in_the_working_directory_is_found(command: list[str], serving: Any, config: Path) -> None:
    config.rename(config.with_name("config.yaml"))

    assert models(serving(*command)) == ["only-in-this-file"]


def test_without_a_file_the_demo_answers(serving: Any) -> None:
    server = serving("jackfield", "serve", "--port", "0")

    answer = server.post("/v1/responses", model="gpt-5", input="Hi").json()

    assert "demo provider" in answer["output"][0]["content"][0]["text"]
    assert "no configuration file" in server.log


@pytest.mark.parametrize(
    "command",
    [
        ["python", "-c", "import jackfield.asgi"],
        ["quart", "--app", "jackfield.asgi:app", "run", "--port", "0"],
        ["quart", "--app", "jackfield", "run", "--port", "0"],
        ["quart", "--app", "jackfield:create_app()", "run", "--port", "0"],
        ["quart", "--app", "jackfield", "routes"],
        ["hypercorn", "--workers", "0", "--bind", "127.0.0.1:0", "jackfield.asgi:app"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("text", ["port: nonsense\ntppc: {providers: [{enabled: true}]}\n", "a: [", None])
def test_k10_an_asgi_server_tells_a_bad_file_as_serve_does(
    tmp_path: Path, command: list[str], text: str | None
) -> None:
    file = tmp_path / "config.yaml"
    if text is not None:
        file.write_text(text)
    environment = {**os.environ, "JACKFIELD_CONFIG": str(file)}
    run = functools.partial(subprocess.run, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=50)

    served = run([str(BIN / "jackfield"), "serve", "--port", "0"])
    done = run([str(BIN / command[0]), *command[1:]])

    assert (done.returncode, served.returncode) == (1, 1), done.stderr
    assert done.stderr == served.stderr
    assert "Traceback" not in done.stderr


def test_k10_quart_tells_a_broken_plugin_of_a_strict_house_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("plugins: {strict: true, allow: [nobody-has-this]}\nnowhere: {}\n")

    done = subprocess.run(  # our own
        [str(BIN / "quart"), "--app", "jackfield", "run", "--port", "0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "nowhere" in done.stderr


def test_k10_a_program_that_makes_the_app_gets_the_exception(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("port: nonsense\n")

    with pytest.raises(ConfigError, match="port"):
        create_app(file)


@pytest.mark.parametrize("command", [COMMANDS["hypercorn"], ["quart", "--app", "jackfield", "run", "--port", "0"]])
def test_k10_an_asgi_server_says_which_file_it_reads(serving: Any, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "config.yaml").write_text("debug: false\n")

    server = serving(*command)
    server.get("/healthz")

    assert f"the configuration is {tmp_path / 'config.yaml'}" in server.log
