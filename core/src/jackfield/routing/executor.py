"""What carries out a request: an executor opens one upstream call and gives back its events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol, runtime_checkable

from ..model.types import Endpoint, UpstreamCall
from ..responses.sse import Event


class EventStream(Protocol):
    """The events of one answer, in batches: all that had arrived when it was asked.

    Iterating raises UpstreamError when the upstream falls silent or breaks off; an end without a terminal event is
    the reader's to judge. A stream may have `native_headers` too, a mapping like `headers`: those that clients of the
    Responses API are shown beside the usual ones. `limits_output`, where it is true, says that the upstream was told
    of `max_output_tokens`; else the answer is kept to that length here.
    """

    @property
    def headers(self) -> Mapping[str, str]:
        """The upstream's response headers, names in lower case."""
        ...

    def __aiter__(self) -> AsyncIterator[list[Event]]:
        """Return the iterator over batches; no batch is empty."""
        ...

    async def aclose(self) -> None:
        """Close the upstream's connection now, wherever the stream stands. May be called twice."""
        ...


class Executor(Protocol):
    """Carries out calls for the providers it was registered for."""

    async def open(self, call: UpstreamCall, endpoint: Endpoint) -> EventStream:
        """Send the call and return its stream once the upstream has answered with success.

        Raises UpstreamError for everything else, so that the next credential can be tried.
        """
        ...


@runtime_checkable
class Checking(Protocol):
    """An executor that can also carry out health checks (see `types.HealthCheck`)."""

    async def check(self, path: str, endpoint: Endpoint) -> int:
        """Ask for `path` under the endpoint's base URL, which generates nothing; return the status of the answer.

        Raises UpstreamError when no answer comes.
        """
        ...


@runtime_checkable
class Compacting(Protocol):
    """An executor that can also compact a conversation: `POST /v1/responses/compact` is passed to it."""

    async def compact(self, call: UpstreamCall, endpoint: Endpoint) -> bytes:
        """Return the upstream's answer, a JSON document; `call.body` is the client's request with the upstream's model.

        Raises UpstreamError when there is none.
        """
        ...
