"""Putting another configuration into effect while the server runs, without dropping a request."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import logs, runtime
from .config import Document, Limits, Settings, load
from .config.diff import changes
from .config.file import ConfigFile, ConfigFileError, version_of
from .config.rules import check_exposure
from .config.watch import changed
from .errors import ConfigError, Problem
from .host import Host
from .plugins import Plugins
from .upstream.transport import Timeouts

logger = logging.getLogger("jackfield.config")

FIXED = ("host", "port", "plugins")
"""Keys that take effect at the next start only."""


def timeouts_of(limits: Limits) -> Timeouts:
    """Return the upstream time-outs that the limits name."""
    return Timeouts(
        connect=limits.connect_timeout, first_byte=limits.first_byte_timeout, idle=limits.stream_idle_timeout
    )


class Reloader:
    """Checks, applies and stores configurations. One per app; plugins reach it as `host.config`."""

    def __init__(self, host: Host, plugins: Plugins, schema: Mapping[str, Any]) -> None:
        self._host = host
        self._plugins = plugins
        self._schema = schema
        self._bound_to = host.settings.host
        self._applied = ""
        self._refused = ""
        self._task: asyncio.Task[None] | None = None

    @property
    def path(self) -> Path | None:
        """The configuration file; None when the server runs without one."""
        return self._host.settings.path

    @property
    def schema(self) -> Mapping[str, Any]:
        """The composed JSON Schema."""
        return self._schema

    def check(self, text: str) -> Settings:
        """Return the settings that a configuration's text gives. Raises ConfigError with every problem.

        Among them is a configuration without client keys for a server that other machines reach, whatever its text
        says of the host: that takes effect at the next start only.
        """
        document = Document.parse(text, self.path)
        settings = load(document, self._schema, self._plugins.check_config).settings
        if exposed := list(check_exposure(self._bound_to, settings.api_keys)):
            raise ConfigError(exposed)
        return settings

    def text(self) -> str:
        """Return the file's text. Raises ConfigFileError when there is no file or it cannot be read."""
        try:
            return self._file().text()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigFileError(f"{self.path} cannot be read: {error}") from error

    def store(self, change: Callable[[str], str], expected: str | None = None) -> Settings:
        """Change the file and return the settings that it then holds; nothing is stored that does not.

        Blocking, because it waits for other writers and for the disk. `expected` is the version that the writer had
        read. Raises ConfigError, ConfigFileError or VersionConflictError.
        """
        checked: list[Settings] = []

        def checking(old: str) -> str:
            new = change(old)
            checked.append(self.check(new))
            return new

        self._file().replace(checking, expected)
        return checked[0]

    async def change(self, change: Callable[[str], str], expected: str | None = None) -> Settings:
        """Change the file, put the result into effect and return it. Raises as `store` does."""
        settings = await asyncio.to_thread(self.store, change, expected)
        self.install(settings)
        return settings

    def apply(self, text: str) -> bool:
        """Put a configuration's text into effect; return False, and say why in the log, when it does not hold.

        A text that is in effect already, or was refused already, is passed over without a word.
        """
        version = version_of(text)
        if version in (self._applied, self._refused):
            return version == self._applied
        try:
            settings = self.check(text)
        except ConfigError as error:
            self._refused = version
            self._complain(error.problems)
            return False
        self._applied = version
        self.install(settings)
        return True

    def install(self, settings: Settings) -> None:
        """Put checked settings into effect. Requests under way go on with what they began with."""
        old = self._host.settings
        lines = changes(old.data, settings.data)
        self._refused = ""
        if not lines and settings.missing == old.missing:
            return
        self._swap(settings)
        for line in lines:
            key = line.partition(":")[0].partition(".")[0]
            logger.info("%s%s", line, " (takes effect at the next start)" if key in FIXED else "")
        logger.info("%s", self.clients())
        self._plugins.on_config_change(old, settings)

    def rebuild(self) -> None:
        """Ask the plugins again for what the settings in force imply, such as after a login file changed."""
        self._swap(self._host.settings)
        logger.info("%s", self.clients())

    def _swap(self, settings: Settings) -> None:
        built = runtime.build(settings, self._plugins, self._host)
        self._host.install(replace(built, selector=self._host.runtime.selector))
        self._host.upstream.limit(timeouts_of(settings.limits))
        logs.configure(settings)

    def clients(self) -> str:
        """Return the line that counts the credentials in rotation, by source: total, then each provider."""
        found = Counter(credential.provider for credential in self._host.runtime.credentials)
        told = ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
        return f"clients: {found.total()} in rotation{f' ({told})' if told else ''}"

    def _complain(self, problems: Iterable[Problem]) -> None:
        logger.error("%s is not valid; the configuration before it stays in force", self.path)
        for problem in problems:
            logger.error("%s: %s", self.path, problem)

    def start(self) -> None:
        """Follow the file, if there is one."""
        if self.path is not None:
            self.apply(self.text())  # it may have been edited since it was loaded
            self._task = asyncio.get_running_loop().create_task(self._follow(self.path), name="jackfield config")

    async def stop(self) -> None:
        """Follow it no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self, path: Path) -> None:
        async for _ in changed([path]):
            try:
                text = await asyncio.to_thread(ConfigFile(path).text)
            except (OSError, UnicodeDecodeError) as error:
                logger.error("%s cannot be read: %s; the configuration before it stays in force", path, error)
                continue
            self.apply(text)

    def _file(self) -> ConfigFile:
        if self.path is None:
            raise ConfigFileError("the server runs without a configuration file; start it with --config FILE")
        return ConfigFile(self.path)
