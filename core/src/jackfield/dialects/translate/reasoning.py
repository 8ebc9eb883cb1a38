"""Encrypted reasoning in a translated request: what may travel to which upstream.

A blob can be read only by the account that made it. Who will serve is known when a credential has been chosen, so these
run after that, on the finished body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Body = dict[str, Any]


def for_maker(body: Body, makers: Mapping[str, str], maker: str) -> Body:
    """Return the body without the reasoning that another upstream than `maker` made.

    `makers` tells who made each `encrypted_content`; reasoning that it does not know, or whose maker is "", stays. A
    body in which nothing goes is returned as it is; it is never changed.
    """
    foreign = {blob for blob, name in makers.items() if name not in ("", maker)}
    return _without(body, foreign) if foreign else body


def without_reasoning(body: Body) -> Body:
    """Return the body without any reasoning items, for the one retry after `invalid_encrypted_content`.

    A body that has none is returned as it is: then a retry is pointless.
    """
    return _without(body, None)


def _without(body: Body, blobs: set[str] | None) -> Body:
    items = body.get("input")
    if not isinstance(items, list):
        return body
    kept = [item for item in items if not _is_among(item, blobs)]
    return body if len(kept) == len(items) else {**body, "input": kept}


def _is_among(item: object, blobs: set[str] | None) -> bool:
    if not isinstance(item, dict) or item.get("type") != "reasoning":
        return False
    return blobs is None or item.get("encrypted_content") in blobs
