"""Encrypted reasoning that an upstream could not read: it is not sent there again, turn after turn."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

MOST = 20_000
"""Blobs that are remembered, by their digests; the oldest are forgotten first."""

Body = dict[str, Any]


class RefusedReasoning:
    """Which blobs which upstream account refused. Nothing is hashed while nobody refused any."""

    def __init__(self) -> None:
        self._refused: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    def note(self, maker: str, body: Mapping[str, Any]) -> None:
        """Remember all reasoning of a request that an account refused: it does not say which of it was wrong."""
        for item in _reasoning(body):
            self._refused[maker, _digest(item)] = None
        while len(self._refused) > MOST:
            self._refused.popitem(last=False)

    def without(self, maker: str, body: Body) -> Body:
        """Return a request without what this account refused before; the body itself where there is none of it."""
        if not self._refused:
            return body
        refused = {id(item) for item in _reasoning(body) if (maker, _digest(item)) in self._refused}
        return {**body, "input": [item for item in body["input"] if id(item) not in refused]} if refused else body


def _reasoning(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    items = body.get("input")
    for item in items if isinstance(items, list) else ():
        if (
            isinstance(item, dict)
            and item.get("type") == "reasoning"
            and isinstance(item.get("encrypted_content"), str)
        ):
            yield item


def _digest(item: Mapping[str, Any]) -> bytes:
    return blake2b(item["encrypted_content"].encode("utf-8", "replace"), digest_size=16).digest()
