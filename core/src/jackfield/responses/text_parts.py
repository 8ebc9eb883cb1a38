"""What was already passed on of a text that comes in numbered parts, and what a full copy of it still adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class Parts:
    """The text passed on so far, by part. Full copies that arrive later are compared with it: nothing is said twice."""

    __slots__ = ("_sent",)

    def __init__(self) -> None:
        self._sent: dict[int, list[str]] = {}

    def __bool__(self) -> bool:
        return bool(self._sent)

    def add(self, part: int, text: str) -> None:
        """Note that `text` was passed on as the next piece of `part`."""
        pieces = self._sent.get(part)
        if pieces is None:
            self._sent[part] = [text]
        else:
            pieces.append(text)

    def whole(self) -> str:
        """Return everything passed on, parts in order."""
        return "".join("".join(self._sent[part]) for part in sorted(self._sent))

    def each(self) -> list[tuple[int, str]]:
        """Return what was passed on, part by part."""
        return [(part, "".join(self._sent[part])) for part in sorted(self._sent)]

    def rest(self, part: int, full: str) -> str:
        """Return what `full` adds to what was passed on of `part`; "" when it does not continue it."""
        sent = "".join(self._sent.get(part, ()))
        return full[len(sent) :] if full.startswith(sent) else ""

    def rests(self, fulls: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        """Yield what the full parts add, part by part.

        Where the stream lost the part numbers, the parts are compared as one text.
        """
        texts = dict(fulls)
        if all(texts.get(part, "").startswith(sent) for part, sent in self.each()):
            additions = [(part, self.rest(part, full)) for part, full in texts.items()]
        else:
            additions = _beyond(self.whole(), fulls)
        return (addition for addition in additions if addition[1])


def _beyond(sent: str, fulls: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return what the parts, read as one text, have after `sent`; nothing when they do not begin with it."""
    if not "".join(full for _, full in fulls).startswith(sent):
        return []
    skip = len(sent)
    found = []
    for part, full in fulls:
        found.append((part, full[skip:]))
        skip = max(0, skip - len(full))
    return found
