"""Options that several commands share, and how a configuration's problems are told."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..config.text.document import Document, find
from ..model.errors import ConfigError, Problem

Command = Callable[..., Any]


def chosen_file(ctx: click.Context, named: str | None = None) -> Path | None:
    """Return the configuration file: named at the command, before it, in the environment, or the default."""
    return find(named or ctx.find_root().params.get("config"), os.environ)


def config_option(command: Command) -> Command:
    """Give a command `--config FILE`; it gets the `path` of the file, or None without one."""
    return click.option(
        "--config",
        "path",
        metavar="FILE",
        callback=lambda ctx, _, value: chosen_file(ctx, value),
        help="Configuration file. Default: JACKFIELD_CONFIG, else ./config.yaml.",
    )(command)


def json_option(command: Command) -> Command:
    """Give a command `--json`, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def document_or_empty(path: Path | None) -> Document:
    """Return the document, or an empty one when it cannot be read; its problems are told on stderr."""
    try:
        return Document.read(path)
    except ConfigError as error:
        tell(path, error.problems)
        return Document(path=path)


def tell(path: Path | None, problems: Iterable[Problem]) -> None:
    """Print problems on stderr, one a line."""
    for problem in problems:
        click.echo(problem.at(path), err=True)


@contextmanager
def telling(path: Path | None) -> Iterator[None]:
    """Turn a ConfigError inside into its problems on stderr and exit status 1."""
    try:
        yield
    except ConfigError as error:
        tell(path, error.problems)
        sys.exit(1)
