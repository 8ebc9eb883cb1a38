"""What a schema cannot say about the core's keys."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from ..model.errors import Problem
from ..model.secret import Secret
from ..net.client_address import networks
from ..net.origins import ANY, is_origin
from ..net.urls import called_host
from .masking import is_hash
from .settings import Settings
from .text import paths

SHORTEST_KEY = 16
"""A client key with fewer characters is warned about."""

EXAMPLE_MARKS = ("your-", "example", "change-me", "changeme", "xxxx", "<", "...")
"""A key with one of these in it was copied from a page; every key in `config.example.yaml` has one."""

_PRINTED = re.compile(r"(?:sk-)?your-\w+-key")
"""Every key that `config.example.yaml` prints. Marks alone would not do: a provider may well hand out such keys."""
_OWN = frozenset({"api-keys", "remote-management"})

_PROXY = re.compile(r"(https?|socks5h?)://[^\s/]+/?")
_MANAGEMENT_KEY = "remote-management.secret-key"
PASSWORD_VARIABLE = "MANAGEMENT_PASSWORD"  # noqa: S105  # a variable's name, not its value
"""The environment's management key, beside the one of the file."""

_NEW_KEY = "make one with `openssl rand -hex 24`"


def check(settings: Settings) -> Iterator[Problem]:
    """Yield what is wrong with the core's own keys, without lines."""
    yield from check_exposure(settings.host, settings)
    for index, key in enumerate(settings.api_keys):
        yield from _check_client_key(f"api-keys[{index}]", key)
    proxy = settings.proxy_url
    if proxy and not (_PROXY.fullmatch(proxy) and called_host(proxy)):
        yield Problem("proxy-url", "is not the URL of a proxy", "write one such as http://127.0.0.1:3128")
    management = settings.remote_management.secret_key
    if not is_hash(management.reveal()) and is_example(management):  # a hash may well have three dots in a row
        yield Problem(_MANAGEMENT_KEY, "is the key of an example, which everybody knows", _NEW_KEY)
    for path, secret in _secrets_in_use(settings.data):
        if _PRINTED.fullmatch(secret.reveal()):
            yield Problem(paths.text(path), "is the key of the example file", "write the key that the provider gave")
    yield from _check_origins("allowed-origins", settings.allowed_origins, any_too=True)
    yield from _check_origins("remote-management.allowed-origins", settings.remote_management.allowed_origins)
    yield from _check_proxies(settings.trusted_proxies)


def _secrets_in_use(value: object, path: paths.Path = ()) -> Iterator[tuple[paths.Path, Secret]]:
    """Yield the secrets of plugins' sections, but of no part that is switched off, each with its place."""
    if isinstance(value, Secret):
        yield path, value
    elif isinstance(value, Mapping) and value.get("enabled") is not False:
        for key, part in value.items():
            if path or key not in _OWN:
                yield from _secrets_in_use(part, (*path, key))
    elif isinstance(value, tuple):
        for index, part in enumerate(value):
            yield from _secrets_in_use(part, (*path, index))


def check_exposure(host: str, settings: Settings) -> Iterator[Problem]:
    """Yield the problems of a server at `host` that others can reach and that asks for no key."""
    if is_loopback(host):
        return
    if not settings.api_keys:
        message = f"{host} can be reached from other machines, and without api-keys anybody could use your providers"
        yield Problem("host", message, "add a key to `api-keys`, or listen on 127.0.0.1")
    management = settings.remote_management
    if management.allow_remote and not management.secret_key and not os.environ.get(PASSWORD_VARIABLE):
        message = f"is empty while remote-management.allow-remote opens the management API to whoever reaches {host}"
        yield Problem(_MANAGEMENT_KEY, message, f"{_NEW_KEY}, or set allow-remote: false")


def is_loopback(host: str) -> bool:
    """Return True when only this machine can reach the address."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_example(key: Secret) -> bool:
    """Return True for a key that was copied out of documentation."""
    return any(mark in key.reveal().lower() for mark in EXAMPLE_MARKS)


def _check_client_key(path: str, key: Secret) -> Iterator[Problem]:
    if is_example(key):
        yield Problem(path, "is the key of an example, which everybody knows", _NEW_KEY)
    elif key and len(key.reveal()) < SHORTEST_KEY:
        yield Problem(path, f"has fewer than {SHORTEST_KEY} characters and can be guessed", _NEW_KEY, warning=True)


def _check_origins(key: str, origins: tuple[str, ...], *, any_too: bool = False) -> Iterator[Problem]:
    for index, origin in enumerate(origins):
        if origin == ANY and not any_too:
            yield Problem(
                f"{key}[{index}]", "every page of the web must not manage this proxy", "name the pages' origins"
            )
        elif origin != ANY and not is_origin(origin):
            message = "is not the origin of a web page"
            yield Problem(f"{key}[{index}]", message, "write scheme, host and port alone: https://app.example.com")


def _check_proxies(proxies: tuple[str, ...]) -> Iterator[Problem]:
    for index, written in enumerate(proxies):
        try:
            networks((written,))
        except ValueError:
            message = "is neither an address nor a range of addresses"
            yield Problem(f"trusted-proxies[{index}]", message, "write one such as 10.0.0.1 or 10.0.0.0/8")
