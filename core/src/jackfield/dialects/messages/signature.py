"""Encrypted reasoning in the `signature` of a thinking block: marked as ours, and with the upstream that made it.

A signature reads `jf1:<maker>.<blob>`, both parts in base64url without padding. Anthropic's own signatures, and those
of other proxies, are told apart by the prefix.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

PREFIX = "jf1:"

_FORM = re.compile(r"jf1:([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class Sealed:
    """The blob of a reasoning item, unchanged, and who made it: only the maker can read it again."""

    maker: str
    encrypted: str


def seal(maker: str, encrypted: str) -> str:
    """Return the signature that carries `encrypted` through the client. `maker` is "" when it is not known."""
    return f"{PREFIX}{_encode(maker)}.{_encode(encrypted)}"


def unseal(signature: object) -> Sealed | None:
    """Return what a signature carries; None when it is not one of ours, or damaged."""
    found = _FORM.fullmatch(signature) if isinstance(signature, str) else None
    if found is None:
        return None
    try:
        return Sealed(_decode(found[1]), _decode(found[2]))
    except (binascii.Error, UnicodeDecodeError):
        return None


def _encode(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _decode(text: str) -> str:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
