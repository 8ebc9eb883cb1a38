"""The house of one app: its clock, its way upstream, and what is in force now."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING

from ..model.types import Clock
from .local_access import LocalAccess
from .views import CatalogView, CountersView, CredentialsView

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
        self.catalog = CatalogView(lambda: self.in_force)
        self.credentials = CredentialsView(lambda: self.in_force)
        self.counters = CountersView()
        self._warned = False
        self._runtime: Runtime | None = None
        self._config: Reloader | None = None
        self._plugins: Plugins | None = None

    @property
    def in_force(self) -> Runtime:
        """What requests are served with now; replaced as a whole at a reload. The house's own: no plugin sees it."""
        if self._runtime is None:
            raise RuntimeError("the host has no runtime before the app is built")
        return self._runtime

    @property
    def runtime(self) -> Runtime:
        """Deprecated: what plugins walked before they had `catalog` and `credentials`. Warns once an app."""
        if not self._warned:
            self._warned = True
            told = "host.runtime is deprecated: use host.catalog, host.credentials and host.settings"
            warnings.warn(told, DeprecationWarning, stacklevel=2)
        return self.in_force

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
        return self.in_force.settings

    def plugin(self, name: str) -> object | None:
        """Return the object that a plugin of this app registered; None where none of that name is loaded."""
        return self._plugins.plugin(name) if self._plugins else None

    def logger(self, name: str) -> logging.Logger:
        """Return the logger of a plugin; what it writes goes where the server's log goes."""
        return logging.getLogger(f"jackfield.plugin.{name}")
