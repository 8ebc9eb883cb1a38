"""Third-party Codex-style providers: four lines of YAML each, run by the codex executor under their own names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jackfield.api import Credential, Host, Problem, Settings, hookimpl
from jackfield_codex import load_schema

from .config import enabled_providers, problems
from .discovery import Discovery
from .lending import lent
from .provider import Provider, ProviderPlugin

if TYPE_CHECKING:
    import click

__all__ = ["Plugin", "Provider", "ProviderPlugin"]


class Plugin(ProviderPlugin):
    """The providers of the `tppc` section, and what they told one app of their models."""

    def __init__(self) -> None:
        self._discovery = Discovery(enabled_providers)

    def providers(self, config: Settings) -> Iterable[Provider]:
        """Return the enabled ones."""
        return enabled_providers(config)

    def discovered(self, provider: Provider) -> Iterable[str]:
        """Return the models that a provider said it has."""
        return self._discovery.models(provider)

    @hookimpl
    def startup(self, host: Host) -> None:
        """Begin to ask the providers for their models, in the background."""
        self._discovery.start(host)

    @hookimpl
    def on_config_change(self, old: Settings, new: Settings) -> None:
        """Ask those at once that are new."""
        self._discovery.wake()

    @hookimpl
    async def shutdown(self, host: Host) -> None:
        """Ask no more."""
        await self._discovery.stop(host)

    @hookimpl
    def config_schema(self) -> dict[str, Any]:
        """Return the schema of the `tppc` section."""
        return load_schema(__package__)

    @hookimpl
    def check_config(self, config: Settings, others: Mapping[str, str]) -> Iterable[Problem]:
        """Return what is missing from enabled providers, and names that clash."""
        return problems(config, others)

    @hookimpl
    def review_credentials(self, credentials: Sequence[Credential], config: Settings) -> Iterable[Credential] | None:
        """Lend the first enabled provider to credentials of codex that have no key and URL of their own."""
        providers = enabled_providers(config)
        return lent(credentials, providers[0]) if providers else None

    @hookimpl
    def serve_flags(self, config: Settings) -> Mapping[str, str]:
        """Say what `jackfield serve --tppc` registered."""
        names = [provider.name for provider in enabled_providers(config)]
        if not names:
            return {"tppc": "tppc is off (no provider has enabled: true); nothing was registered"}
        return {"tppc": f"tppc registered {len(names)} provider{'s' if len(names) > 1 else ''}: {', '.join(names)}"}

    @hookimpl
    def register_commands(self, group: click.Group) -> None:
        """Bring `jackfield config import-codex`."""
        from .importing import import_codex  # here: the server needs no commands

        group.commands["config"].add_command(import_codex)  # type: ignore[attr-defined]  # the core puts a group there
