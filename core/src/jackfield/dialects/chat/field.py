"""One field of the answer's message, into which several items of the upstream's answer may speak."""

from __future__ import annotations

from collections.abc import Sequence

from ..stops import StopScanner

GAP = "\n\n"
"""Stands between what two items say: an upstream's commentary and its final answer are two messages, Chat has one."""


class FieldSequencer:
    """Lets items speak one after another, never mixed, and ends at the first stop sequence.

    An item that begins while another one is not done is held until that one is. `starts` tells where in the field, in
    characters, an item's text begins; `stopped` is True once a stop sequence was hit, and nothing more is said.
    """

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self.starts: dict[int, int] = {}
        self.stopped = False
        self._scanner = StopScanner(stops) if stops else None
        self._length = 0
        self._speaking: int | None = None
        self._waiting: dict[int, list[str]] = {}
        self._over: set[int] = set()

    def add(self, item: int, text: str) -> str:
        """Take more text of an item; return what the field says now because of it."""
        if self._speaking is None:
            self._speaking = item
        if item == self._speaking:
            return self._say(item, text)
        self._waiting.setdefault(item, []).append(text)
        return ""

    def done(self, item: int) -> str:
        """Close an item; return what the field says now because of it: what was held back, and who waited."""
        if item != self._speaking:
            self._over.add(item)
            return ""
        said = self._rest(item)
        self._speaking = None
        while self._waiting and self._speaking is None:
            following = next(iter(self._waiting))
            said += self._say(following, "".join(self._waiting.pop(following)))
            if following in self._over:
                said += self._rest(following)
            else:
                self._speaking = following
        return said

    def _say(self, item: int, text: str) -> str:
        if self.stopped:
            return ""
        if self._scanner is not None:
            text, hit = self._scanner.feed(text)
            self.stopped = hit is not None
        return self._placed(item, text) if text else ""

    def _rest(self, item: int) -> str:
        """Return what the scanner held back: a stop sequence does not reach from one item into the next."""
        text = self._scanner.flush() if self._scanner is not None else ""
        return self._placed(item, text) if text else ""

    def _placed(self, item: int, text: str) -> str:
        if item not in self.starts:
            gap = GAP if self._length else ""
            self.starts[item] = self._length + len(gap)
            text = gap + text
        self._length += len(text)
        return text
