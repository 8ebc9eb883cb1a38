"""The `jackfield` command: its own commands, and those that plugins add.

Plugins are loaded only when a command is not one of ours, or for the list of all: no plugin, however broken, stands
between an operator and `jackfield config check`.
"""

from __future__ import annotations

from importlib import import_module

import click

from ..model.version import VERSION
from .extended import plugin_commands

OWN = ("config", "models", "plugins", "providers", "serve")
"""Our own commands; the one of a name is in the module of that name."""


class Root(click.Group):
    """A group that asks plugins for commands it does not have itself. Its own always win."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of ours, else a plugin's, else None."""
        if cmd_name in OWN and cmd_name not in self.commands:  # here: one command need not wait for the others
            self.add_command(getattr(import_module(f"{__package__}.{cmd_name}"), cmd_name))
        return super().get_command(ctx, cmd_name) or plugin_commands(ctx).get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, ours first."""
        own = sorted({*OWN, *super().list_commands(ctx)})
        return own + [name for name in plugin_commands(ctx).list_commands(ctx) if name not in own]


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, message="%(prog)s %(version)s")
@click.option("--config", metavar="FILE", help="Configuration file, for every command.")
def cli(config: str | None) -> None:
    """A proxy for coding agents: their requests in, your providers' answers out."""
