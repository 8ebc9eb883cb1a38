"""How fast one attempt was, in whole numbers: nanoseconds, tokens, and hundredths of a figure.

Everything is rounded once, to two decimals, halves away from zero. Whole numbers keep that exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from jackfield.api import CompletionRecord

SECOND = 1_000_000_000
"""Nanoseconds."""

FASTEST = 2_000_00
"""Hundredths of a token per second at which no model behind such a provider streams: beyond, the relay held it back."""

SHORTEST = 20_000_000
"""Nanoseconds from first to last token that mean anything; a shorter stream came at once."""

MOST_TOKENS = 10**9
"""Tokens of one answer; an upstream may tell any number, and sums must stay sums."""
MOST = 10**12
"""Hundredths of the largest figure."""

LONGEST_NAME = 200
"""Characters of a model's name, which a client may choose."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is told of one attempt. `completion` and `total` are hundredths of a token per second.

    `request_ns` goes from the attempt's start to its end, `stream_ns` from its first output token to its last (0 when
    the client asked for no stream), `ttft_ns` from its start to the first one (None: there was no output). `burst`: the
    answer came at once, so that `completion` says nothing. `counted` is False when there was output and nobody told any
    number of tokens.
    """

    provider: str
    model: str
    input: int
    output: int
    request_ns: int
    stream_ns: int
    ttft_ns: int | None
    completion: int
    total: int
    burst: bool
    counted: bool

    @property
    def averaged(self) -> bool:
        """True when its speed takes part in averages."""
        return self.counted and not self.burst


def measured(record: CompletionRecord) -> Figures | None:
    """Return the figures of a record; None for a failure without output, and when no provider was asked."""
    begun = record.attempt_started
    if begun is None or not (record.succeeded or record.outputs or record.usage.output):
        return None
    request = between(begun, record.ended)
    stream = between(record.first_output, record.last_output) if record.streaming else 0
    inputs, output = bounded(record.usage.input), bounded(record.usage.output)
    return Figures(
        provider=record.provider,
        model=record.model[:LONGEST_NAME],
        input=inputs,
        output=output,
        request_ns=request,
        stream_ns=stream,
        ttft_ns=None if record.first_output is None else between(begun, record.first_output),
        completion=per_second(output, stream or request),
        total=per_second(inputs + output, request),
        burst=record.streaming and is_burst(output, stream),
        counted=bool(inputs or output or not record.outputs),
    )


def is_burst(output: int, stream_ns: int) -> bool:
    """Return True when so many tokens cannot have been made while they were received: the relay sent them at once."""
    return output > 1 and (stream_ns < SHORTEST or per_second(output, stream_ns) > FASTEST)


def between(start: float | None, end: float | None) -> int:
    """Return the nanoseconds between two moments of the monotonic clock (in seconds); 0 when one is missing."""
    return 0 if start is None or end is None else max(0, round((end - start) * SECOND))


def per_second(tokens: int, nanoseconds: int) -> int:
    """Return hundredths of a token per second; 0 when no time has passed."""
    return min(divided(tokens * 100 * SECOND, nanoseconds), MOST) if nanoseconds else 0


def bounded(tokens: int) -> int:
    """Return a number of tokens as it is counted."""
    return min(tokens, MOST_TOKENS)


def divided(number: int, by: int) -> int:
    """Return the quotient of two numbers that are not negative, rounded, halves up."""
    return (2 * number + by) // (2 * by)


def shown(hundredths: int) -> Decimal:
    """Return a figure as it is told: with two decimals, also where they are zeros."""
    return Decimal(hundredths).scaleb(-2)


def seconds(nanoseconds: int) -> Decimal:
    """Return a duration as it is told, in seconds."""
    return shown(divided(nanoseconds * 100, SECOND))
