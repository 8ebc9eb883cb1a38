"""Stop sequences, enforced here: the upstream's API has none."""

from __future__ import annotations

from collections.abc import Iterable

from ..model.errors import invalid_request

MAX_COUNT = 64
"""The most stop sequences of one request."""

MAX_LENGTH = 1000
"""The longest stop sequence, in characters. Every delta is compared with it, so it has to have an end."""


def read_stops(value: object, path: str) -> tuple[str, ...]:
    """Return the stop sequences of a request: a string or a list of strings; empty ones say nothing.

    Raises ClientError (400) naming `path` for anything else, or for more and longer ones than the limits above.
    """
    if value is None or value == "":
        return ()
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(stop, str) for stop in listed):
        raise invalid_request(f"{path}: must be a string or a list of strings", path)
    if len(listed) > MAX_COUNT or any(len(stop) > MAX_LENGTH for stop in listed):
        raise invalid_request(f"{path}: at most {MAX_COUNT} sequences of at most {MAX_LENGTH} characters", path)
    return tuple(dict.fromkeys(stop for stop in listed if stop))


class StopScanner:
    """Finds the first stop sequence in a text that comes in pieces. How the text is cut into pieces changes nothing.

    First is the one that is complete first; of several that are complete at the same place, the longest.
    """

    def __init__(self, stops: Iterable[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""

    def feed(self, text: str) -> tuple[str, str | None]:
        """Return the text that may be shown now, and the sequence that was hit (None while there is none).

        What could be the beginning of a stop sequence is held back. After a hit, feed nothing more.
        """
        text = self._held + text
        hit = self._first(text)
        if hit is not None:
            self._held = ""
            start, stop = hit
            return text[:start], stop
        keep = max((_overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep], None

    def flush(self) -> str:
        """Return what is held back, because the text has ended without a hit."""
        held, self._held = self._held, ""
        return held

    def _first(self, text: str) -> tuple[int, str] | None:
        found = ((text.find(stop), stop) for stop in self._stops)
        hits = [(start, stop) for start, stop in found if start >= 0]
        return min(hits, key=lambda hit: (hit[0] + len(hit[1]), hit[0]), default=None)


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of `text` are the beginning of `stop`."""
    start = text.find(stop[0], max(0, len(text) - len(stop) + 1))
    while start >= 0:
        if stop.startswith(text[start:]):
            return len(text) - start
        start = text.find(stop[0], start + 1)
    return 0
