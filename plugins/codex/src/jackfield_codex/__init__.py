"""The provider `codex` for API keys, and what other Codex-style providers build on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jackfield.api import (
    Credential,
    ExecutorRegistrar,
    ModelDefaults,
    ModelRegistrar,
    Settings,
    hookimpl,
)

from .executor import CodexExecutor
from .identity import stable_id
from .models import PATTERNS, named_models, openai_models
from .schema import load_schema
from .urls import wrong_url

__all__ = ["PATTERNS", "CodexExecutor", "load_schema", "named_models", "openai_models", "stable_id", "wrong_url"]

PROVIDER = "codex"
KEY = "codex-api-key"


@hookimpl
def config_schema() -> dict[str, Any]:
    """Return the schema of `codex-api-key`."""
    return load_schema(__package__)


@hookimpl
def register_executors(registrar: ExecutorRegistrar) -> None:
    """Bring the executor of the provider `codex`."""
    registrar.add(PROVIDER, lambda host: CodexExecutor(host))


@hookimpl
def register_models(registrar: ModelRegistrar, config: Settings) -> None:
    """Offer the OpenAI set, and the models that keys name."""
    entries = config.section(KEY)
    extra = [name for entry in entries for name in entry["models"]]
    registrar.add(
        PROVIDER, [*openai_models(), *named_models(extra)], patterns=PATTERNS, defaults=ModelDefaults("gpt-5")
    )


@hookimpl
def synthesize_auth(config: Settings) -> Iterable[Credential]:
    """Make one credential of each key."""
    return [_credential(entry, index) for index, entry in enumerate(config.section(KEY))]


def _credential(entry: Mapping[str, Any], index: int) -> Credential:
    key, url = entry["api-key"], entry["base-url"].strip()
    attributes = {
        "api_key": key,
        "base_url": url,
        "source": f"config:codex[{index}]",
        "proxy_url": entry["proxy-url"],
    }
    return Credential(
        stable_id("codex:apikey", key.reveal(), url),
        PROVIDER,
        "codex-apikey",
        attributes,
        priority=entry["priority"],
        weight=entry["weight"],
    )
