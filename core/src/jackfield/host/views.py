"""What plugins see of the house: models, credentials and figures, without the parts that they come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..model.types import Credential, Model
    from ..routing.credentials import CredentialState
    from ..routing.runtime import Runtime


class CatalogView:
    """The models that clients can ask for; `runtime` returns what is in force."""

    def __init__(self, runtime: Callable[[], Runtime]) -> None:
        self._runtime = runtime

    @property
    def providers(self) -> list[str]:
        """The providers with at least one usable credential and model, sorted."""
        return self._runtime().registry.providers

    def models(self, provider: str | None = None) -> list[tuple[Model, list[str]]]:
        """Return the listed models by id, each with its providers; those of one `provider` if it is named."""
        return self._runtime().registry.models(provider)


class CredentialsView:
    """The credentials in force and their states; `runtime` returns what is in force."""

    def __init__(self, runtime: Callable[[], Runtime]) -> None:
        self._runtime = runtime

    @property
    def found(self) -> tuple[Credential, ...]:
        """Every credential that the configuration implies, those out of rotation too."""
        return self._runtime().found

    @property
    def in_use(self) -> tuple[Credential, ...]:
        """Those in rotation."""
        return self._runtime().credentials

    def states(self) -> list[CredentialState]:
        """Return the state of each credential of `found`, in that order."""
        runtime = self._runtime()
        return runtime.selector.states(runtime.found)

    def reset(self, credential: str | None = None) -> list[str]:
        """Let a credential serve again at once, all without an id; return the ids of those that had been resting.

        Raises KeyError for an id that no credential has.
        """
        if credential is not None and all(each.id != credential for each in self.found):
            raise KeyError(credential)
        return self._runtime().selector.reset(credential)


class CountersView:
    """Figures of this process, each read where it is kept; 0 until the app is built."""

    def __init__(self) -> None:
        self._open: Callable[[], int] = int
        self._dropped: Callable[[], int] = int

    def read(self, *, open_requests: Callable[[], int], records_dropped: Callable[[], int]) -> None:
        """Say where each figure is read."""
        self._open, self._dropped = open_requests, records_dropped

    @property
    def open_requests(self) -> int:
        """Client requests whose answer is not over, streams among them."""
        return self._open()

    @property
    def records_dropped(self) -> int:
        """Completion records that no observer was shown, because observers were too slow."""
        return self._dropped()
