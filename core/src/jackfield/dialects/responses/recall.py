"""References of a request to earlier answers, expanded from memory; what is not remembered is a 400, never dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from ...model.clock import SystemClock
from ...model.errors import ClientError, Kind, invalid_request
from .memory import Asked, Bounds, Item, ResponseMemory, Turn, items_of

PREVIOUS = "previous_response_id"
REFERENCE = "item_reference"

NO_MEMORY = ResponseMemory(SystemClock(), lambda: Bounds(0, 0, "response-memory is off"))
"""Where there is none."""

LARGEST = 64 * 1024 * 1024
"""Bytes of remembered items that one request may draw in."""

_MEND = "send the whole conversation in 'input', and ask with store: false"


def is_reference(item: Mapping[str, Any]) -> bool:
    """Return True for a reference to an item; its type may be left out."""
    return item.get("type") == REFERENCE or (item.get("type") is None and "role" not in item and "id" in item)


def is_bare(item: Item) -> bool:
    """Return True for reasoning without its content, as it comes back from clients that rely on a store."""
    return item.get("type") == "reasoning" and not item.get("encrypted_content")


def refers_to(item: Item) -> bool:
    """Return True for what may be completed from memory."""
    return is_reference(item) or is_bare(item)


@dataclass(slots=True)
class Recall:
    """One request's look into the memory, for one client (`owner` is a digest of its key)."""

    memory: ResponseMemory
    owner: str
    makers: dict[str, str] = field(default_factory=dict)
    """Who made each encrypted reasoning that was drawn in."""
    drawn: int = 0
    """Bytes of JSON that were drawn in."""
    _read: dict[Turn, list[bytes]] = field(default_factory=dict, repr=False)

    def expanded(self, items: Sequence[Item], previous: str) -> list[Item]:
        """Return the whole conversation: what came up to the answer `previous` ("" for none), then these items.

        Raises ClientError (400) for what is not remembered, naming it.
        """
        found = [item for turn in self._chain(previous) for item in self._of_turn(turn)]
        return [*found, *self._resolved(items)]

    def _of_turn(self, turn: Turn) -> Iterator[Item]:
        items, size = items_of(turn.input)
        self._draw(size + len(turn.output))
        yield from self._resolved(items)
        for item in orjson.loads(turn.output):
            yield self._noted(item, turn.maker)

    def _chain(self, previous: str) -> list[Turn]:
        """Return the answers that lead to one, the oldest first."""
        turns: list[Turn] = []
        seen: set[str] = set()
        while previous:
            turn = self.memory.turn(self.owner, previous)
            if turn is None or previous in seen:  # a relay that gives every answer the same id: nobody knows which
                raise self._unknown(PREVIOUS, f"the response {previous!r}")
            seen.add(previous)
            turns.append(turn)
            previous = turn.previous
        return turns[::-1]

    def _resolved(self, items: Sequence[Item]) -> Iterator[Item]:
        for index, item in enumerate(items):
            if not refers_to(item):
                yield item
                continue
            place = self.memory.item(self.owner, str(item.get("id")))
            if place is None and is_bare(item):  # it only helped to think: the executor leaves it out, as ever
                yield item
                continue
            if place is None:
                raise self._unknown(f"input[{index}]", f"the item {str(item.get('id'))!r}")
            yield self._drawn_in(*place)

    def _drawn_in(self, turn: Turn, index: int) -> Item:
        """Return one item of an answer, which is read once however many of its items are asked for."""
        if turn not in self._read:
            self._read[turn] = [orjson.dumps(each) for each in orjson.loads(turn.output)]
        found = self._read[turn][index]
        self._draw(len(found))
        return self._noted(orjson.loads(found), turn.maker)

    def _noted(self, item: Item, maker: str) -> Item:
        blob = item.get("encrypted_content") if isinstance(item, dict) else None
        if isinstance(blob, str):
            self.makers[blob] = maker
        return item

    def _draw(self, size: int) -> None:
        self.drawn += size
        if self.drawn > LARGEST:
            raise ClientError(Kind.TOO_LARGE, f"{PREVIOUS}: the conversation has more than {LARGEST} bytes by now")

    def _unknown(self, place: str, what: str) -> ClientError:
        bounds = self.memory.bounds
        why = bounds.off or f"answers are kept for {bounds.max_age:g} s, as far as they fit (response-memory)"
        return invalid_request(f"{place}: {what} is not remembered here: {why}; {_MEND}", place)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is to be kept of one request, once its answer is there."""

    memory: ResponseMemory = field(repr=False)
    owner: str
    asked: Asked

    def answer(self, response_id: object, output: Sequence[Any], maker: str) -> None:
        """Remember an answer that came to its proper end."""
        if isinstance(response_id, str) and response_id:
            self.memory.keep(self.owner, response_id, self.asked, output, maker)


Owner = Callable[[Mapping[str, str]], str]
"""Tells whose a request is, by its headers."""
