"""What the journey of a request asks of plugins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..model.plugin_info import PluginInfo
from ..model.types import Credential, Endpoint, RequestInfo


class RequestHooks(Protocol):
    """The hooks that are called for each request, and the plugins that cannot be."""

    async def resolve_creds(self, credential: Credential, request: RequestInfo) -> Endpoint | None:
        """Return the first plugin's key and URL for a credential. Raises UpstreamError when it cannot be used."""
        ...

    async def choose_credential(self, candidates: Sequence[Credential], request: RequestInfo) -> Credential | None:
        """Return the first plugin's choice among the candidates; None leaves it to the strategy."""
        ...

    @property
    def broken(self) -> tuple[PluginInfo, ...]:
        """Plugins that cannot be used."""
        ...
