"""A provider without an account: five hooks, and an executor that makes its answers up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jackfield.api import (
    Credential,
    Executor,
    ExecutorRegistrar,
    Host,
    Model,
    ModelDefaults,
    ModelRegistrar,
    Secret,
    Settings,
    hookimpl,
)

PROVIDER = "demo"
MODELS = [Model("demo", owned_by="jackfield"), Model("gpt-5"), Model("gpt-5-codex")]


@hookimpl
def config_schema() -> dict[str, Any]:
    """Return the schema of the `demo` section."""
    section = {
        "type": "object",
        "description": "The built-in demo provider, which answers without an account.",
        "additionalProperties": False,
        "properties": {
            "enabled": {
                "type": ["boolean", "null"],
                "default": None,
                "description": "true: always on. false: off. Left out: on only where there is no configuration file.",
            },
            "delay": {
                "type": "number",
                "minimum": 0,
                "maximum": 10,
                "default": 0.04,
                "description": "Seconds between two pieces of an answer (default 0.04).",
            },
        },
        "default": {},
    }
    return {"type": "object", "properties": {"demo": section}}


@hookimpl
def register_executors(registrar: ExecutorRegistrar, config: Settings) -> None:
    """Bring the executor of the provider `demo`."""

    def make(host: Host) -> Executor:
        from .executor import DemoExecutor  # here: nobody need wait for it who asks nobody

        return DemoExecutor(config.section("demo")["delay"])

    registrar.add(PROVIDER, make)


@hookimpl
def register_models(registrar: ModelRegistrar) -> None:
    """Offer the demo's models, and whatever else looks like a GPT model."""
    registrar.add(PROVIDER, MODELS, patterns=("gpt-*", "codex-*"), defaults=ModelDefaults("demo"))


@hookimpl
def synthesize_auth(config: Settings) -> Iterable[Credential]:
    """Make the one credential; it stands by for others unless it was switched on."""
    enabled = config.section("demo")["enabled"]
    if enabled is False:
        return []
    attributes: dict[str, str | Secret] = {
        "api_key": Secret("none"),
        "base_url": "http://demo.invalid",
        "source": "demo",
    }
    return [Credential("demo:builtin", PROVIDER, PROVIDER, attributes, standby=enabled is None)]
