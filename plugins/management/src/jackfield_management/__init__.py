"""The management API: see and change the configuration over HTTP while the proxy serves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from jackfield.api import ConfigError, Host, RouteRegistrar, Settings, hookimpl

if TYPE_CHECKING:
    import click

    from .extension import readings
    from .guard import PREFIX, Guard
    from .routes import protect

__all__ = ["PREFIX", "Plugin", "protect", "readings"]


def __getattr__(name: str) -> Any:
    """Import what other plugins build on when they ask for it: a command line needs no routes."""
    if name in ("PREFIX", "protect", "readings"):
        from . import extension

        return getattr(extension, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Plugin:
    """The hooks of one app, with its guard and its writes under way."""

    def __init__(self) -> None:
        self._host: Host | None = None
        """The host while it serves."""
        self._guard: Guard | None = None
        self._writing: set[asyncio.Task[None]] = set()

    def guard(self, host: Host) -> Guard:
        """Return the guard of the app: one, so that all routes under the prefix count wrong keys together."""
        if self._guard is None:
            from .guard import Guard

            self._guard = Guard(host)
        return self._guard

    @hookimpl
    def register_routes(self, registrar: RouteRegistrar, host: Host) -> None:
        """Serve the API."""
        from .routes import blueprint

        registrar.add(blueprint(host))

    @hookimpl
    def register_commands(self, group: click.Group) -> None:
        """Bring `jackfield hash-key`."""
        from .command import hash_key  # here: the server needs no commands

        group.add_command(hash_key)

    @hookimpl
    async def startup(self, host: Host) -> None:
        """Replace a management key that is written in plain text by its hash."""
        self._host = host
        await _hash_key(host)

    @hookimpl
    def on_config_change(self, new: Settings) -> None:
        """Do the same after an edit of the file; in a task of its own, since the change itself is not over yet."""
        if self._host is not None and self._host.settings is new:
            task = asyncio.get_running_loop().create_task(_hash_key(self._host), name="jackfield management key")
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    @hookimpl
    async def shutdown(self) -> None:
        """Let no write be cut."""
        self._host = None
        await asyncio.gather(*self._writing)


async def _hash_key(host: Host) -> None:
    from jackfield.api import ConfigFileError, EditError, Section

    from . import keys

    section = Section.all(host.config.schema)[keys.SECTION]
    try:
        if host.config.path is not None and keys.plain_key(host.config.text(), section):
            await host.config.change(lambda text: keys.with_hash(text, section))
    except (ConfigError, ConfigFileError, EditError) as error:
        logger = host.logger("management")
        logger.warning("remote-management.secret-key stays in the file in plain text: %s", error)
