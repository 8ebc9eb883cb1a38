"""Names of credentials: stable, so that cooling and statistics survive a restart, and telling nothing of the key."""

from __future__ import annotations

import hashlib


def stable_id(kind: str, *parts: str) -> str:
    """Return `kind:` and 12 hex digits of a digest over the kind and the stripped parts (key, then base URL)."""
    text = "\0".join([kind, *(part.strip() for part in parts)])
    return f"{kind}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
