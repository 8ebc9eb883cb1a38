"""What a plugin may use of the house while it runs, as the interface that it is promised."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..model.plugin_info import PluginInfo
from ..model.types import Clock, Credential, Model
from ..routing.executor import Executor

if TYPE_CHECKING:
    from ..config.settings import Settings
    from ..routing.credentials import CredentialState
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


class Catalog(Protocol):
    """The models that clients can ask for, and who serves them; always as of the configuration in force."""

    @property
    def providers(self) -> Sequence[str]:
        """The providers with at least one usable credential and model, sorted."""
        ...

    def models(self, provider: str | None = None) -> Sequence[tuple[Model, Sequence[str]]]:
        """Return the listed models by id, each with its providers; those of one `provider` if it is named."""
        ...


class Credentials(Protocol):
    """The credentials of the configuration in force, and how each of them does."""

    @property
    def found(self) -> tuple[Credential, ...]:
        """Every credential that the configuration implies, those out of rotation too."""
        ...

    @property
    def in_use(self) -> tuple[Credential, ...]:
        """Those in rotation: neither disabled nor standing by for others."""
        ...

    def states(self) -> Sequence[CredentialState]:
        """Return the state of each credential of `found`, in that order: a snapshot, which does not change."""
        ...

    def reset(self, credential: str | None = None) -> Sequence[str]:
        """Let a credential serve again at once, all without an id; return the ids of those that had been resting.

        Forgets the failures that led there. Raises KeyError for an id that no credential has.
        """
        ...


class Counters(Protocol):
    """Figures of this process since its start, for a dashboard or a metric; reading one costs nothing."""

    @property
    def open_requests(self) -> int:
        """Client requests whose answer is not over, streams among them."""
        ...

    @property
    def records_dropped(self) -> int:
        """Completion records that no observer was shown, because observers were too slow."""
        ...


class Host(Protocol):
    """Handed to executors, `startup`, `shutdown` and other hooks. `settings` is always the configuration in force."""

    clock: Clock
    upstream: UpstreamClient

    @property
    def local(self) -> LocalCommands:
        """Lets in commands of the user whose server this is, without a key."""
        ...

    @property
    def catalog(self) -> Catalog:
        """The models that clients can ask for, and who serves them."""
        ...

    @property
    def credentials(self) -> Credentials:
        """The credentials in force, how each of them does, and the way to let them serve again."""
        ...

    @property
    def counters(self) -> Counters:
        """Figures of this process since its start."""
        ...

    @property
    def runtime(self) -> Runtime:
        """Deprecated, warns, and goes with the next major: use `catalog`, `credentials` and `settings`."""
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

    def plugin(self, name: str) -> object | None:
        """Return the object that a plugin of this app registered; None where none of that name is loaded.

        For plugins that work together, such as routes behind the management key.
        """
        ...

    def logger(self, name: str) -> logging.Logger:
        """Return the logger of a plugin; what it writes goes where the server's log goes."""
        ...


ExecutorFactory = Callable[[Host], Executor]
