"""The clients that were tried, and the lines that each of them needs.

`docs/clients.md` has the versions, and what else to know of each.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .site import OUTPUT, UNUSED, Site

Format = Literal["toml", "json", "yaml"]

_ELSEWHERE = {"~/.codex/": "CODEX_HOME", "~/.claude/": "CLAUDE_CONFIG_DIR", "~/.config/": "XDG_CONFIG_HOME"}
"""Folders that clients keep elsewhere when the environment says so."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What a client needs.

    `file` is its settings file ("" when it reads the environment alone), which gets `settings` in this `format`, merged
    into what is there; those `once` only into a new file. `variables` go into the environment; `run` starts it.
    """

    run: str
    file: str = ""
    format: Format = "json"
    settings: Any = None
    once: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The file as it is called here: its client may keep its folder elsewhere."""
        for folder, variable in _ELSEWHERE.items():
            if self.file.startswith(folder) and (named := os.environ.get(variable, "").strip()):
                return str(Path(named, self.file.removeprefix(folder)))
        return self.file

    @property
    def fresh(self) -> Any:
        """What a new file holds."""
        return {**self.once, **self.settings} if self.once else self.settings


@dataclass(frozen=True, slots=True)
class Client:
    """A client by the name that `jackfield setup` takes."""

    name: str
    title: str
    lines: Callable[[Site], Lines]


def _codex(site: Site) -> Lines:
    provider = {"name": "jackfield", "base_url": site.v1, "wire_api": "responses"}
    keyed = site.key != UNUSED
    settings = {
        "model": site.model,
        "model_provider": "jackfield",
        "model_context_window": site.context,
        "model_providers": {"jackfield": {**provider, **({"env_key": "JACKFIELD_KEY"} if keyed else {})}},
    }
    variables = {"JACKFIELD_KEY": site.key} if keyed else {}
    return Lines("codex", "~/.codex/config.toml", "toml", settings, variables=variables)


def _claude(site: Site) -> Lines:
    variables = {
        "ANTHROPIC_BASE_URL": site.url,
        "ANTHROPIC_AUTH_TOKEN": site.key,
        "ANTHROPIC_MODEL": site.model,
        "ANTHROPIC_DEFAULT_OPUS_MODEL": site.model,
        "ANTHROPIC_DEFAULT_SONNET_MODEL": site.model,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": site.model,
        # Without these two it takes a model that it does not know for one of a million tokens, and compacts too late.
        "CLAUDE_CODE_MAX_CONTEXT_TOKENS": str(site.context),
        "CLAUDE_CODE_AUTO_COMPACT_WINDOW": str(site.context),
        "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY": "1",
    }
    return Lines("claude", "~/.claude/settings.json", "json", {"env": variables})


def _open_code(file: str, run: str) -> Callable[[Site], Lines]:
    def lines(site: Site) -> Lines:
        model = {
            "name": site.model,
            "reasoning": True,
            "tool_call": True,
            "attachment": True,
            "modalities": {"input": ["text", "image"], "output": ["text"]},
            "limit": {"context": site.context, "output": OUTPUT},
        }
        options = {"baseURL": site.v1, "apiKey": site.key}
        provider = {"npm": "@ai-sdk/openai", "name": "jackfield", "options": options, "models": {site.model: model}}
        return Lines(
            f"{run} -m {shlex.quote(f'jackfield/{site.model}')}", file, "json", {"provider": {"jackfield": provider}}
        )

    return lines


def _copilot(site: Site) -> Lines:
    variables = {
        "COPILOT_PROVIDER_BASE_URL": site.v1,
        "COPILOT_PROVIDER_API_KEY": site.key,
        "COPILOT_MODEL": site.model,
        "COPILOT_PROVIDER_WIRE_API": "responses",
        "COPILOT_OFFLINE": "true",
    }
    return Lines("copilot", variables=variables)


def _qwen(site: Site) -> Lines:
    variables = {"OPENAI_BASE_URL": site.v1, "OPENAI_API_KEY": site.key}
    return Lines(f"qwen --auth-type openai-responses -m {shlex.quote(site.model)}", variables=variables)


def _cline(site: Site) -> Lines:
    model = shlex.quote(site.model)
    auth = f"cline auth -p openai-native -k {shlex.quote(site.key)} -m {model} -b {shlex.quote(site.v1)}"
    return Lines(f"{auth}\ncline -P openai-native -m {model}")


def _pi(site: Site) -> Lines:
    model = {"id": site.model, "reasoning": True, "input": ["text", "image"], "contextWindow": site.context}
    provider = {"baseUrl": site.v1, "api": "openai-responses", "apiKey": site.key, "models": [model]}
    run = f"pi --provider jackfield --model {shlex.quote(site.model)}"
    return Lines(run, "~/.pi/agent/models.json", "json", {"providers": {"jackfield": provider}})


def _continue(site: Site) -> Lines:
    model = {
        "name": f"jackfield {site.model}",
        "provider": "openai",
        "model": site.model,
        "apiBase": site.v1,
        "apiKey": site.key,
        "roles": ["chat", "edit"],
        "capabilities": ["tool_use", "image_input"],
    }
    head = {"name": "jackfield", "version": "1.0.0", "schema": "v1"}
    return Lines("cn", "~/.continue/config.yaml", "yaml", {"models": [model]}, head)


def _aider(site: Site) -> Lines:
    variables = {"OPENAI_API_BASE": site.v1, "OPENAI_API_KEY": site.key}
    model = shlex.quote(f"openai/{site.model}")
    run = f"aider --model {model} --weak-model {model}"
    return Lines(run, variables=variables)


def _llm(site: Site) -> Lines:
    model = {
        "model_id": "jackfield",
        "model_name": site.model,
        "api_base": site.v1,
        "api_key_name": "jackfield",
        "supports_tools": True,
        "supports_schema": True,
        "vision": True,
        "reasoning": True,
    }
    file = "~/.config/io.datasette.llm/extra-openai-models.yaml"
    return Lines(f"llm keys set jackfield --value {shlex.quote(site.key)}\nllm -m jackfield", file, "yaml", [model])


CLIENTS: Mapping[str, Client] = {
    client.name: client
    for client in (
        Client("codex", "Codex CLI", _codex),
        Client("claude", "Claude Code", _claude),
        Client("opencode", "opencode", _open_code("~/.config/opencode/opencode.json", "opencode")),
        Client("kilo", "Kilo CLI", _open_code("~/.config/kilo/kilo.json", "kilo")),
        Client("copilot", "GitHub Copilot CLI", _copilot),
        Client("qwen", "Qwen Code", _qwen),
        Client("cline", "Cline CLI", _cline),
        Client("pi", "pi", _pi),
        Client("continue", "Continue CLI", _continue),
        Client("aider", "aider", _aider),
        Client("llm", "llm", _llm),
    )
}
