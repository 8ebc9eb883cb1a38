"""Taking out of a text what looks like a secret, whoever reads it then: a client, the log, an operator."""

from __future__ import annotations

import re

LONGEST = 2000
"""The most characters of a foreign text that are shown."""

_SECRETS = re.compile(
    r"\b(?:Bearer|Basic)\s+[^\s\"',;]{4,}"
    r"|\b(?:sk|rk|pk|ak|sess|key)-[A-Za-z0-9_\-]{6,}(?:[*.…]+[A-Za-z0-9_\-]*)?"
    r"|\beyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]+){0,2}"
    r"|\bAIza[A-Za-z0-9_\-]{20,}",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(?<=://)[^\s/@]+@")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]+")


def mask(text: str) -> str:
    """Return `text` with whatever looks like a key or a password hidden, no control characters, and not too long."""
    hidden = _USERINFO.sub("***@", _SECRETS.sub(_hide, text))
    return _CONTROLS.sub(" ", hidden).strip()[:LONGEST]


def _hide(match: re.Match[str]) -> str:
    """Keep what kind of secret it was: `Bearer ***`, `sk-***`."""
    word = match[0]
    head = re.match(r"(?:Bearer|Basic)\s|[A-Za-z]{2,4}-", word, re.IGNORECASE)
    return (head[0].strip() + (" " if head[0][-1:].isspace() else "") if head else "") + "***"
