"""Tool names and call ids as the upstream accepts them, and the way back.

The upstream takes `[A-Za-z0-9_-]`, at most 64 characters. Clients go beyond: Messages allows names of 128 characters,
and plugin tools use them. What fits is never touched; the rest is cleaned, cut and given a hash of the original, since
cutting alone makes different names equal. Nothing but the name decides, so a name in the history of a later request
maps as it did before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

LIMIT = 64
"""The longest name or id, in characters."""

_DIGITS = 8
_fits = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch
_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]+")


def _fit(original: str, stem: str, digits: int = _DIGITS) -> str:
    """Return a legal form of `original`, told apart by a hash of it; `stem` stands in where nothing legal is left."""
    digest = sha256(original.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
    clean = _ILLEGAL.sub("_", original)[: LIMIT - digits - 1] or stem
    return f"{clean}_{digest}"


def call_id(original: str) -> str:
    """Return the id of a call or of its output as the upstream accepts it: the same function for both."""
    return original if _fits(original) else _fit(original, "call")


@dataclass(frozen=True, slots=True)
class NameMap:
    """The tool names of one request: towards the upstream and back.

    Make it with `NameMap.of` from every name of the request: tools, calls in the history, tool choice.
    """

    _renamed: Mapping[str, str] = field(default_factory=dict)
    _originals: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Iterable[str]) -> NameMap:
        """Return the map for these names, in any order and with repetitions."""
        known = set(names)
        illegal = sorted(name for name in known if not _fits(name))
        taken = known.difference(illegal)
        renamed: dict[str, str] = {}
        for name in illegal:
            renamed[name] = _free(name, taken)
            taken.add(renamed[name])
        return cls(renamed, {short: name for name, short in renamed.items()})

    def to_upstream(self, name: str) -> str:
        """Return the name that the upstream is told."""
        return self._renamed.get(name) or (name if _fits(name) else _fit(name, "tool"))

    def restore(self, name: str) -> str:
        """Return the client's name for a name that the upstream used."""
        return self._originals.get(name, name)


def _free(name: str, taken: set[str]) -> str:
    """Return a legal form of `name` that nobody else bears, with more digits of the hash where that is needed."""
    for digits in range(_DIGITS, LIMIT, _DIGITS):
        short = _fit(name, "tool", digits)
        if short not in taken:
            return short
    raise AssertionError("two names with the same hash")  # pragma: no cover - sha256 does not collide
