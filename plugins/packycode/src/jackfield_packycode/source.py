"""Where packycode's key and URL come from: the configuration, the environment or the Codex CLI's files, as a pair."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jackfield.api import Secret


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
    elsewhere.
    """
    environ = os.environ if environ is None else environ
    needs_key = block["requires-openai-auth"]
    url, key = block["base-url"].strip(), block["credentials"]["openai-api-key"]
    if url or key:
        return Source("config.yaml", url, key) if url and (key or not needs_key) else None
    for source in (_from_environment(environ), _from_codex_cli(environ, home)):
        if source is not None and (source.api_key or not needs_key):
            return source
    return None


def _from_environment(environ: Mapping[str, str]) -> Source | None:
    url = environ.get("PACKYCODE_BASE_URL", "").strip()
    key = (environ.get("PACKYCODE_API_KEY") or environ.get("OPENAI_API_KEY") or "").strip()
    return Source("env", url, Secret(key)) if url else None


def _from_codex_cli(environ: Mapping[str, str], home: Path | None) -> Source | None:
    """Read the Codex CLI's `config.toml` (if packycode is its provider) and the key in its `auth.json`."""
    folder = home or Path(environ.get("CODEX_HOME") or Path("~/.codex").expanduser())
    try:
        config = tomllib.loads((folder / "config.toml").read_text("utf-8"))
        url = str(config["model_providers"]["packycode"]["base_url"]).strip()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError):
        return None
    if config.get("model_provider") != "packycode" or not url:
        return None
    return Source("codex-cli", url, Secret(_codex_key(folder / "auth.json")))


def _codex_key(path: Path) -> str:
    try:
        key = json.loads(path.read_text("utf-8"))["OPENAI_API_KEY"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return key.strip() if isinstance(key, str) else ""
