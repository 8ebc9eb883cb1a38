"""`jackfield plugins`: what is installed, and in which state. Works with any configuration and any plugin."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from ..model.plugin_info import PluginInfo
from .options import config_option, document_or_empty, json_option
from .table import table

FIELDS = ("name", "distribution", "version", "state", "load", "error", "hooks", "load_seconds", "last_failure")
HEAD = ("NAME", "DISTRIBUTION", "VERSION", "STATE", "HOOKS", "ERROR")


@click.command()
@config_option
@json_option
def plugins(path: Path | None, as_json: bool) -> None:
    """List the installed plugins: name, distribution, version, state, hooks, error."""
    from ..host.bootstrap import discover

    found = discover(document_or_empty(path))
    found.config_schemas()  # finds plugins that claim each other's keys
    if as_json:
        click.echo(orjson.dumps([_fields(info) for info in found.infos], option=orjson.OPT_INDENT_2))
    elif found.infos:
        click.echo(table(HEAD, [_row(info) for info in found.infos]))
    else:
        click.echo("no plugin is installed; try `pip install jackfield`", err=True)


def _fields(info: PluginInfo) -> dict[str, object]:
    return {name: getattr(info, name) for name in FIELDS}


def _row(info: PluginInfo) -> tuple[str, ...]:
    return info.name, info.distribution, info.version, info.state, ",".join(info.hooks), info.error
