"""One configuration put into effect: settings, credentials, models and executors, immutable and swapped as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..config.settings import Settings
from ..model.types import Credential
from ..responses.verdicts.relay_words import BUILT_IN, RelayWords
from .credentials import Selector
from .executor import Executor
from .registry import Registry


@dataclass(frozen=True, slots=True)
class Runtime:
    """What requests are served with. A request keeps the runtime it began with: a reload never changes it half-way."""

    settings: Settings
    credentials: tuple[Credential, ...]
    registry: Registry
    executors: Mapping[str, Executor]
    selector: Selector
    found: tuple[Credential, ...] = ()
    """Every credential that the configuration implies, those out of rotation too."""
    relay_words: RelayWords = BUILT_IN
    """What relays call things: the operator's rows, the plugins', the house's own."""


NOBODY = "no provider is enabled"
"""What operators and clients are told when no credential is in rotation, and nothing else explains it."""
