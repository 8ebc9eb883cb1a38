"""One attempt, as the policy follows it from being let through to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model.types import Credential
from .health import CredentialHealth, Evidence

if TYPE_CHECKING:
    from ...model.errors import RequestFailed
    from ...model.types import CompletionRecord
    from .candidates import SelectionRequest
    from .places import Places
    from .selector import Selector


class Trial:
    """An attempt with a credential for a model, the name being the upstream's.

    `health` and `places` are the credential's as they were when the attempt began. `retry` says that it counts against
    the budget, `evidence` what its end will prove.
    """

    __slots__ = ("_selector", "credential", "evidence", "health", "model", "places", "retry", "wish")

    def __init__(
        self, selector: Selector, credential: Credential, model: str, wish: SelectionRequest, health: CredentialHealth,
        places: Places, evidence: Evidence,
    ) -> None:  # fmt: skip
        self._selector = selector
        self.credential = credential
        self.model = model
        self.wish = wish
        self.health = health
        self.places = places
        self.evidence = evidence
        self.retry = False

    def answered(self) -> None:
        """Tell that the upstream has begun to answer: a sign of life, though nothing was shown yet."""
        self._selector.answered(self)

    def began(self) -> None:
        """Tell that the answer's first content came: the conversation stays here."""
        self._selector.began(self)

    def ended(self, record: CompletionRecord, failure: RequestFailed | None = None) -> None:
        """Tell how it ended."""
        self._selector.ended(self, record, failure)
