"""What becomes of each thing that a client may send: nothing is forgotten in silence.

Every dialect has lists of the parameters, blocks, tools and fields of its API (`known.py` in its folder). They are
data: what they refuse is refused, docs/translation.md shows them, and a test asks the SDKs' typed requests whether all
is there. What stands on no list is a name of tomorrow: as a field it is tolerated, as a part of a conversation it is
named to the model, as a tool, a choice or a format it is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..model.errors import ClientError, invalid_request

_NOTHING = (None, False, 0, "")


class Fate(Enum):
    """What becomes of a thing; the value is the word that docs/translation.md has for it."""

    TRANSLATED = "translated"
    REFUSED = "400"
    NO_DIFFERENCE = "left out"


@dataclass(frozen=True, slots=True)
class Known:
    """A thing on a list: its fate, and in `words` what it becomes, why it is refused, or why it makes no difference."""

    fate: Fate
    words: str


def translated(words: str) -> Known:
    """Return the entry of what goes up: `words` say as what."""
    return Known(Fate.TRANSLATED, words)


def where_taken(name: str, words: str = "") -> Known:
    """Return the entry of what goes up under this name to a provider that takes it (`accepts`), and to no other."""
    return translated(f"`{name}`, where the provider takes it{f'; {words}' if words else ''}")


def refused(words: str) -> Known:
    """Return the entry of what is a 400: `words` are those of the error, behind the name."""
    return Known(Fate.REFUSED, words)


def no_difference(words: str) -> Known:
    """Return the entry of what is left out: `words` say why the answer is what was asked for all the same."""
    return Known(Fate.NO_DIFFERENCE, words)


UNKNOWN_TOOL = refused("a tool that is not known here, so that the model would not hear of it; leave it out")
"""The entry of a tool that is on no list."""


def find(known: Mapping[str, Known], name: str) -> Known | None:
    """Return the entry of a name; a key that ends in `*` stands for all that begin so. None: it is on no list."""
    entry = known.get(name)
    if entry is not None:
        return entry
    return next((found for key, found in known.items() if key[-1:] == "*" and name.startswith(key[:-1])), None)


def refuse(known: Mapping[str, Known], request: Mapping[str, Any]) -> None:
    """Raise ClientError (400) naming the first field of a request that its dialect refuses.

    What says nothing counts as absent: null, false, zero, the empty text.
    """
    for name, value in request.items():
        if value not in _NOTHING and (entry := known.get(name)) is not None and entry.fate is Fate.REFUSED:
            raise refusal(name, entry)


def refusal(path: str, entry: Known, name: str = "") -> ClientError:
    """Return the 400 of an entry, for the place where it stands; `name` is said where the place does not tell it."""
    return invalid_request(f"{path}: {f'{name}: ' if name else ''}{entry.words}", path)
