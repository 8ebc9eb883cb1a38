"""`jackfield hash-key`: a management key as the configuration file may keep it."""

from __future__ import annotations

import sys

import click

from . import keys

SHORTEST = 16
"""A key with fewer characters is warned about."""


@click.command("hash-key", context_settings={"ignore_unknown_options": True})
@click.argument("given", nargs=-1, type=click.UNPROCESSED, metavar="")
def hash_key(given: tuple[str, ...]) -> None:
    """Print the bcrypt hash of a management key, for remote-management.secret-key.

    The key is asked for, or read from standard input: one line.
    """
    if given:
        seen = "other users and the shell's history see a command line; choose another key"
        raise click.UsageError(f"the key is asked for, or read from standard input, but never an argument: {seen}")
    key = _asked() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not key.strip():
        raise click.ClickException("no key was given")
    if len(key) < SHORTEST:
        click.echo(f"warning: a key with fewer than {SHORTEST} characters can be guessed", err=True)
    try:
        click.echo(keys.hashed(key))
    except ValueError as error:
        raise click.ClickException(f"the key {error}") from None


def _asked() -> str:
    """Return what is typed, twice and unseen."""
    key: str = click.prompt("Management key", hide_input=True, confirmation_prompt=True, err=True)
    return key
