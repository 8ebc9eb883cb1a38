"""Which pair of key and URL a credential calls with. Both come from one place; nothing here puts a pair together."""

from __future__ import annotations

from pathlib import Path

from jackfield.api import Credential, Endpoint, Secret

from .credentials import PROVIDER
from .login import BACKEND, LoginEndpoint
from .options import with_options


def has_pair(credential: Credential) -> bool:
    """Return True when the credential's attributes, or its metadata, hold both a key and a URL."""
    attributes, metadata = credential.attributes, credential.metadata
    return _both(attributes.get("api_key"), attributes.get("base_url")) or _both(
        metadata.get("access_token"), metadata.get("base_url")
    )


def resolved(credential: Credential) -> Endpoint | None:
    """Return the pair in a credential's metadata; None when its attributes have one without options, or none is there.

    An access token of the provider codex that comes without a URL is a ChatGPT account's, and goes to no other host.
    """
    if credential.provider == PROVIDER and (found := with_options(credential)) is not None:
        return found
    token, url = credential.metadata.get("access_token"), credential.metadata.get("base_url")
    if _both(credential.attributes.get("api_key"), credential.attributes.get("base_url")) or not token:
        return None
    if not url and credential.provider != PROVIDER:
        return None
    secret = token if isinstance(token, Secret) else Secret(str(token))
    account = credential.metadata.get("account_id")
    headers = {"chatgpt-account-id": str(account)} if account else {}
    proxy = credential.attributes.get("proxy_url") or ""
    proxy = proxy.reveal() if isinstance(proxy, Secret) else str(proxy)
    path = credential.metadata.get("login")
    if isinstance(path, Path):
        return LoginEndpoint(str(url or BACKEND), secret, headers, proxy, path=path)
    return Endpoint(str(url or BACKEND), secret, headers, proxy)


def _both(key: object, url: object) -> bool:
    return bool(key) and bool(url)
