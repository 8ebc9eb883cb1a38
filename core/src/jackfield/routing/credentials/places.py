"""How many requests a credential serves at once: what its configuration allows, and what its upstream lets through."""

from __future__ import annotations

from collections.abc import Collection

from ...model.types import Credential

REMEMBERED = 30.0
"""Seconds for which an upstream that said it was full is not asked for more at once than it served then."""


class Places:
    """The places of one credential. `taken` are the requests under way with it."""

    __slots__ = ("_learned", "_until", "taken")

    def __init__(self) -> None:
        self.taken = 0
        self._learned = 0
        self._until = 0.0

    def limit(self, credential: Credential, now: float) -> int:
        """Return how many there are; 0: no limit is known."""
        learned = self._learned if now < self._until else 0
        known = [each for each in (credential.max_concurrency, learned) if each]
        return min(known, default=0)

    def full(self, now: float) -> None:
        """Learn that the upstream refused the latest request, which is gone, for the sake of those that it serves."""
        self._learned, self._until = max(1, self.taken), now + REMEMBERED

    def forget(self) -> None:
        """Forget what was learned."""
        self._learned = 0


class Concurrency:
    """The places of all credentials."""

    def __init__(self) -> None:
        self._places: dict[str, Places] = {}

    def of(self, credential: str) -> Places:
        """Return the places of a credential."""
        places = self._places.get(credential)
        if places is None:
            places = self._places[credential] = Places()
        return places

    def keep(self, credentials: Collection[str]) -> None:
        """Forget every credential but these."""
        self._places = {name: places for name, places in self._places.items() if name in credentials}
