"""Who takes part: the credentials in rotation, and those among them that fit a request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...model.types import Credential
from ..registry import Route

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class SelectionRequest:
    """How the configuration and the request want a credential to be chosen.

    `conversation` names the conversation that is to stay where it was ("" when nothing does), apart from those of other
    clients; `speaker` names it for the count of failures, also where it has no name of its own; `cooling` is False when
    failures have no consequences.
    """

    strategy: str = "round-robin"
    conversation: str = ""
    cooling: bool = True
    speaker: str = ""


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


def fitting(credentials: Iterable[Credential], route: Route) -> list[Credential]:
    """Return the credentials that serve a route's model."""
    return [
        credential
        for credential in credentials
        if credential.provider in route.providers
        and (not credential.models or credential.models & {route.model, route.providers[credential.provider].id})
    ]


def likeliest(credentials: list[Credential], route: Route) -> list[Credential]:
    """Return those whose provider lists a route's model; where there are none, all: each may have it."""
    return [each for each in credentials if each.provider not in route.guesses] or credentials


def tiers(credentials: Sequence[Credential]) -> list[list[Credential]]:
    """Return the credentials by priority, the highest first."""
    found: dict[int, list[Credential]] = {}
    for credential in credentials:
        found.setdefault(credential.priority, []).append(credential)
    return [found[priority] for priority in sorted(found, reverse=True)]


def upstream_model(route: Route, credential: Credential) -> str:
    """Return the model's name as the credential's upstream knows it: variants of one model share its state.

    It is cut at a length that no model needs, since it may be a client's own invention and is remembered.
    """
    model = route.providers[credential.provider]
    return (model.upstream or model.id)[:LONGEST_NAME]
