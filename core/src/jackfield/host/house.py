"""The house of one app: its clock, its way upstream, and what is in force now."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ..model.types import Clock
from .local_access import LocalAccess

if TYPE_CHECKING:
    from ..config.settings import Settings
    from ..model.plugin_info import PluginInfo
    from ..plugins.manager import Plugins
    from ..routing.runtime import Runtime
    from ..upstream import UpstreamClient
    from .reload import Reloader


class House:
    """What plugins know as `Host`. `settings` is always the configuration in force."""

    def __init__(self, clock: Clock, upstream: UpstreamClient, local: LocalAccess) -> None:
        self.clock = clock
        self.upstream = upstream
        self.local = local
        """Lets in commands of the user whose server this is, without a key."""
        self._runtime: Runtime | None = None
        self._config: Reloader | None = None
        self._plugins: Plugins | None = None

    @property
    def runtime(self) -> Runtime:
        """What is in force now: settings, models, credentials, executors. Replaced as a whole at a reload."""
        if self._runtime is None:
            raise RuntimeError("the host has no runtime before the app is built")
        return self._runtime

    def install(self, runtime: Runtime) -> None:
        """Put a runtime in force."""
        self._runtime = runtime

    @property
    def config(self) -> Reloader:
        """The way to check, change and reload the configuration file."""
        if self._config is None:
            raise RuntimeError("the host has no configuration before the app is built")
        return self._config

    def follow(self, config: Reloader, plugins: Plugins) -> None:
        """Give the host its way to the configuration file, and the plugins that were found."""
        self._config = config
        self._plugins = plugins

    @property
    def plugins(self) -> tuple[PluginInfo, ...]:
        """Every plugin that was found, as it stands now."""
        return self._plugins.infos if self._plugins else ()

    @property
    def settings(self) -> Settings:
        """The configuration in force."""
        return self.runtime.settings

    def logger(self, name: str) -> logging.Logger:
        """Return the logger of a plugin; what it writes goes where the server's log goes."""
        return logging.getLogger(f"jackfield.plugin.{name}")
