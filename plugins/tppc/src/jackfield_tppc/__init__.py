"""Third-party Codex-style providers: four lines of YAML each, run by the codex executor under their own names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jackfield.api import Credential, Problem, Settings, hookimpl
from jackfield_codex import load_schema

from .config import enabled_providers, problems
from .lending import lent
from .provider import Provider, ProviderPlugin

__all__ = ["Provider", "ProviderPlugin"]


class Tppc(ProviderPlugin):
    """The providers of the `tppc` section."""

    def providers(self, config: Settings) -> Iterable[Provider]:
        """Return the enabled ones."""
        return enabled_providers(config)


_tppc = Tppc()
register_executors = _tppc.register_executors
register_models = _tppc.register_models
synthesize_auth = _tppc.synthesize_auth
resolve_creds = _tppc.resolve_creds


@hookimpl
def config_schema() -> dict[str, Any]:
    """Return the schema of the `tppc` section."""
    return load_schema(__package__)


@hookimpl
def check_config(config: Settings, others: Mapping[str, str]) -> Iterable[Problem]:
    """Return what is missing from enabled providers, and names that clash."""
    return problems(config, others)


@hookimpl
def review_credentials(credentials: Sequence[Credential], config: Settings) -> Iterable[Credential] | None:
    """Lend the first enabled provider to credentials of the provider codex that have no key and URL of their own."""
    providers = enabled_providers(config)
    return lent(credentials, providers[0]) if providers else None


@hookimpl
def serve_flags(config: Settings) -> Mapping[str, str]:
    """Say what `jackfield serve --tppc` registered."""
    names = [provider.name for provider in enabled_providers(config)]
    if not names:
        return {"tppc": "tppc is off (no provider has enabled: true); nothing was registered"}
    return {"tppc": f"tppc registered {len(names)} provider{'s' if len(names) > 1 else ''}: {', '.join(names)}"}
