"""The order among credentials of one priority, by strategy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from random import Random

from ...model.types import Credential

EXPLORE = 0.1
"""Share of the requests for which `fastest` tries another than the fastest, so that it learns of changes."""
LEARN = 0.5
"""The same while another is there of which too little is known: it is soon measured."""

Seconds = Callable[[Credential], float | None]
"""What a usual answer of a credential takes; None: unknown."""


class RoundRobin:
    """Who was used when: `round-robin` takes the one that waited longest, whatever models the requests are for."""

    def __init__(self) -> None:
        self._count = 0
        self._used: dict[str, int] = {}

    def order(self, tier: Sequence[Credential]) -> list[Credential]:
        """Return a tier, the longest unused first; those never used keep their order."""
        used = self._used
        return sorted(tier, key=lambda credential: used.get(credential.id, 0))

    def took(self, credential: str) -> None:
        """Note that a credential is used now."""
        self._count += 1
        self._used[credential] = self._count

    def keep(self, credentials: Collection[str]) -> None:
        """Forget every credential but these."""
        self._used = {name: count for name, count in self._used.items() if name in credentials}


class SmoothWeightedRoundRobin:
    """`weighted`: of any run of requests each credential gets its share, spread as evenly as can be.

    Each request adds to every credential's claim its weight; who has the largest claim serves, and pays the sum of
    all weights for it.
    """

    def __init__(self) -> None:
        self._claims: dict[str, int] = {}

    def order(self, tier: Sequence[Credential]) -> list[Credential]:
        """Return a tier, the largest claim first, and let the first one pay."""
        claims = self._claims
        for credential in tier:
            claims[credential.id] = claims.get(credential.id, 0) + credential.weight
        order = sorted(tier, key=lambda credential: -claims[credential.id])
        claims[order[0].id] -= sum(credential.weight for credential in tier)
        return order

    def keep(self, credentials: Collection[str]) -> None:
        """Forget every credential but these."""
        self._claims = {name: claim for name, claim in self._claims.items() if name in credentials}


def by_speed(tier: Sequence[Credential], seconds: Seconds, random: Random) -> list[Credential]:
    """Return a tier, the fastest first, those without enough measurements behind; now and then another is first.

    A tier of which nothing is known keeps its order.
    """
    known = {credential.id: told for credential in tier if (told := seconds(credential)) is not None}
    order = sorted(tier, key=lambda credential: known.get(credential.id, float("inf")))
    unknown = [credential for credential in order if credential.id not in known]
    if known and len(order) > 1 and random.random() < (LEARN if unknown else EXPLORE):
        chosen = unknown[0] if unknown else random.choice(order[1:])
        order.remove(chosen)
        order.insert(0, chosen)
    return order
