"""The command line, one file per group of commands. What was asked for goes to stdout, everything else to stderr."""

# ruff: noqa: E402 - a signal that comes meanwhile must not end a server that is about to start
from . import signals

signals.begin_early()

import os
import sys
from contextlib import suppress

import click

from ..model.errors import JackfieldError
from .descriptors import fill_standard
from .root import cli

__all__ = ["cli", "main"]


def _give_up_output() -> None:
    """Throw away what standard output cannot take: flushed at the end of the process, it would fail once more."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)


def main() -> None:
    """Run the command line; exits with 0, with 1 on an error, with 2 when it was called wrongly."""
    fill_standard()
    try:
        cli.main(prog_name="jackfield")
    except (JackfieldError, OSError) as error:
        _give_up_output()
        click.echo(f"jackfield: {error}", err=True)
        sys.exit(1)
