"""What a plugin may use of the house while it runs, as the interface that it is promised."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..model.plugin_info import PluginInfo
from ..model.types import Clock
from ..routing.executor import Executor

if TYPE_CHECKING:
    from ..config.settings import Settings
    from ..routing.runtime import Runtime
    from ..upstream import UpstreamClient


class Configuration(Protocol):
    """The way to check, change and reload the configuration file."""

    @property
    def path(self) -> Path | None:
        """The configuration file; None when the server runs without one."""
        ...

    @property
    def schema(self) -> Mapping[str, Any]:
        """The composed JSON Schema."""
        ...

    def check(self, text: str) -> Settings:
        """Return the settings that a configuration's text gives. Raises ConfigError with every problem."""
        ...

    def text(self) -> str:
        """Return the file's text. Raises ConfigFileError when there is no file or it cannot be read."""
        ...

    async def change(self, change: Callable[[str], str], expected: str | None = None) -> Settings:
        """Change the file, put the result into effect and return it; nothing is stored that does not hold.

        `expected` is the version that the writer had read. Raises ConfigError, ConfigFileError or VersionConflictError.
        """
        ...

    def rebuild(self) -> None:
        """Ask the plugins again for what the settings in force imply, such as after a login file changed."""
        ...


class LocalCommands(Protocol):
    """Lets in commands of the user whose server this is, without a key."""

    def opens(self, token: str) -> bool:
        """Return True for the token that only this server's user can read."""
        ...


class Host(Protocol):
    """Handed to executors, `startup` and `shutdown`. `settings` is always the configuration in force."""

    clock: Clock
    upstream: UpstreamClient

    @property
    def local(self) -> LocalCommands:
        """Lets in commands of the user whose server this is, without a key."""
        ...

    @property
    def runtime(self) -> Runtime:
        """What is in force now: settings, models, credentials, executors. Replaced as a whole at a reload."""
        ...

    @property
    def config(self) -> Configuration:
        """The way to check, change and reload the configuration file."""
        ...

    @property
    def plugins(self) -> tuple[PluginInfo, ...]:
        """Every plugin that was found, as it stands now."""
        ...

    @property
    def settings(self) -> Settings:
        """The configuration in force."""
        ...

    def logger(self, name: str) -> logging.Logger:
        """Return the logger of a plugin; what it writes goes where the server's log goes."""
        ...


ExecutorFactory = Callable[[Host], Executor]
