from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import yaml
from jackfield.testing import CommandEnd

Run = Callable[..., CommandEnd]

CANARY = "sk-canary-0123456789"

SCHEMA_PLUGIN = """
    from jackfield.api import Problem, hookimpl

    @hookimpl
    def config_schema():
        key = {"type": "string", "x-secret": True, "default": ""}
        part = {"type": "object", "properties": {"key": key, "url": {"type": "string"}}, "additionalProperties": False}
        return {"type": "object", "properties": {"acme": part}}

    @hookimpl
    def check_config(config):
        section = config.section("acme")
        if section and "url" not in section:
            yield Problem("acme.url", "is required", "add it")
"""


def test_check_prints_every_problem_with_file_and_line(run: Run, folder: Path, add_plugin: Callable[..., None]) -> None:
    add_plugin("acme", SCHEMA_PLUGIN)
    (folder / "config.yaml").write_text("port: x\nprot: 1\nacme:\n  key: a\n  kye: b\n")

    done = run("config", "check", alone=True)

    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert [line.split(" ")[0] for line in lines] == [f"config.yaml:{line}:" for line in (1, 2, 3, 5)]
    assert "did you mean `port`?" in lines[1]
    assert "acme.url: is required (add it)" in lines[2]


def test_check_of_a_correct_file_says_ok(run: Run, folder: Path) -> None:
    (folder / "other.yaml").write_text("port: 1\n")

    for arguments in (["config", "check", "--config", "other.yaml"], ["--config", "other.yaml", "config", "check"]):
        done = run(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (0, "other.yaml: ok\n", "")


def test_check_without_a_file_is_about_the_defaults(run: Run) -> None:
    done = run("config", "check")

    assert done.returncode == 0
    assert "no configuration file" in done.stdout


def test_the_environment_names_the_file(run: Run, folder: Path) -> None:
    (folder / "env.yaml").write_text("port: x\n")

    done = run("config", "check", JACKFIELD_CONFIG="env.yaml")

    assert done.returncode == 1
    assert "env.yaml:1:" in done.stderr


def test_a_named_file_that_is_not_there_is_an_error(run: Run) -> None:
    for command in (["config", "check"], ["config", "show"], ["serve"], ["models"]):
        done = run(*command, "--config", "gone.yaml")
        assert done.returncode == 1
        assert "there is no file gone.yaml" in done.stderr
        assert "Traceback" not in done.stderr


def test_check_counts_a_section_without_its_plugin(run: Run, folder: Path) -> None:
    (folder / "config.yaml").write_text("zebra:\n  key: value\n")

    done = run("config", "check")

    assert done.returncode == 1
    assert "config.yaml:1: error: zebra" in done.stderr
    assert "pip install jackfield-zebra" in done.stderr


def test_check_works_beside_broken_plugins(run: Run, folder: Path, add_plugin: Callable[..., None]) -> None:
    add_plugin("acme", SCHEMA_PLUGIN)
    add_plugin("rival", SCHEMA_PLUGIN)
    add_plugin("sick", "raise RuntimeError('no good')")
    (folder / "config.yaml").write_text("port: 1\n")

    done = run("config", "check")

    assert done.returncode == 0
    assert "config.yaml: ok" in done.stdout
    assert "warning: plugin sick is broken: RuntimeError: no good" in done.stderr
    assert "acme and rival both claim the configuration key `acme`" in done.stderr

    (folder / "config.yaml").write_text("plugins: {strict: true}\n")
    assert run("config", "check").returncode == 1


def test_schema_is_composed_of_core_and_plugins(run: Run, folder: Path, add_plugin: Callable[..., None]) -> None:
    add_plugin("acme", SCHEMA_PLUGIN)

    printed = json.loads(run("config", "schema").stdout)
    written = run("config", "schema", "--output", "out.json")

    assert printed["properties"]["acme"]["x-plugin"] == "acme"
    assert "host" in printed["properties"]
    assert written.stdout == ""
    assert json.loads((folder / "out.json").read_text()) == printed
    assert run("config", "schema", "--output", "no/such/folder").returncode == 1


def test_show_is_complete_yaml_without_secrets(run: Run, folder: Path, add_plugin: Callable[..., None]) -> None:
    add_plugin("acme", SCHEMA_PLUGIN)
    (folder / "config.yaml").write_text(f"acme: {{key: 'env:ACME', url: u}}\napi-keys: [{CANARY}]\n")

    done = run("config", "show", ACME=CANARY)

    shown = yaml.safe_load(done.stdout)
    assert shown["acme"] == {"key": "sk-c...89", "url": "u"}
    assert shown["port"] == 8317
    assert CANARY not in done.stdout + done.stderr


def test_show_of_a_wrong_file_is_its_problems(run: Run, folder: Path) -> None:
    (folder / "config.yaml").write_text("debug: maybe\n")

    done = run("config", "show")

    assert (done.returncode, done.stdout) == (1, "")
    assert "config.yaml:1: error: debug" in done.stderr
