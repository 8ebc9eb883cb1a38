"""Where packycode's key and URL come from: the configuration, the environment or the Codex CLI's files, as a pair."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jackfield.api import Secret, called_host
from jackfield_codex import CliFiles, CliProvider, Options, codex_home

PROVIDER = "packycode"
HOSTS = ("packycode.com", "packyapi.com", "packyapi.ai")
"""Where packycode lives; any name below one of them is its own."""

ENV_URL = "PACKYCODE_BASE_URL"
ENV_KEYS = ("PACKYCODE_API_KEY", "OPENAI_API_KEY")
"""Variables that hold the key, the first of them that is set."""


@dataclass(frozen=True, slots=True)
class Source:
    """A key and a URL from one place. `name` is `config.yaml`, `env` or `codex-cli`; `found` says more of the place."""

    name: str
    base_url: str
    api_key: Secret
    found: str = ""
    options: Options = field(default_factory=Options)


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
    for source in (_from_environment(environ), _from_codex_cli(home or codex_home(environ), environ)):
        if source is not None and (source.api_key or not needs_key):
            return source
    return None


def codex_files(block: Mapping[str, Any]) -> list[Path]:
    """Return the Codex CLI's files if an enabled block may get its pair from there."""
    if not block["enabled"] or block["base-url"].strip() or block["credentials"]["openai-api-key"]:
        return []
    home = codex_home(os.environ)
    return [home / "config.toml", home / "auth.json", home / ".env"]


def _from_environment(environ: Mapping[str, str]) -> Source | None:
    url = environ.get(ENV_URL, "").strip()
    keys = (environ.get(name, "").strip() for name in ENV_KEYS)
    return Source("env", url, Secret(next(filter(None, keys), ""))) if url else None


def _from_codex_cli(home: Path, environ: Mapping[str, str]) -> Source | None:
    """Return the pair of the provider that the Codex CLI uses, if that is packycode's."""
    files = CliFiles.read(home, environ)
    found = files.provider(files.chosen)
    if found is None or not is_packycode(found) or found.wire_api != "responses":
        return None
    return Source("codex-cli", found.base_url, found.api_key, str(found), Options(found.headers, {}, found.query))


def is_packycode(provider: CliProvider) -> bool:
    """Return True for packycode by its id, its name, or the host of its URL: people call it as they like."""
    if PROVIDER in (provider.id.lower(), provider.name.lower()):
        return True
    host = called_host(provider.base_url)
    return any(host == known or host.endswith(f".{known}") for known in HOSTS)


def left_over(home: Path | None = None, environ: Mapping[str, str] | None = None) -> str:
    """Return what the Codex CLI's files hold instead of packycode's pair, as a part of a sentence; "" for nothing."""
    environ = os.environ if environ is None else environ
    files = CliFiles.read(home or codex_home(environ), environ)
    if files.trouble:
        return f"the Codex CLI's config.toml {files.trouble}"
    if not files.config:
        return ""
    found = files.provider(files.chosen)
    if found is None:
        return f"the Codex CLI's provider is {files.chosen!r}, which has no base_url"
    if not is_packycode(found):
        return f"the Codex CLI's provider is {found.id!r} at {called_host(found.base_url)}, which is not packycode's"
    if found.wire_api != "responses":
        return f"the Codex CLI's provider {found.id!r} has wire_api {found.wire_api!r}; only responses is spoken"
    why = f": {found.lacking}" if found.lacking else ""
    return "" if found.api_key else f"the Codex CLI's provider {found.id!r} has no key that is set{why}"
