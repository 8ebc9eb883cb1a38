"""Canaries: a name in each request that its answer, and no other answer, must bring back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count
from random import Random

_CANARY = re.compile(r"canary-[0-9]{7}-[0-9a-f]{8}")
_SIGNS = "αßç漢"


def canaries(random: Random) -> Iterator[str]:
    """Yield names, each once."""
    for number in count(1):
        yield f"canary-{number:07d}-{random.getrandbits(32):08x}"


def found_in(text: str | bytes) -> list[str]:
    """Return the canaries that a text names, as they come."""
    return _CANARY.findall(text if isinstance(text, str) else text.decode("utf-8", "replace"))


def song(canary: str, serial: int, words: int) -> str:
    """Return what an upstream answers: so many words, no two alike, with characters of several bytes.

    `serial` is that of the upstream's request, so that two attempts of one request answer differently.
    """
    return " ".join(f"{canary}/{serial}/{number}{_SIGNS[number % 4]}" for number in range(words)) + " ."


def strangers(raw: bytes, own: str) -> list[str]:
    """Return the canaries of other requests in what one client got: there must be none."""
    return sorted({each for each in found_in(raw) if each != own})


def leaked(raw: bytes, secrets: Iterable[str]) -> list[str]:
    """Return those secrets that stand in what was told."""
    return [secret for secret in secrets if secret.encode() in raw]
