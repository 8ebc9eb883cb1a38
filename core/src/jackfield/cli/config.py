"""`jackfield config`: check the configuration file, print its schema, show what is in force."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import orjson
import yaml

from ..config import Document, compose, core_schema, masked
from ..config.load import inspect
from ..model.errors import Problem
from ..plugins.manager import Plugins
from .extended import Extended
from .options import config_option, document_or_empty, tell, telling


@click.group(cls=Extended)
def config() -> None:
    """Check, describe and show the configuration."""


@config.command()
@config_option
def check(path: Path | None) -> None:
    """Print every problem of the configuration with its line; exit with 1 when there is one."""
    from ..host.bootstrap import discover

    with telling(path):
        document = Document.read(path)
    plugins = discover(document)
    settings, problems = inspect(document, _schema(plugins), plugins.check_config)
    strict = settings.plugins.strict
    problems = [replace(each, warning=each.warning and each.path not in settings.missing) for each in problems]
    problems += [_broken(info.name, info.error, warning=not strict) for info in plugins.broken]
    tell(path, problems)
    if any(not problem.warning for problem in problems):
        sys.exit(1)
    click.echo(f"{path or 'no configuration file; the defaults'}: ok")


@config.command()
@config_option
@click.option("--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write it there.")
def schema(path: Path | None, output: Path | None) -> None:
    """Print the JSON Schema of the configuration: the core's keys and those of the plugins in use."""
    from ..host.bootstrap import discover

    text = orjson.dumps(_schema(discover(document_or_empty(path))), option=orjson.OPT_INDENT_2) + b"\n"
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_bytes(text)
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror}") from None


@config.command()
@config_option
def show(path: Path | None) -> None:
    """Print the configuration in force as YAML: defaults filled in, secrets masked."""
    from ..host.bootstrap import prepare

    with telling(path):
        prepared = prepare(path)
    tell(path, prepared.warnings)
    click.echo(yaml.safe_dump(masked(prepared.settings), sort_keys=False, allow_unicode=True), nl=False)


def _schema(plugins: Plugins) -> dict[str, Any]:
    return compose(core_schema(), plugins.config_schemas())


def _broken(name: str, error: str, *, warning: bool) -> Problem:
    fix = "mend or uninstall it, or add it to plugins.disabled"
    return Problem("", f"plugin {name} is broken: {error}", fix, warning=warning)
