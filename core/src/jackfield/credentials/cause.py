"""Why a credential rests, kept for the next client that it cannot serve, and for the operator."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Kind, RequestFailed, Verdict

LONGEST_MESSAGE = 200
"""Characters of an upstream's words that are kept."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One failure, as far as it is remembered: what it was about, and the upstream's own words.

    `status` is the HTTP status of the upstream's answer, 0 where none came. The words are masked before they get here.
    """

    verdict: Verdict
    kind: Kind
    status: int
    message: str

    @classmethod
    def of(cls, failure: RequestFailed) -> Cause:
        """Return what is kept of a failure."""
        words = " ".join(failure.message.split())
        if len(words) > LONGEST_MESSAGE:
            words = f"{words[: LONGEST_MESSAGE - 1]}…"
        return cls(failure.verdict, failure.kind, failure.detail.upstream_status, words)
