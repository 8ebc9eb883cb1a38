"""Third-party Codex-style providers: four lines of YAML each, run by the codex executor under their own names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jackfield.api import (
    Credential,
    Endpoint,
    ExecutorRegistrar,
    ModelDefaults,
    ModelRegistrar,
    Problem,
    Secret,
    Settings,
    hookimpl,
)
from jackfield_codex import CodexExecutor, load_schema, named_models, openai_models

from .config import Provider, credential, enabled_providers, problems

__all__ = ["Provider"]

DEFAULTS = ModelDefaults("gpt-5", "high")
"""What every such provider implies."""


@hookimpl
def config_schema() -> dict[str, Any]:
    """Return the schema of the `tppc` section."""
    return load_schema(__package__)


@hookimpl
def check_config(config: Settings) -> Iterable[Problem]:
    """Return what is missing from enabled providers, and names that clash."""
    return problems(config)


@hookimpl
def register_executors(registrar: ExecutorRegistrar, config: Settings) -> None:
    """Run each enabled provider on the codex executor."""
    for provider in enabled_providers(config):
        registrar.add(provider.name, lambda host: CodexExecutor(host))


@hookimpl
def register_models(registrar: ModelRegistrar, config: Settings) -> None:
    """Offer the OpenAI set and the listed models under each provider's name."""
    for provider in enabled_providers(config):
        models = [*(openai_models() if provider.openai_models else ()), *named_models(provider.models)]
        registrar.add(provider.name, models, patterns=provider.patterns, defaults=DEFAULTS)


@hookimpl
def synthesize_auth(config: Settings) -> Iterable[Credential]:
    """Make one credential of each enabled provider."""
    return [credential(provider) for provider in enabled_providers(config)]


@hookimpl
def serve_flags(config: Settings) -> Mapping[str, str]:
    """Say what `jackfield serve --tppc` registered."""
    names = [provider.name for provider in enabled_providers(config)]
    if not names:
        return {"tppc": "tppc: no provider is enabled; nothing was registered"}
    return {"tppc": f"tppc registered {len(names)} provider{'s' if len(names) > 1 else ''}: {', '.join(names)}"}


@hookimpl
def resolve_creds(credential: Credential) -> Endpoint | None:
    """Return a provider's key and URL with its headers, all from its own entry."""
    extra, proxy = credential.metadata.get("tppc_headers"), credential.metadata.get("proxy_url")
    key, url = credential.attributes.get("api_key"), credential.attributes.get("base_url")
    if not isinstance(extra, Mapping) or not isinstance(key, Secret) or not isinstance(url, str):
        return None
    headers = {name: value.reveal() for name, value in extra.items()}
    return Endpoint(url, key, headers, proxy.reveal() if isinstance(proxy, Secret) else "")
