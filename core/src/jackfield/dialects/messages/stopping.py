"""Stop sequences, enforced here: the upstream's API has none."""

from __future__ import annotations

from collections.abc import Sequence


class StopGate:
    """Lets text through up to the first stop sequence, however the text is cut into pieces.

    `matched` is the sequence that was found, None before. The sequence that completes first wins; of several that
    complete at one character, the longest.
    """

    def __init__(self, sequences: Sequence[str]) -> None:
        self.matched: str | None = None
        self._sequences = tuple(sorted((sequence for sequence in sequences if sequence), key=len, reverse=True))
        self._held = ""

    def take(self, piece: str) -> str:
        """Return the text that may go out now; what could be the beginning of a stop sequence is held back."""
        if self.matched is not None or not self._sequences:
            return "" if self.matched is not None else piece
        text = self._held + piece
        end, sequence = min(
            ((_end(text, sequence), sequence) for sequence in self._sequences), key=lambda pair: pair[0]
        )
        if end <= len(text):
            self.matched, self._held = sequence, ""
            return text[: end - len(sequence)]
        keep = max(_begun(text, sequence) for sequence in self._sequences)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def release(self) -> str:
        """Return what was held back: the text ends here, so no sequence can be completed."""
        held, self._held = self._held, ""
        return held


def _end(text: str, sequence: str) -> int:
    """Return where the first occurrence ends, or a place behind the text."""
    found = text.find(sequence)
    return found + len(sequence) if found >= 0 else len(text) + 1


def _begun(text: str, sequence: str) -> int:
    """Return how many characters at the end of `text` may be the beginning of `sequence`."""
    at = text.find(sequence[0], max(0, len(text) - len(sequence) + 1))
    while at >= 0:
        if sequence.startswith(text[at:]):
            return len(text) - at
        at = text.find(sequence[0], at + 1)
    return 0
