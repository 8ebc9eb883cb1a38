"""Tokens per second, measured properly, and usage totals: an event per request, history, an API, a command."""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from typing import Any
from weakref import WeakKeyDictionary

import click
import orjson
from jackfield.api import CompletionRecord, Host, RouteRegistrar, hookimpl

from .described import DESCRIBED
from .recorder import Recorder
from .routes import readers

_running: WeakKeyDictionary[Host, Recorder] = WeakKeyDictionary()
"""The hosts that serve, each with its statistics."""


@hookimpl
def config_schema() -> dict[str, Any]:
    """Return the schema of the plugin's keys."""
    schema: dict[str, Any] = orjson.loads(files(__package__).joinpath("schema.json").read_bytes())
    return schema


@hookimpl
def startup(host: Host) -> None:
    """Begin to keep statistics."""
    _running[host] = Recorder(host)


@hookimpl
def on_request_complete(record: CompletionRecord, host: Host) -> None:
    """Take in what became of an attempt or a request."""
    recorder = _running.get(host)
    if recorder is not None:
        recorder.observe(record)


@hookimpl
async def shutdown(host: Host) -> None:
    """Store what is left."""
    recorder = _running.pop(host, None)
    if recorder is not None:
        await recorder.close()


@hookimpl
def register_routes(registrar: RouteRegistrar, host: Host) -> None:
    """Serve `/tps` and `/usage` where there is a management API that lets in those who may see them."""
    if any(info.name == "management" and info.state == "active" for info in host.plugins):
        from jackfield_management import readings  # here: speeds are logged without a management API too

        registrar.add(readings("tps", host, readers(partial(_running.__getitem__, host)), DESCRIBED))


@hookimpl
def register_commands(group: click.Group) -> None:
    """Add `jackfield tps`."""
    from .command import tps  # here: a server needs no command line

    group.add_command(tps)
