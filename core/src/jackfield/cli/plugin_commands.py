"""What plugins' commands build on: the option that names the configuration, and a change that an operator agrees to."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson

from ..config.file import ConfigFile, version_of
from ..config.load import load
from ..config.masking import REFERENCES
from ..config.schema.schema import compose, core_schema
from ..config.schema.validate import missing_sections
from ..config.schema.view import View
from ..config.text import paths
from ..config.text.document import Document
from ..model.errors import ConfigError, JackfieldError
from ..model.secret import Secret
from ..plugins.manager import Plugins

LONG = 8
"""Secrets with at least so many characters are masked wherever a text has them."""

_BEFORE_VALUE = re.compile(r"\s*(?:- +)*(?:[^\s:]+:(?=\s)\s?)?")
"""What stands in front of a value in a line of YAML."""


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--config FILE`; it gets the `path` of the file, or None without one."""
    from .options import config_option as option  # here: the command line itself is built out of plugins

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
    except FileNotFoundError:
        raise click.ClickException(f"there is no file {path}; create it, or name another with --config") from None
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} cannot be read: {error}") from None
    new = _changed(old, change, path)
    if new == old:
        return False
    before, after = _Read.of(old, path), _checked(new, path)
    if lacking := after.missing - before.missing:
        raise click.ClickException(f"no installed plugin knows {', '.join(sorted(lacking))}; nothing was written")
    click.echo(_difference(before.shown(), after.shown(), path), nl=False)
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
    from .options import telling

    with telling(path):
        Document.parse(text, path)
        return change(text)


@dataclass(frozen=True, slots=True)
class _Read:
    """A text with what it says and the schema for it."""

    document: Document
    schema: Mapping[str, Any]
    plugins: Plugins

    @classmethod
    def of(cls, text: str, path: Path) -> _Read:
        from ..host.bootstrap import discover

        document = Document.parse(text, path)
        plugins = discover(document)
        return cls(document, compose(core_schema(), plugins.config_schemas()), plugins)

    @property
    def missing(self) -> set[str]:
        """The sections that no installed plugin knows."""
        return set(missing_sections(self.document, self.schema))

    def shown(self) -> str:
        """Return the text with every secret in it masked."""
        lines = self.document.text.splitlines(keepends=True)
        secrets = list(_secrets(self.document.data, View.of(self.schema), ()))
        for place, value in secrets:
            number = self.document.line_of(place)
            lines[number - 1] = _masked(lines[number - 1], value)
        text = "".join(lines)
        for long in {value.strip() for _, value in secrets if len(value.strip()) >= LONG}:
            text = text.replace(long, Secret(long).hint())  # those that begin below the line of their key
        return text


def _checked(text: str, path: Path) -> _Read:
    """Return a text that holds; end the command when it does not."""
    from .options import tell

    try:
        read = _Read.of(text, path)
        loaded = load(read.document, read.schema, read.plugins.check_config)
    except ConfigError as error:
        tell(path, error.problems)
        click.echo("that is what the change would bring; nothing was written", err=True)
        sys.exit(1)
    tell(path, loaded.warnings)
    return read


def _difference(old: str, new: str, path: Path) -> str:
    """Return the unified difference of two texts."""
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), str(path), f"{path} (changed)"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _secrets(value: Any, view: View, path: paths.Path) -> Iterator[tuple[paths.Path, str]]:
    """Yield the place and the text of every secret that is written out."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _secrets(part, view.key(key), (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _secrets(part, view.item(index), (*path, index))
    elif isinstance(value, str) and value and view.secret and not value.startswith(REFERENCES):
        yield path, value


def _masked(line: str, secret: str) -> str:
    """Return a line of YAML without the secret in it, however it is quoted there."""
    hint = Secret(secret).hint()
    for written in (secret, secret.replace("'", "''"), orjson.dumps(secret).decode()[1:-1]):
        if written in line:
            return line.replace(written, hint)
    start = _BEFORE_VALUE.match(line)
    return f"{start[0] if start else ''}{hint}{line[len(line.rstrip()) :]}"
