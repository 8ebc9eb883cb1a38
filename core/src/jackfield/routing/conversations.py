"""What names a conversation: for its credential, and for the count of what failed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from ..model.types import RequestInfo
from .credentials.candidates import LONGEST_NAME

OPENING = 2048
"""Characters of a text that are looked at."""
TEXTS = 3
"""Texts that a conversation is known by: how it began, which each of its requests repeats."""


def conversation(info: RequestInfo) -> str:
    """Return the name of a conversation among those of all clients. A long one is digested: clients make them up."""
    name = f"{info.client}\0{info.session}"
    return name if len(name) <= LONGEST_NAME else _digest(name)


def speaker(info: RequestInfo, body: Mapping[str, Any]) -> str:
    """Return what tells one conversation from others when failures are counted.

    Where the client names none, it is who asks and how the conversation begins. Three failures of one poisoned prompt
    must not count as three.
    """
    return conversation(info) if info.session else _digest("\0".join([info.client, *_opening(body.get("input"))]))


def _opening(given: object) -> Iterator[str]:
    texts = [given] if isinstance(given, str) else _texts(given)
    return (text[:OPENING] for text in islice(texts, TEXTS))


def _texts(given: object) -> Iterator[str]:
    """Yield the texts at the beginning of a request's input, whatever its shape."""
    for item in islice(given, TEXTS) if isinstance(given, list) else ():
        content = item.get("content") if isinstance(item, Mapping) else None
        if isinstance(content, str):
            yield content
        for part in islice(content, TEXTS) if isinstance(content, list) else ():
            text = part.get("text") if isinstance(part, Mapping) else None
            if isinstance(text, str):
                yield text


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
