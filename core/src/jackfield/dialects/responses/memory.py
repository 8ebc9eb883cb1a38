"""The short memory: what recent answers said, by id, so that a client may refer to them as at OpenAI.

It lives in the process, for the key that asked and nobody else; it is bounded in bytes and age, and written nowhere,
neither to a file nor to a log. Requests with `store: false` leave nothing in it.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from ...model.types import Clock
from ...responses import json_pieces

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Item = dict[str, Any]
Key = tuple[str, str]
"""Whose it is (a digest of the client's key), and its id."""

OVERHEAD = 1024
"""Bytes that an answer takes beside its items and names; to be on the safe side."""
PLACE = 512
"""Bytes that the place of an item takes beside its id."""

LONG = 16 * 1024
"""Bytes of input items from which on they are packed: to a fourth or less, in 2 ms a megabyte."""
FASTEST = 1


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept (bytes), for how long (seconds); `off` says why nothing is, "" while something may be."""

    max_bytes: int
    max_age: float
    off: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """One answer and what it answered; `previous` is the id of the answer that the request continued, "" for none.

    `maker` names the upstream account that made the answer: nobody else can read its encrypted reasoning.
    """

    id: str
    previous: str
    input: bytes = field(repr=False)
    output: bytes = field(repr=False)
    maker: str
    ids: tuple[str, ...]
    at: float

    @property
    def size(self) -> int:
        """Bytes that it is counted with: what the process holds for it, names that others chose included."""
        names = sum(map(sys.getsizeof, (self.id, self.previous, self.maker, *self.ids)))
        return len(self.input) + len(self.output) + names + OVERHEAD + len(self.ids) * PLACE


class ResponseMemory:
    """Remembers answers until they are too old or too many. Used by threads: requests are also read in one."""

    def __init__(self, clock: Clock, bounds: Callable[[], Bounds]) -> None:
        self._clock = clock
        self._bounds = bounds
        self._turns: OrderedDict[Key, Turn] = OrderedDict()
        self._items: dict[Key, tuple[Key, int]] = {}
        self._size = 0
        self._lock = threading.Lock()

    @property
    def bounds(self) -> Bounds:
        """What is in force now."""
        return self._bounds()

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return self._size

    def keep(self, owner: str, response_id: str, asked: Asked, output: Sequence[Any], maker: str) -> None:
        """Remember an answer, and forget what is too old or too much by now."""
        bounds = self.bounds
        ids = tuple(item["id"] if isinstance(item, dict) and _is_id(item.get("id")) else "" for item in output)
        turn = Turn(response_id, asked.previous, asked.input, _json(output), maker, ids, self._clock.monotonic())
        with self._lock:
            self._forget((owner, response_id))
            if not bounds.off and turn.size <= bounds.max_bytes:
                self._add((owner, response_id), turn)
            self._purge(bounds)

    def turn(self, owner: str, response_id: str) -> Turn | None:
        """Return an answer of this client's; None when it is not remembered."""
        with self._lock:
            self._purge(self.bounds)
            return self._turns.get((owner, response_id))

    def item(self, owner: str, item_id: str) -> tuple[Turn, int] | None:
        """Return the answer of this client's that an item is in, and its place there; None when not remembered."""
        with self._lock:
            self._purge(self.bounds)
            key, place = self._items.get((owner, item_id), (None, 0))
            turn = self._turns.get(key) if key else None
        return None if turn is None else (turn, place)

    def _add(self, key: Key, turn: Turn) -> None:
        self._turns[key] = turn
        self._size += turn.size
        for place, item_id in enumerate(turn.ids):
            if item_id:
                self._items[key[0], item_id] = (key, place)

    def _purge(self, bounds: Bounds) -> None:
        """Forget the oldest until the rest is young and small enough."""
        limit = 0 if bounds.off else bounds.max_bytes
        oldest = self._clock.monotonic() - bounds.max_age
        while self._turns:
            key, turn = next(iter(self._turns.items()))
            if self._size <= limit and turn.at >= oldest:
                return
            self._forget(key)

    def _forget(self, key: Key) -> None:
        turn = self._turns.pop(key, None)
        if turn is None:
            return
        self._size -= turn.size
        for item_id in turn.ids:
            if self._items.get((key[0], item_id), (None, 0))[0] == key:
                del self._items[key[0], item_id]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request brought of its own: its input items, and the id of the answer that it continued.

    The items wait as JSON for the answer's end, long ones packed: an open stream holds them.
    """

    previous: str
    input: bytes = field(repr=False)

    @classmethod
    def of(cls, previous: str, items: Sequence[Item]) -> Asked:
        """Write the items down."""
        data = _json(items)
        return cls(previous, data if len(data) < LONG else zstd.compress(data, FASTEST))


def items_of(data: bytes) -> tuple[list[Item], int]:
    """Return the items that were written down, and the bytes that they have as JSON."""
    if not data.startswith(b"["):
        data = zstd.decompress(data)
    items: list[Item] = orjson.loads(data)
    return items, len(data)


def _json(value: object) -> bytes:
    """Return JSON that takes no more memory than it has bytes: what orjson gives keeps its buffer, 4 KiB and more."""
    return bytes(memoryview(json_pieces.dumps(value)))


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(value)
