from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jackfield.testing import CommandEnd

Run = Callable[..., CommandEnd]

PLUGIN = """
    import click
    from jackfield.api import hookimpl

    @hookimpl
    def on_request_complete(record): ...

    @hookimpl
    def register_commands(group):
        @group.command()
        @click.argument("name")
        def greet(name):
            "Greet somebody."
            click.echo(f"hello {name}")

        @group.command()
        def plugins():
            click.echo("hijacked")
"""
SICK = """
    from jackfield.api import hookimpl

    @hookimpl
    def register_commands(group):
        raise RuntimeError("no commands today")
"""


@pytest.fixture(autouse=True)
def some_plugins(add_plugin: Callable[..., None]) -> None:
    add_plugin("acme", PLUGIN)
    add_plugin("bad", "raise RuntimeError('bad\\nnews')")
    add_plugin("quitter", "raise SystemExit('gone')")
    add_plugin("sick", SICK)
    add_plugin("twin", "")
    add_plugin("twin2", "", entry="twin")


def by_name(stdout: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(stdout)}


def test_every_plugin_is_listed_with_its_state(run: Run) -> None:
    done = run("plugins", "--json", alone=True)

    rows = by_name(done.stdout)
    assert done.returncode == 0
    assert rows["acme"]["state"] == "active"
    assert rows["acme"]["distribution"] == "jf-acme"
    assert rows["acme"]["version"] == "1.2.3"
    assert rows["acme"]["hooks"] == ["on_request_complete", "register_commands"]
    assert (rows["bad"]["state"], rows["bad"]["error"]) == ("broken", "RuntimeError: bad\nnews")
    assert rows["quitter"]["error"] == "SystemExit: gone"
    assert rows["twin"]["state"] == "broken"
    assert "jf-twin and jf-twin2" in rows["twin"]["error"]


def test_the_table_has_a_line_for_each(run: Run) -> None:
    head, *rows = run("plugins").stdout.splitlines()

    assert head.split() == ["NAME", "DISTRIBUTION", "VERSION", "STATE", "HOOKS", "ERROR"]
    [bad] = [row for row in rows if row.startswith("bad ")]
    assert bad.endswith("RuntimeError: bad news")


def test_a_plugin_that_is_switched_off_is_listed_but_not_loaded(run: Run, folder: Path) -> None:
    (folder / "config.yaml").write_text("plugins: {disabled: [bad, twin]}\n")

    rows = by_name(run("plugins", "--json").stdout)

    assert rows["bad"]["state"] == rows["twin"]["state"] == "disabled"


@pytest.mark.parametrize("text", ["port: [", "plugins: nonsense", "- a", "plugins: {disabled: {a: 1}}"])
def test_the_list_needs_no_correct_configuration(run: Run, folder: Path, text: str) -> None:
    (folder / "config.yaml").write_text(text)

    done = run("plugins", "--json")

    assert done.returncode == 0
    assert by_name(done.stdout)["acme"]["state"] == "active"
    assert "Traceback" not in done.stderr


def test_a_plugins_command_runs(run: Run) -> None:
    done = run("greet", "world")

    assert (done.returncode, done.stdout) == (0, "hello world\n")


def test_a_plugin_that_cannot_register_its_commands_stops_nobody(run: Run) -> None:
    done = run("--help", alone=True)

    assert done.returncode == 0
    assert "greet" in done.stdout
    assert done.stdout.count("plugins") == 2
    assert "no commands today" in done.stderr


def test_a_plugin_cannot_take_the_place_of_our_commands(run: Run) -> None:
    assert "hijacked" not in run("plugins").stdout


def test_our_own_commands_load_no_plugin_to_be_found(run: Run, add_plugin: Callable[..., None]) -> None:
    add_plugin("noisy", "print('loaded')")

    for arguments in (["config", "check", "--help"], ["--version"]):
        assert "loaded" not in run(*arguments).stdout
    assert "loaded" in run("--help").stdout


def test_an_unknown_command_is_a_usage_error(run: Run) -> None:
    done = run("gret")

    assert done.returncode == 2
    assert "No such command 'gret'" in done.stderr
