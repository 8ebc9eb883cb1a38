"""Ids of messages and calls in the form that Messages clients accept: letters, digits, `_` and `-`."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from uuid import uuid4

_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")


def new_message_id() -> str:
    """Return the id of a message, always a new one.

    Claude Code takes messages of one id for pieces of one message; upstreams that repeat their ids would tangle its
    history.
    """
    return f"msg_{uuid4().hex}"


class TakenIds:
    """The ids that a conversation's calls bear, as hashes of eight bytes: an open stream holds them, by the thousand.

    Two ids of one hash would be told apart without need, which changes nothing.
    """

    __slots__ = ("_hashes",)

    def __init__(self, ids: Iterable[str]) -> None:
        self._hashes = array("q", sorted(map(hash, ids)))

    def __contains__(self, call_id: object) -> bool:
        wanted = hash(call_id)
        place = bisect_left(self._hashes, wanted)
        return place < len(self._hashes) and self._hashes[place] == wanted


def tool_id(call_id: str) -> str:
    """Return the id of a call as a Messages client may see it; what is legal stays as it is."""
    return _ILLEGAL.sub("_", call_id)
