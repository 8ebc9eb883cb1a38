"""`jackfield setup CLIENT`: the lines that point a client at this proxy, for each client that was tried."""

from __future__ import annotations

import click
from jackfield.api import hookimpl


@hookimpl
def register_commands(group: click.Group) -> None:
    """Add `jackfield setup`."""
    from .command import setup  # here: other commands need none of it

    group.add_command(setup)
