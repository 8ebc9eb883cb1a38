"""One Codex-style provider, and the hooks of a plugin that brings such providers: `tppc` is one, yours may be too."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jackfield.api import (
    Credential,
    Endpoint,
    ExecutorRegistrar,
    HealthCheck,
    Host,
    ModelDefaults,
    ModelRegistrar,
    Secret,
    Settings,
    hookimpl,
)
from jackfield_codex import (
    PATTERNS,
    PROVIDER,
    Options,
    named_models,
    openai_models,
    stable_id,
    with_options,
)

if TYPE_CHECKING:
    from jackfield_codex import CodexExecutor

DEFAULTS = ModelDefaults("gpt-5", "high")
"""What a provider implies that says nothing else."""

_OTHERS = (PROVIDER, "packycode", "demo")
"""Providers that are nobody's here, and may be pinned all the same."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that speaks the OpenAI Responses API in the Codex manner.

    `models` are names beside the OpenAI set, which `openai_models=False` leaves out; `patterns` are globs of names
    that go there unlisted. `source` says where the provider is configured; "" stands for `config:` and its name.
    """

    name: str
    base_url: str
    api_key: Secret
    priority: int = 0
    weight: int = 1
    models: tuple[str, ...] = ()
    openai_models: bool = True
    patterns: tuple[str, ...] = PATTERNS
    proxy_url: Secret = field(default=Secret(""))
    headers: Mapping[str, Secret] = field(default_factory=dict)
    default_headers: Mapping[str, Secret] = field(default_factory=dict)
    query: Mapping[str, Secret] = field(default_factory=dict)
    source: str = ""
    health_check: HealthCheck | None = None
    defaults: ModelDefaults = DEFAULTS
    discover: bool = False
    """Whether it is asked which models it has."""
    max_concurrency: int = 0
    accepts: tuple[str, ...] = ()
    """Parameters that it takes though Codex-style upstreams refuse them."""


class ProviderPlugin(ABC):
    """A plugin whose providers are all of this kind: inherit, answer `providers`, and add hooks of your own."""

    @abstractmethod
    def providers(self, config: Settings) -> Iterable[Provider]:
        """Return the providers that a configuration asks for; their names are lower-case and nobody else's."""

    @hookimpl
    def register_executors(self, registrar: ExecutorRegistrar, config: Settings) -> None:
        """Run each provider on the codex executor."""
        for provider in self.providers(config):
            registrar.add(provider.name, _executor(provider))

    @hookimpl
    def register_models(self, registrar: ModelRegistrar, config: Settings) -> None:
        """Offer the OpenAI set and the listed models under each provider's name."""
        providers = list(self.providers(config))
        pins = tuple(f"{name}/" for name in {*_OTHERS, *(provider.name for provider in providers)})
        for provider in providers:
            # A stranger's list: a name in it that pins a provider would lead that provider's users astray.
            told = [name for name in self.discovered(provider) if not name.startswith(pins)]
            named = named_models([*told, *provider.models])
            models = [*named, *(openai_models() if provider.openai_models else ())]
            registrar.add(provider.name, models, patterns=provider.patterns, defaults=provider.defaults)

    def discovered(self, provider: Provider) -> Iterable[str]:
        """Return the names of the models that a provider said it has; overridden by plugins that ask."""
        return ()

    @hookimpl
    def synthesize_auth(self, config: Settings) -> Iterable[Credential]:
        """Make one credential of each provider."""
        return [credential(provider) for provider in self.providers(config)]

    @hookimpl
    def resolve_creds(self, credential: Credential) -> Endpoint | None:
        """Return a provider's key and URL with its headers and parameters, all from its own entry."""
        return with_options(credential)


def _executor(provider: Provider) -> Callable[[Host], CodexExecutor]:
    from jackfield_codex import CodexExecutor  # here: nobody need wait for it who calls nobody

    return lambda host: CodexExecutor(host, provider.accepts)


def credential(provider: Provider) -> Credential:
    """Return the credential of a provider; its id depends on name, key and URL alone."""
    url = provider.base_url.strip().removesuffix("/")
    attributes: dict[str, str | Secret] = {
        "api_key": provider.api_key,
        "base_url": url,
        "source": provider.source or f"config:{provider.name}",
        "proxy_url": provider.proxy_url,
    }
    return Credential(
        stable_id(f"tppc:{provider.name}", provider.api_key.reveal(), url),
        provider.name,
        provider.name,
        attributes,
        Options(provider.headers, provider.default_headers, provider.query).metadata,
        priority=provider.priority,
        weight=provider.weight,
        health_check=provider.health_check,
        max_concurrency=provider.max_concurrency,
    )


def own_pair(credential: Credential) -> Endpoint:
    """Return the pair in the attributes of a credential of such a provider, which always has one."""
    key, proxy = credential.attributes["api_key"], credential.attributes["proxy_url"]
    return Endpoint(
        str(credential.attributes["base_url"]),
        key if isinstance(key, Secret) else Secret(key),
        proxy_url=proxy.reveal() if isinstance(proxy, Secret) else proxy,
    )
