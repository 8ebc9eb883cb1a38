"""Why a credential rests, kept for the next client that it cannot serve, and for the operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...model.errors import Kind, RequestFailed, Verdict

LONGEST_MESSAGE = 200
"""Characters of an upstream's words that are kept."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One failure, as far as it is remembered: what it was about, and the upstream's own words.

    `status` is the HTTP status of the upstream's answer, 0 where none came. The words are masked before they get here.
    `told` and `native` are what a client of the Responses API decides by (`errors.Detail`).
    """

    verdict: Verdict
    kind: Kind
    status: int
    message: str
    told: Mapping[str, object] = field(default_factory=dict)
    native: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, failure: RequestFailed) -> Cause:
        """Return what is kept of a failure."""
        words = " ".join(failure.message.split())
        if len(words) > LONGEST_MESSAGE:
            words = f"{words[: LONGEST_MESSAGE - 1]}…"
        return cls(
            failure.verdict,
            failure.kind,
            failure.detail.upstream_status,
            words,
            failure.detail.told,
            failure.detail.native,
        )
