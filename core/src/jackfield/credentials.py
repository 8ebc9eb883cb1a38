"""Which credential serves next: pure policy, without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .registry import Route
from .types import Credential


def usable(credentials: Iterable[Credential], *, gaps: bool = False) -> tuple[Credential, ...]:
    """Return the credentials in rotation. Standby ones count only while there is no other and nothing is missing.

    `gaps` says that the configuration names providers whose plugin is missing or broken: then a stand-in that
    answered in their place would deceive.
    """
    active = [credential for credential in credentials if credential.status == "active"]
    real = tuple(credential for credential in active if not credential.standby)
    if real or gaps:
        return real
    return tuple(active)


class Selector:
    """Round-robin over the credentials of the highest priority, lower priorities behind them."""

    def __init__(self) -> None:
        self._turn = 0

    def order(self, credentials: Sequence[Credential], route: Route) -> list[Credential]:
        """Return the candidates for a route in the order to try them; each call starts one further."""
        fitting = [
            credential
            for credential in credentials
            if credential.provider in route.providers
            and (not credential.models or credential.models & {route.model, route.providers[credential.provider].id})
        ]
        if not fitting:
            return []
        self._turn += 1
        tiers: dict[int, list[Credential]] = {}
        for credential in fitting:
            tiers.setdefault(credential.priority, []).append(credential)
        return [credential for priority in sorted(tiers, reverse=True) for credential in self._rotated(tiers[priority])]

    def _rotated(self, tier: list[Credential]) -> list[Credential]:
        start = self._turn % len(tier)
        return tier[start:] + tier[:start]
