"""Commands that plugins bring, for the command line itself and for those of its groups that take more."""

from __future__ import annotations

import click

from .options import chosen_file, document_or_empty

OPEN = ("config",)
"""Groups of ours that plugins may add commands to."""

_KEY = "jackfield.cli.plugin_commands"


def plugin_commands(ctx: click.Context) -> click.Group:
    """Return a group of what plugins bring, asked for once; commands for a group of ours are in one of its name."""
    found = ctx.find_root().meta.get(_KEY)
    if not isinstance(found, click.Group):
        from ..host.bootstrap import discover  # here: our own commands must not wait for plugins

        found = click.Group(commands=[click.Group(name) for name in OPEN])
        discover(document_or_empty(chosen_file(ctx))).register_commands(found)
        ctx.find_root().meta[_KEY] = found
    return found


class Extended(click.Group):
    """A group of ours that also has the commands which plugins add to it. Its own always win."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of ours, else a plugin's, else None."""
        return super().get_command(ctx, cmd_name) or self._added(ctx).get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, ours first."""
        own = super().list_commands(ctx)
        return own + [name for name in self._added(ctx).list_commands(ctx) if name not in own]

    def _added(self, ctx: click.Context) -> click.Group:
        found = plugin_commands(ctx).commands.get(str(self.name))
        return found if isinstance(found, click.Group) else click.Group()
