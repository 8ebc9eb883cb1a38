"""The management API: see and change the configuration over HTTP while the proxy serves."""

from __future__ import annotations

import asyncio

from jackfield.api import (
    ConfigError,
    ConfigFileError,
    EditError,
    Host,
    RouteRegistrar,
    Section,
    hookimpl,
)

from . import keys
from .guard import PREFIX
from .routes import blueprint, protect

__all__ = ["PREFIX", "Management", "protect"]


class Management:
    """The plugin. It holds the host from start-up on, to keep the management key out of the file in plain text."""

    def __init__(self) -> None:
        self._host: Host | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @hookimpl
    def register_routes(self, registrar: RouteRegistrar, host: Host) -> None:
        """Serve the API."""
        registrar.add(blueprint(host))

    @hookimpl
    async def startup(self, host: Host) -> None:
        """Replace a management key that is written in plain text by its hash."""
        self._host = host
        await self._hash_key(host)

    @hookimpl
    def on_config_change(self) -> None:
        """Do the same after an edit of the file; in a task of its own, since the change itself is not over yet."""
        if self._host is not None:
            task = asyncio.get_running_loop().create_task(self._hash_key(self._host), name="jackfield management key")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @hookimpl
    async def shutdown(self) -> None:
        """Let no write be cut."""
        self._host = None
        await asyncio.gather(*self._tasks)

    async def _hash_key(self, host: Host) -> None:
        section = Section.all(host.config.schema)[keys.SECTION]
        try:
            if host.config.path is not None and keys.is_plain(host.config.text(), section):
                await host.config.change(lambda text: keys.with_hash(text, section))
        except (ConfigError, ConfigFileError, EditError) as error:
            logger = host.logger("management")
            logger.warning("remote-management.secret-key stays in the file in plain text: %s", error)
