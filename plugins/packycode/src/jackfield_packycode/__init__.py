"""The provider packycode: a credential of its own name, run by the codex executor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jackfield.api import (
    Credential,
    Endpoint,
    ExecutorRegistrar,
    HealthCheck,
    ModelDefaults,
    ModelRegistrar,
    Problem,
    Secret,
    Settings,
    hookimpl,
)
from jackfield_codex import PATTERNS, Options, load_schema, openai_models, stable_id, with_options
from jackfield_codex import PROVIDER as TOGGLED

from .rules import problems
from .source import PROVIDER, Source, codex_files, find_source

if TYPE_CHECKING:
    import click

__all__ = ["Source", "find_source", "problems"]


def _enabled(config: Settings) -> Mapping[str, Any] | None:
    """Return the block if it is enabled."""
    block: Mapping[str, Any] = config.section(PROVIDER)
    return block if block["enabled"] else None


@hookimpl
def config_schema() -> dict[str, Any]:
    """Return the schema of the `packycode` block."""
    return load_schema(__package__)


@hookimpl
def check_config(config: Settings) -> Iterable[Problem]:
    """Return what is wrong with an enabled block."""
    return problems(config.section(PROVIDER))


@hookimpl
def register_executors(registrar: ExecutorRegistrar, config: Settings) -> None:
    """Run packycode on the codex executor. While the block is off the name is free for others."""
    if _enabled(config):
        from jackfield_codex import CodexExecutor  # here: nobody need wait for it who calls nobody

        registrar.add(PROVIDER, lambda host: CodexExecutor(host))


@hookimpl
def register_models(registrar: ModelRegistrar, config: Settings) -> None:
    """Offer the OpenAI set under packycode's own name."""
    if block := _enabled(config):
        chosen = ModelDefaults(block["defaults"]["model"], block["defaults"]["model-reasoning-effort"] or None)
        registrar.add(PROVIDER, openai_models(), patterns=PATTERNS, defaults=chosen)


@hookimpl
def synthesize_auth(config: Settings) -> Iterable[Credential]:
    """Make the one credential, of key and URL from the same place."""
    block = _enabled(config)
    source = find_source(block) if block else None
    if source is None:
        return []
    url = source.base_url.removesuffix("/")
    attributes: dict[str, str | Secret] = {
        "api_key": source.api_key,
        "base_url": url,
        "source": "config:packycode",
        "effective_source": source.name,
    }
    name = stable_id("packycode:codex", source.api_key.reveal(), url)
    check = HealthCheck.of(block["health-check"]) if block else None
    options = (source.options.under(Options.of(block)) if block else source.options).metadata
    places = int(block["max-concurrency"]) if block else 0
    return [Credential(name, PROVIDER, PROVIDER, attributes, options, health_check=check, max_concurrency=places)]


@hookimpl
def watched_files(config: Settings) -> Iterable[Path]:
    """Name the Codex CLI's files where key and URL may come from there."""
    return codex_files(config.section(PROVIDER))


@hookimpl
def review_credentials(credentials: Sequence[Credential], config: Settings) -> Iterable[Credential] | None:
    """Let the codex provider's credentials rest while packycode is enabled, and mark them."""
    if not _enabled(config):
        return None
    return [_resting(credential) if credential.provider == TOGGLED else credential for credential in credentials]


def _resting(credential: Credential) -> Credential:
    if credential.status == "disabled":
        return credential
    return replace(credential, status="disabled", metadata={**credential.metadata, "toggle_by": PROVIDER})


@hookimpl
def resolve_creds(credential: Credential) -> Endpoint | None:
    """Return the pair with the block's headers and parameters, or the URL alone where no key is needed."""
    if credential.provider == PROVIDER and (found := with_options(credential)) is not None:
        return found
    key, url = credential.attributes.get("api_key"), credential.attributes.get("base_url")
    if credential.provider != PROVIDER or key or not url:
        return None
    return Endpoint(str(url), Secret(""))


@hookimpl
def serve_flags(config: Settings) -> Mapping[str, str]:
    """Say what `jackfield serve --packycode` registered."""
    block = _enabled(config)
    source = find_source(block) if block else None
    if source is None:
        return {PROVIDER: "packycode is off (packycode.enabled: false); nothing was registered"}
    host = urlsplit(source.base_url).netloc
    place = f"{source.name} ({source.found})" if source.found else source.name
    told = f"packycode registered {len(openai_models())} models of {host}, key and URL from {place}"
    return {PROVIDER: told}


@hookimpl
def register_commands(group: click.Group) -> None:
    """Bring `jackfield config migrate`."""
    from .migrate import migrate  # here: the server needs no commands

    group.commands["config"].add_command(migrate)  # type: ignore[attr-defined]  # the core puts a group there
