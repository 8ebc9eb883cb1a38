"""Where items are kept and found again, although relays lose the output index, the item id or the call id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeVar

from .items import Item, ItemState, SearchItem, TextItem, ThinkingItem, ToolItem
from .steps import ItemKind
from .values import index_of, object_of, text_of

ItemType = TypeVar("ItemType", bound=Item)


@dataclass(frozen=True, slots=True)
class Keys:
    """What an event says of the item it belongs to; any of it may be missing."""

    index: int | None = None
    id: str = ""
    call_id: str = ""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Keys:
        """Read the keys of an event, from the event itself or from the item object in it."""
        item = object_of(body.get("item"))
        return cls(
            index_of(body.get("output_index")),
            text_of(body.get("item_id")) or text_of(item.get("id")),
            text_of(body.get("call_id")) or text_of(item.get("call_id")),
        )


class ItemIndex:
    """All items of one answer, in order of appearance. Found by output index first, then item id, then call id."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._by_index: dict[tuple[ItemKind, int], Item] = {}
        self._by_id: dict[tuple[ItemKind, str], Item] = {}
        self._by_call: dict[str, Item] = {}
        self._next = 0

    def find(self, kind: ItemKind, keys: Keys) -> Item | None:
        """Return the item of this kind that the keys mean; None when it is a new one."""
        found = self._by_keys(kind, keys) or self._by_exclusion(kind, keys)
        if found is not None:
            self.learn(found, keys)
        return found

    def find_any(self, keys: Keys) -> Item | None:
        """Return the item that the keys mean where its kind is not told."""
        kinds = (self._by_keys(kind, keys) for kind in ItemKind)
        return next((item for item in kinds if item is not None), None)

    def _by_keys(self, kind: ItemKind, keys: Keys) -> Item | None:
        placed = self._by_index.get((kind, keys.index)) if keys.index is not None else None
        named = self._by_id.get((kind, keys.id)) if keys.id else None
        if named is not None and (keys.index is None or named.index in (None, keys.index)):
            return named
        if placed is not None and not _contradicts(placed, keys):
            return placed
        called = self._by_call.get(keys.call_id) if keys.call_id and kind is ItemKind.TOOL else None
        return next((item for item in (named, called) if item is not None and _may_be_at(item, keys.index)), None)

    def _by_exclusion(self, kind: ItemKind, keys: Keys) -> Item | None:
        """Return the latest open item of this kind about which nothing is known that speaks against it."""
        for item in reversed(self.items):
            if item.kind is kind and item.state is not ItemState.DONE and _may_be(item, keys):
                return item
        return None

    def add(self, kind: ItemKind, keys: Keys, salt: str = "", position: int | None = None) -> Item:
        """Add a new item. `salt` makes an invented call id differ from those of other answers."""
        place = position if position is not None else keys.index
        number = len(self.items)
        item = _make(kind, number, place if place is not None else self._next, salt)
        self._next = max(self._next, item.position + 1)
        self.items.append(item)
        if keys.index is not None:
            self._by_index.pop((kind, keys.index), None)
        self.learn(item, keys)
        return item

    def of_kind(self, kind: type[ItemType]) -> Iterator[ItemType]:
        """Yield the items of a class that are not done."""
        return (item for item in self.items if isinstance(item, kind) and item.state is not ItemState.DONE)

    def learn(self, item: Item, keys: Keys) -> None:
        """Note what `keys` tell of an item; what is known already stays."""
        if item.index is None and keys.index is not None:
            item.index = keys.index
            self._by_index.setdefault((item.kind, keys.index), item)
        if not item.id and keys.id:
            item.id = keys.id
            self._by_id.setdefault((item.kind, keys.id), item)
        if not item.call_id and keys.call_id:
            item.call_id = keys.call_id
            self._by_call.setdefault(keys.call_id, item)


def _contradicts(item: Item, keys: Keys) -> bool:
    """Return whether an item at the right index is another one: relays that lose the index call every one 0."""
    if keys.call_id and item.call_id and keys.call_id != item.call_id:
        return True
    return item.state is ItemState.DONE and bool(keys.id and item.id) and keys.id != item.id


def _may_be_at(item: Item, index: int | None) -> bool:
    """Return whether an item with the right id can be meant although the index differs: not when it is complete."""
    return item.state is not ItemState.DONE or index is None or item.index is None


def _may_be(item: Item, keys: Keys) -> bool:
    pairs: Iterable[tuple[object, object]] = (
        (item.index, keys.index),
        (item.id or None, keys.id or None),
        (item.call_id or None, keys.call_id or None),
    )
    return all(known is None or told is None or known == told for known, told in pairs)


def _make(kind: ItemKind, number: int, position: int, salt: str) -> Item:
    if kind is ItemKind.TEXT:
        return TextItem(number, position)
    if kind is ItemKind.THINKING:
        return ThinkingItem(number, position)
    if kind is ItemKind.SEARCH:
        return SearchItem(number, position)
    digest = blake2b(f"{salt}:{number}".encode("utf-8", "replace"), digest_size=12).hexdigest()
    return ToolItem(number, position, f"call_{digest}")


def match(items: Sequence[Item], output: Sequence[tuple[int, ItemKind, Mapping[str, Any]]]) -> dict[int, Item]:
    """Pair the entries of a final `output` (place, kind, entry) with the items seen before; what is new is left out.

    Ids decide; where they differ (some relays invent new ones), the entry that fits best among those of its kind is
    taken, so that nothing is said twice.
    """
    free = list(items)
    pairs: dict[int, Item] = {}
    for strict in (True, False):
        for place, kind, entry in output:
            if place in pairs:
                continue
            fitting = [item for item in free if item.kind is kind and (not strict or _same_id(item, entry))]
            if fitting:
                best = min(fitting, key=lambda item: (not item.same_text(entry), item.position != place, item.number))
                pairs[place] = best
                free.remove(best)
    return pairs


def _same_id(item: Item, entry: Mapping[str, Any]) -> bool:
    item_id, call_id = text_of(entry.get("id")), text_of(entry.get("call_id"))
    return bool((item_id and item.id == item_id) or (call_id and item.call_id == call_id))
