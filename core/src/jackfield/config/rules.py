"""What a schema cannot say about the core's keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from ..errors import Problem
from ..secret import Secret
from ..upstream.urls import called_host
from .masks import is_hash
from .settings import Settings

SHORTEST_KEY = 16
"""A client key with fewer characters is warned about."""

EXAMPLE_MARKS = ("your-", "example", "change-me", "changeme", "xxxx", "<", "...")
"""A key with one of these in it was copied from a page; every key in `config.example.yaml` has one."""

_PROXY = re.compile(r"(https?|socks5h?)://[^\s/]+/?")
_NEW_KEY = "make one with `openssl rand -hex 24`"


def check(settings: Settings) -> Iterator[Problem]:
    """Yield what is wrong with the core's own keys, without lines."""
    yield from check_exposure(settings.host, settings.api_keys)
    for index, key in enumerate(settings.api_keys):
        yield from _check_client_key(f"api-keys[{index}]", key)
    proxy = settings.proxy_url
    if proxy and not (_PROXY.fullmatch(proxy) and called_host(proxy)):
        yield Problem("proxy-url", "is not the URL of a proxy", "write one such as http://127.0.0.1:3128")
    management = settings.remote_management.secret_key
    if not is_hash(management.reveal()) and is_example(management):  # a hash may well have three dots in a row
        yield Problem("remote-management.secret-key", "is the key of an example, which everybody knows", _NEW_KEY)


def check_exposure(host: str, api_keys: Sequence[Secret]) -> Iterator[Problem]:
    """Yield the problem of a server that others can reach and that asks for no key."""
    if not is_loopback(host) and not api_keys:
        message = f"{host} can be reached from other machines, and without api-keys anybody could use your providers"
        yield Problem("host", message, "add a key to `api-keys`, or listen on 127.0.0.1")


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
