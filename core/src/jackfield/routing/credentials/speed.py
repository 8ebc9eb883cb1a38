"""How fast each credential answers with each model, measured on the answers of the last minutes."""

from __future__ import annotations

from collections import OrderedDict, deque

from ...model.types import CompletionRecord

WINDOW = 600.0
"""Seconds after which a measurement is too old."""
SAMPLES = 16
"""Measurements kept per credential and model."""
ENOUGH = 3
"""Measurements without which nothing is said."""
PAIRS = 1024
"""Credentials with models that are remembered; the least recently measured is forgotten first."""
ANSWER = 500
"""Tokens of the answer by which time to first token and tokens per second are weighed against each other."""
BURST = 0.05
"""Seconds; output that came within less was flushed at once, and its rate says nothing."""


def expected_seconds(record: CompletionRecord) -> float | None:
    """Return how long an answer of `ANSWER` tokens takes at the pace of this one; None when it shows none."""
    tokens = record.usage.output or record.outputs  # one event is about one token, where nobody counts
    if record.error or record.first_output is None or record.last_output is None or not tokens:
        return None
    first = record.first_output - record.started
    window = record.last_output - record.first_output
    if window < BURST:  # the relay held it back: all of the time was needed for it
        return max(first, 1e-6) * ANSWER / tokens
    return first + window * ANSWER / tokens


class Speed:
    """The measurements."""

    def __init__(self) -> None:
        self._samples: OrderedDict[tuple[str, str], deque[tuple[float, float]]] = OrderedDict()

    def note(self, credential: str, model: str, record: CompletionRecord) -> None:
        """Take in the record of an attempt."""
        seconds = expected_seconds(record)
        if seconds is None:
            return
        key = (credential, model)
        samples = self._samples.get(key)
        if samples is None:
            samples = self._samples[key] = deque(maxlen=SAMPLES)
            if len(self._samples) > PAIRS:
                self._samples.popitem(last=False)
        self._samples.move_to_end(key)
        samples.append((record.ended, seconds))

    def seconds(self, credential: str, model: str, now: float) -> float | None:
        """Return the median of what a usual answer takes; None without enough recent measurements."""
        samples = self._samples.get((credential, model))
        if not samples:
            return None
        while samples and samples[0][0] < now - WINDOW:
            samples.popleft()
        if len(samples) < ENOUGH:
            return None
        return sorted(seconds for _, seconds in samples)[len(samples) // 2]
