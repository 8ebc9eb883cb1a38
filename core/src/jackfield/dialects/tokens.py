"""Counting tokens offline, as the models behind the providers count: o200k_base.

The count is exact with `toktok-rs`, nearly so with `bpe-openai`, and an estimate with neither. The first call loads the
vocabulary, which takes a few tenths of a second; `load` does that ahead of time. Counting lets other threads run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import TypeAlias

_ENCODING = "o200k_base"
_SLICE = 2000
_BYTES_PER_TOKEN = 3.6

Counter: TypeAlias = Callable[[Sequence[str]], int]


def count_texts(texts: Sequence[str]) -> int:
    """Return the number of tokens of all texts together. Text that looks like a special token is ordinary text."""
    return load()(texts)


def is_loaded() -> bool:
    """Return whether `load` has been called, so that counting takes no time to begin."""
    return load.cache_info().currsize > 0


@cache
def load() -> Counter:
    """Return the best counter that can be imported here, loaded and ready."""
    for counter in (_toktok, _bpe):
        try:
            return counter()
        except ImportError:
            continue
    return estimate


def _toktok() -> Counter:
    count = import_module("toktok").batch_count

    def counter(texts: Sequence[str]) -> int:
        # One thread per call: calls come in bursts, and each is a matter of milliseconds.
        return sum(count(texts, _ENCODING, 1))

    counter([""])
    return counter


def _bpe() -> Counter:
    encode = import_module("bpe_openai").get_encoding(_ENCODING).encode_ordinary

    def counter(texts: Sequence[str]) -> int:
        # It refuses long texts, so they are cut; a token lost at each cut is below 0.1 %.
        return sum(len(encode(text[start : start + _SLICE])) for text in texts for start in range(0, len(text), _SLICE))

    return counter


def estimate(texts: Sequence[str]) -> int:
    """Return a rough count from the number of bytes."""
    size = sum(len(text.encode()) for text in texts)
    return -int(-size // _BYTES_PER_TOKEN)
