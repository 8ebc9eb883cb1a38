"""What plugins' commands build on: the option that names the configuration, and a change that an operator agrees to."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from .config.document import Document
from .config.file import ConfigFile, version_of
from .config.load import inspect, load
from .config.schema import compose, core_schema
from .config.settings import Settings
from .errors import ConfigError, JackfieldError
from .plugins import Plugins
from .secret import Secret

SHORTEST = 4
"""Secrets with fewer characters cannot be found in a text without finding everything."""


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--config FILE`; it gets the `path` of the file, or None without one."""
    from .cli.options import config_option as option  # here: the command line itself is built out of plugins

    return option(command)


def rewrite_config(path: Path | None, change: Callable[[str], str], *, yes: bool) -> bool:
    """Put what `change` makes of the configuration's text into the file; return False when it makes no difference.

    The difference is printed, with secrets masked, and written once the operator agrees or `yes` is set. A result that
    is not valid is told with its problems, ends the command with status 1 and is not written. Raises ClickException
    without a file, and when it cannot be read or written.
    """
    if path is None:
        raise click.ClickException("there is no configuration file here; name one with --config")
    try:
        old = ConfigFile(path).text()
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} cannot be read: {error}") from None
    new = _changed(old, change, path)
    if new == old:
        return False
    settings = _checked(new, path)
    click.echo(_difference(old, new, path, {*_secrets(settings.data), *_secrets(_usable(old, path).data)}), nl=False)
    if not yes:
        click.confirm(f"Write this to {path}?", abort=True, err=True)
    try:
        ConfigFile(path).replace(lambda _: new, version_of(old))
    except JackfieldError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{path} written", err=True)
    return True


def _changed(text: str, change: Callable[[str], str], path: Path) -> str:
    """Return the changed text; end the command when the text cannot even be read as YAML."""
    from .cli.options import telling

    with telling(path):
        Document.parse(text, path)
        return change(text)


def _checked(text: str, path: Path) -> Settings:
    """Return the settings of a text; end the command when they do not hold."""
    from .cli.options import tell

    try:
        document, schema, plugins = _read(text, path)
        loaded = load(document, schema, plugins.check_config)
    except ConfigError as error:
        tell(path, error.problems)
        click.echo("that is what the change would bring; nothing was written", err=True)
        sys.exit(1)
    tell(path, loaded.warnings)
    return loaded.settings


def _usable(text: str, path: Path) -> Settings:
    """Return what can be used of a text that need not hold."""
    document, schema, _ = _read(text, path)
    settings, _ = inspect(document, schema)
    return settings


def _read(text: str, path: Path) -> tuple[Document, dict[str, Any], Plugins]:
    from .bootstrap import discover

    document = Document.parse(text, path)
    plugins = discover(document)
    return document, compose(core_schema(), plugins.config_schemas()), plugins


def _difference(old: str, new: str, path: Path, secrets: Iterable[str]) -> str:
    """Return the unified difference, without the secrets."""
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), str(path), f"{path} (changed)"
    )
    told = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    for secret in sorted(secrets, key=len, reverse=True):
        told = told.replace(secret, Secret(secret).hint())
    return told


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, Secret):
        if len(value.reveal()) >= SHORTEST:
            yield value.reveal()
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _secrets(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from _secrets(part)
