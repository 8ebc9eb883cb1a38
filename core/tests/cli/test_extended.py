from __future__ import annotations

from collections.abc import Callable

from jackfield.testing import CommandEnd

Run = Callable[..., CommandEnd]

PLUGIN = """
    import click
    from jackfield.api import hookimpl

    @click.command()
    def rename():
        "Rename things."
        click.echo("renamed")

    @click.command()
    def check():
        "Never seen: the core has one."

    @hookimpl
    def register_commands(group):
        group.commands["config"].add_command(rename)
        group.commands["config"].add_command(check)
        group.add_command(rename, "top")
"""


def test_a_plugins_command_joins_a_group_of_ours(run: Run, add_plugin: Callable[..., None]) -> None:
    add_plugin("acme", PLUGIN)

    assert run("config", "rename").stdout == "renamed\n"
    assert run("top").stdout == "renamed\n"
    listed = run("config", "--help").stdout
    assert "Rename things." in listed
    assert "Never seen" not in listed
    assert "Print every problem" in listed
    assert run("config", "check").returncode == 0


def test_a_command_that_nobody_has_is_refused(run: Run) -> None:
    assert run("config", "rename").returncode == 2


def test_our_own_commands_need_no_plugin(run: Run, add_plugin: Callable[..., None]) -> None:
    add_plugin("acme", "raise SystemExit('broken')")

    assert run("config", "schema").returncode == 0
    assert "broken" in run("config", "--help", alone=True).stderr
