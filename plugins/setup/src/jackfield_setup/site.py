"""What a client has to know of the proxy: where it is, a key, and which models it serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from jackfield.api import ConfigError, Document, JackfieldError, revealed

TIMEOUT = 3.0
"""Seconds that a server gets to list its models; without them the lines name a usual one."""
CONTEXT = 272_000
"""Tokens that the models of today's Codex-style providers take in, as the clients' own catalogues have it."""
OUTPUT = 128_000
"""Tokens that they give out at most."""
UNUSED = "unused"
"""The key where the proxy asks for none: clients insist on a word."""
_PREFERRED = ("gpt-6.1-sol", "gpt-5.6-sol", "gpt-5.5", "gpt-5", "gpt-5-codex")

_ANY = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104  # what a server binds, read and not bound


class SetupError(Exception):
    """The lines cannot be made; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Site:
    """One proxy as its clients see it.

    `url` is its root without a slash at the end; `key` a client key ("unused" where none is asked for); `model` the
    one that the lines name; `models` all that it lists (empty: it was not asked or does not run); `context` the tokens
    that the model takes in.
    """

    url: str
    key: str
    model: str = "gpt-5"
    models: Sequence[str] = ()
    context: int = CONTEXT

    @property
    def v1(self) -> str:
        """The root that clients of the OpenAI API want."""
        return f"{self.url}/v1"


def configured(path: Path | None, url: str = "", key: str = "") -> Site:
    """Return the proxy that a configuration file describes (None: the defaults); `url` and `key` win. Asks nobody.

    Raises SetupError for a file that cannot be read, for a key that cannot be had and for an address that is none.
    """
    try:
        data = Document.read(path).data
    except ConfigError as error:
        raise SetupError(f"{path} cannot be read: {error}") from None
    return Site(_given(url) if url else _url(data), key or _key(data, path) or UNUSED)


def asked(site: Site, model: str = "") -> Site:
    """Return the site with what its server lists, and the model to name: `model`, else the newest that it lists."""
    models = _listed(site)
    chosen = model or next((name for name in _PREFERRED if name in models), models[0] if models else site.model)
    return replace(site, models=models, model=chosen)


def _given(url: str) -> str:
    """Return the root that a person means: people leave the scheme out, or write the /v1 that clients want."""
    whole = url.strip() if "://" in url else f"http://{url.strip()}"
    found = whole.rstrip("/").removesuffix("/v1")
    if not _can_be_called(found):
        raise SetupError(f"{url!r} is no URL of a proxy; write it like http://127.0.0.1:8317")
    return found


def _url(data: Mapping[str, Any]) -> str:
    host, port = str(data.get("host", "")), data.get("port", 8317)
    host = _ANY.get(host, host)
    found = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if not _can_be_called(found):
        raise SetupError(
            f"nobody can call {host}, port {port}; mend host and port, or say with --url where the proxy is"
        )
    return found


def _can_be_called(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and not any(sign.isspace() for sign in url)


def _key(data: Mapping[str, Any], path: Path | None) -> str:
    """Return the first of the client keys; "" without any."""
    keys = data.get("api-keys")
    first = keys[0] if isinstance(keys, list) and keys else ""
    if isinstance(first, Mapping):
        first = first.get("key", "")
    written = first if isinstance(first, str) else ""
    try:
        return revealed(written, path) if written else ""
    except JackfieldError as error:
        raise SetupError(f"the client key cannot be had: {error}, or give a key with --key") from None


def _listed(site: Site) -> list[str]:
    """Return the ids that the server lists; none when it does not answer."""
    parts = urlsplit(site.url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
        try:
            headers = {"Authorization": f"Bearer {site.key}"}
            connection.request("GET", f"{parts.path}/v1/models", headers=headers)
            answer = orjson.loads(connection.getresponse().read())
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError):
        return []
    rows = answer.get("data") if isinstance(answer, dict) else None
    return [str(row["id"]) for row in rows or [] if isinstance(row, dict) and "id" in row]
