"""Where packycode's key and URL come from: the configuration, the environment or the Codex CLI's files, as a pair."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jackfield.api import Secret, expanded

ENV_URL = "PACKYCODE_BASE_URL"
ENV_KEYS = ("PACKYCODE_API_KEY", "OPENAI_API_KEY")
"""Variables that hold the key, the first of them that is set."""


@dataclass(frozen=True, slots=True)
class Source:
    """A key and a URL from one place. `name` is `config.yaml`, `env` or `codex-cli`."""

    name: str
    base_url: str
    api_key: Secret


def find_source(
    block: Mapping[str, Any], environ: Mapping[str, str] | None = None, home: Path | None = None
) -> Source | None:
    """Return the first complete pair: of the block, the environment, the Codex CLI's files; None if there is none.

    A block that has any part of a pair is taken at its word: what it lacks is a mistake, not a reason to look
    elsewhere. `home` is the Codex CLI's folder. Without `requires-openai-auth` a URL alone is complete.
    """
    environ = os.environ if environ is None else environ
    needs_key = block["requires-openai-auth"]
    url, key = block["base-url"].strip(), block["credentials"]["openai-api-key"].reveal().strip()
    if url or key:
        return Source("config.yaml", url, Secret(key)) if url and (key or not needs_key) else None
    for source in (_from_environment(environ), _from_codex_cli(home or codex_home(environ))):
        if source is not None and (source.api_key or not needs_key):
            return source
    return None


def codex_files(block: Mapping[str, Any]) -> list[Path]:
    """Return the Codex CLI's files if an enabled block may get its pair from there."""
    if not block["enabled"] or block["base-url"].strip() or block["credentials"]["openai-api-key"]:
        return []
    home = codex_home(os.environ)
    return [home / "config.toml", home / "auth.json"]


def codex_home(environ: Mapping[str, str]) -> Path:
    """Return the Codex CLI's folder: `CODEX_HOME`, else `~/.codex`."""
    named = environ.get("CODEX_HOME", "").strip()
    return expanded(Path(named or "~/.codex"))


def _from_environment(environ: Mapping[str, str]) -> Source | None:
    url = environ.get(ENV_URL, "").strip()
    keys = (environ.get(name, "").strip() for name in ENV_KEYS)
    return Source("env", url, Secret(next(filter(None, keys), ""))) if url else None


def _from_codex_cli(home: Path) -> Source | None:
    """Read the Codex CLI's `config.toml` (if packycode is its provider) and the key in its `auth.json`."""
    try:
        config = tomllib.loads((home / "config.toml").read_text("utf-8"))
        url = config["model_providers"]["packycode"]["base_url"]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError):
        return None
    if config.get("model_provider") != "packycode" or not isinstance(url, str) or not url.strip():
        return None
    return Source("codex-cli", url.strip(), Secret(_codex_key(home / "auth.json")))


def _codex_key(path: Path) -> str:
    try:
        key = json.loads(path.read_text("utf-8"))["OPENAI_API_KEY"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return key.strip() if isinstance(key, str) else ""
