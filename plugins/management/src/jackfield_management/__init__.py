"""The management API: see and change the configuration over HTTP while the proxy serves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from jackfield.api import ConfigError, ConfigFileError, EditError, Host, RouteRegistrar, Section, Settings, hookimpl

from . import keys
from .extension import readings
from .guard import PREFIX
from .routes import blueprint, protect

if TYPE_CHECKING:
    import click

__all__ = ["PREFIX", "protect", "readings"]

_running: WeakKeyDictionary[Host, set[asyncio.Task[None]]] = WeakKeyDictionary()
"""The hosts that serve, each with its writes under way."""


@hookimpl
def register_routes(registrar: RouteRegistrar, host: Host) -> None:
    """Serve the API."""
    registrar.add(blueprint(host))


@hookimpl
def register_commands(group: click.Group) -> None:
    """Bring `jackfield hash-key`."""
    from .command import hash_key  # here: the server needs no commands

    group.add_command(hash_key)


@hookimpl
async def startup(host: Host) -> None:
    """Replace a management key that is written in plain text by its hash."""
    _running[host] = set()
    await _hash_key(host)


@hookimpl
def on_config_change(new: Settings) -> None:
    """Do the same after an edit of the file; in a task of its own, since the change itself is not over yet."""
    for host, tasks in _running.items():
        if host.settings is new:
            task = asyncio.get_running_loop().create_task(_hash_key(host), name="jackfield management key")
            tasks.add(task)
            task.add_done_callback(tasks.discard)


@hookimpl
async def shutdown(host: Host) -> None:
    """Let no write be cut."""
    await asyncio.gather(*_running.pop(host, ()))


async def _hash_key(host: Host) -> None:
    section = Section.all(host.config.schema)[keys.SECTION]
    try:
        if host.config.path is not None and keys.plain_key(host.config.text(), section):
            await host.config.change(lambda text: keys.with_hash(text, section))
    except (ConfigError, ConfigFileError, EditError) as error:
        logger = host.logger("management")
        logger.warning("remote-management.secret-key stays in the file in plain text: %s", error)
