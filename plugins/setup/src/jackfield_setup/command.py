"""The command itself: print the lines, or write them."""

from __future__ import annotations

import difflib
import shlex
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

import click
from jackfield.api import config_option, replace_text

from .clients import CLIENTS, Client, Lines
from .settings import merged, written
from .site import SetupError, Site, asked, configured

COPY = ".before-jackfield"
"""What the copy of a changed file has at the end of its name; a later one has a number too."""


@click.command()
@config_option
@click.argument("client", type=click.Choice(list(CLIENTS)))
@click.option("--url", metavar="URL", envvar="JACKFIELD_URL", default="", help="The proxy. Default: as configured.")
@click.option("--key", metavar="KEY", envvar="JACKFIELD_KEY", default="", help="A client key. Default: the first one.")
@click.option("--model", metavar="ID", default="", help="The model to name. Default: the newest that is served.")
@click.option("--context", metavar="TOKENS", type=click.IntRange(1), help="Tokens that the model takes in.")
@click.option("--write", is_flag=True, help="Write them into the client's settings; a copy is kept.")
@click.option("--yes", is_flag=True, help="Write without asking.")
def setup(
    path: Path | None, client: str, url: str, key: str, model: str, context: int | None, write: bool, yes: bool
) -> None:
    """Show the lines that point CLIENT at this proxy."""
    try:
        site = asked(configured(path, url, key), model)
        site = replace(site, context=context or site.context)
        chosen = CLIENTS[client]
        if write:
            _write(chosen, site, yes=yes)
        else:
            click.echo(_shown(chosen, chosen.lines(site)))
    except SetupError as error:
        raise click.ClickException(str(error)) from None
    if not site.models:
        click.echo(f"{site.url} does not answer, so the model is a guess; --model names another", err=True)


def _shown(client: Client, lines: Lines) -> str:
    """Return the lines as a page for a terminal."""
    parts = [f"# {client.title}"]
    if lines.file:
        parts += [f"# in {lines.place}", written(lines.fresh, lines.format).rstrip("\n"), ""]
    return "\n".join([*parts, *_to_run(lines)])


def _to_run(lines: Lines) -> list[str]:
    exports = [f"export {name}={shlex.quote(value)}" for name, value in lines.variables.items()]
    return ["# in the shell", *exports, lines.run]


def _write(client: Client, site: Site, *, yes: bool) -> None:
    """Show what changes in the client's file and change it. Raises SetupError."""
    lines = client.lines(site)
    if not lines.file:
        raise SetupError(f"{client.title} reads no file; without --write its lines are printed")
    file = Path(lines.place).expanduser()
    old = _read(file)
    try:
        new = merged(old, lines.settings if old else lines.fresh, lines.format)
    except SetupError as error:
        raise SetupError(f"{file}: {error}; without --write the lines are printed") from None
    if new == old:
        click.echo(f"{file} has these lines already")
    else:
        click.echo(_difference(old, new, file), nl=False)
        if not yes:
            click.confirm(f"Write this to {file}?", abort=True, err=True)
        _replace(file, old, new)
    click.echo("\n".join(_to_run(lines)))


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode()  # its ends of lines are its own
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{file} cannot be read: {error}") from None


def _difference(old: str, new: str, file: Path) -> str:
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), str(file), f"{file} (changed)"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _replace(file: Path, old: str, new: str) -> None:
    """Write the file, which may hold a key: it is its owner's alone. What was there is kept beside it."""
    copy = _free(file.with_name(file.name + COPY))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if old:
            replace_text(copy, old, 0o600)
        replace_text(file.resolve(), new, None if old else 0o600)
    except OSError as error:
        raise SetupError(f"{file} cannot be written: {error}") from None
    click.echo(f"{file} written" + (f"; as it was: {copy}" if old else ""), err=True)


def _free(copy: Path) -> Path:
    """Return the first such name that no copy has: what stood there before the proxy is never lost."""
    numbered = (copy.with_name(f"{copy.name}.{number}") for number in count(2))
    return next(path for path in chain([copy], numbered) if not path.exists())
