"""One attempt, as the policy follows it from being let through to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..types import Credential

if TYPE_CHECKING:
    from ..types import CompletionRecord
    from .health import Health
    from .rotation import Wish
    from .selector import Selector


class Trial:
    """An attempt with a credential for a model, the name being the upstream's.

    `probe` is the state whose half-open breaker let it through as its only attempt; None for any other.
    """

    __slots__ = ("_selector", "credential", "model", "probe", "wish")

    def __init__(
        self, selector: Selector, credential: Credential, model: str, wish: Wish, probe: Health | None
    ) -> None:
        self._selector = selector
        self.credential = credential
        self.model = model
        self.wish = wish
        self.probe = probe

    def began(self) -> None:
        """Tell that the answer's first content came: the conversation stays here."""
        self._selector.began(self)

    def ended(self, record: CompletionRecord, wait: float | None = None) -> None:
        """Tell how it ended. `wait` is what the upstream asked for, in seconds."""
        self._selector.ended(self, record, wait)
