"""`jackfield models`: what clients can ask for with this configuration."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from .options import config_option, json_option, telling
from .table import table


@click.command()
@config_option
@json_option
def models(path: Path | None, as_json: bool) -> None:
    """List the models that the configured providers serve: id, providers, reasoning effort."""
    from ..app import EXTENSION, build  # here: other commands need no server
    from ..host.bootstrap import prepare
    from ..model.clock import SystemClock

    with telling(path):
        app = build(prepare(path), SystemClock())
    found = app.extensions[EXTENSION].in_force.registry.models()
    if as_json:
        rows = [{"id": model.id, "providers": providers, "effort": model.effort} for model, providers in found]
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    elif found:
        lines = [(model.id, ",".join(providers), model.effort or "") for model, providers in found]
        click.echo(table(("MODEL", "PROVIDERS", "EFFORT"), lines))
    else:
        click.echo("no provider is configured, so there is no model", err=True)
