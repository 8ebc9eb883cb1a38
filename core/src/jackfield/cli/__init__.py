"""The command line, one file per group of commands. What was asked for goes to stdout, everything else to stderr."""

import sys

import click

from ..errors import JackfieldError
from .root import cli

__all__ = ["cli", "main"]


def main() -> None:
    """Run the command line; exits with 0, with 1 on an error, with 2 when it was called wrongly."""
    try:
        cli.main(prog_name="jackfield")
    except JackfieldError as error:
        click.echo(f"jackfield: {error}", err=True)
        sys.exit(1)
