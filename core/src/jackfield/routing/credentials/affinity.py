"""Which credential a conversation had: the provider's prompt cache is worth keeping."""

from __future__ import annotations

from collections import OrderedDict

CONVERSATIONS = 10_000


class Affinity:
    """Conversations and their credentials, the least recently used forgotten first."""

    def __init__(self, capacity: int = CONVERSATIONS) -> None:
        self._capacity = capacity
        self._bound: OrderedDict[tuple[str, str], str] = OrderedDict()

    def find(self, conversation: str, model: str) -> str | None:
        """Return the id of the credential that served last."""
        return self._bound.get((conversation, model))

    def bind(self, conversation: str, model: str, credential: str) -> None:
        """Note who serves."""
        key = (conversation, model)
        self._bound[key] = credential
        self._bound.move_to_end(key)
        if len(self._bound) > self._capacity:
            self._bound.popitem(last=False)

    def __len__(self) -> int:
        return len(self._bound)
