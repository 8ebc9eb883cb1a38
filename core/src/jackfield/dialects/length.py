"""The length of an answer, kept to here where the upstream was not told of it: by visible tokens.

Text, refusals and the arguments of calls count, reasoning does not. A token has a byte at least, so nothing is counted
before there are as many bytes as tokens are left: an answer that stays far below its limit costs one addition a piece.
"""

from __future__ import annotations

import re
from threading import Thread

from .tokens import count_texts, is_loaded, load

SHORT = 4096
"""Tokens; an answer that may have fewer comes to its end before the vocabulary could be loaded beside it."""

_SLICE = 1000
_LONGEST = 16_000
"""Characters without a place to cut at that are counted again with what follows; then one token more is no matter."""
_NEAR = 400
_CUT = re.compile(r"(?<=[^\W\d_])(?=[ ,.;:!?\n，。、；：！？])")
"""Where no token reaches across: what follows a letter here is the beginning of another word of the tokenizer."""


class TokenLimit:
    """Lets `most` tokens of an answer's text through. `over` is True once there was more."""

    __slots__ = ("_left", "_pieces", "_room", "_spare", "over")

    def __init__(self, most: int) -> None:
        self.over = False
        self._left = most
        self._pieces: list[str] = []
        # Bytes that may still come before anything is counted; half of them first, to load the vocabulary meanwhile.
        self._room = most // 2
        self._spare = most - self._room

    def take(self, text: str) -> str:
        """Return what may be shown of the next piece of text: all of it, or its beginning, and then it is over."""
        self._room -= len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        if self._room < 0 and not self._has_room():
            return self._counted(text)
        self._pieces.append(text)
        return text

    def _has_room(self) -> bool:
        if not self._spare:
            return False
        if not is_loaded():
            Thread(target=load, name="jackfield-vocabulary", daemon=True).start()
        self._room += self._spare
        self._spare = 0
        return self._room >= 0

    def _counted(self, text: str) -> str:
        """Count what came; in slices, since a relay may send a whole book as one piece."""
        shown: list[str] = []
        for start in range(0, len(text), _SLICE):
            shown.append(self._count(text[start : start + _SLICE]))
            if self.over:
                break
        return "".join(shown)

    def _count(self, text: str) -> str:
        before = "".join(self._pieces)
        whole = before + text
        place = _settled(whole)
        head, tail = count_texts([whole[:place]]), count_texts([whole[place:]])
        if head + tail > self._left:
            self.over = True
            self._pieces.clear()
            return text[: self._fitting(before, text)]
        # What lies before `place` will never be counted again, so that long answers cost no more than short ones.
        self._left -= head
        self._pieces = [whole[place:]]
        self._room = self._left - tail
        return text

    def _fitting(self, before: str, text: str) -> int:
        """Return how many characters of `text` fit behind what was shown before."""
        fits, beyond = 0, len(text)
        while beyond - fits > 1:
            middle = (fits + beyond) // 2
            if count_texts([before + text[:middle]]) <= self._left:
                fits = middle
            else:
                beyond = middle
        return fits


def _settled(text: str) -> int:
    """Return the last place up to which the tokens of a text are certain, whatever follows."""
    place = 0
    for found in _CUT.finditer(text, max(0, len(text) - _NEAR)):
        place = found.start()
    return place or (len(text) if len(text) > _LONGEST else 0)
