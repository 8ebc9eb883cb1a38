"""A Codex credential without a key and URL of its own calls with those of the first enabled provider.

Both are taken, and its headers and parameters with them, so that no key meets another vendor's URL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from jackfield.api import Credential
from jackfield_codex import METADATA, PROVIDER, has_pair

from .provider import Provider, credential


def lent(credentials: Iterable[Credential], provider: Provider) -> list[Credential]:
    """Return all credentials, those that lack a pair with the provider's."""
    return [_with_pair_of(provider, each) if _lacks_pair(each) else each for each in credentials]


def _lacks_pair(credential: Credential) -> bool:
    return credential.provider == PROVIDER and credential.status == "active" and not has_pair(credential)


def _with_pair_of(provider: Provider, borrower: Credential) -> Credential:
    lender = credential(provider)
    pair = {name: lender.attributes[name] for name in ("api_key", "base_url", "proxy_url")}
    kept = {name: value for name, value in borrower.metadata.items() if name != METADATA}
    return replace(
        borrower,
        attributes={**borrower.attributes, **pair},
        metadata={**kept, **lender.metadata, "lender": provider.name},
    )
