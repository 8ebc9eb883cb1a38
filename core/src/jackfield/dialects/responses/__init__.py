"""The OpenAI Responses dialect: what clients and upstreams both speak, so that bytes pass through."""

from __future__ import annotations

from collections.abc import Mapping

from ...model.errors import RequestFailed
from ..base import Collector, ErrorReply, Parsed, StreamWriter
from . import errors
from .answer import ResponseCollector
from .memory import ResponseMemory
from .recall import Owner
from .request import nobody, parse
from .stream import Passthrough


class ResponsesDialect:
    """`POST /v1/responses`. `memory` has recent answers, `owner` tells by its headers whose a request is."""

    name = "responses"
    native = True

    def __init__(self, memory: ResponseMemory | None = None, owner: Owner = nobody) -> None:
        self._memory = memory
        self._owner = owner

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Parsed:
        """Read a Responses request. Raises ClientError naming the place that is wrong."""
        return parse(body, headers, self._memory, self._owner)

    def writer(self, parsed: Parsed, maker: str = "") -> StreamWriter:
        """Return the writer that sends events on as they are."""
        return Passthrough(parsed.context, maker, parsed.model)

    def collector(self, parsed: Parsed, maker: str = "", limit: int = 0) -> Collector:
        """Return the collector that gives the response object."""
        return ResponseCollector(parsed.model, parsed.context, maker, limit)

    def error(self, failure: RequestFailed, request_id: str) -> ErrorReply:
        """Return the OpenAI error envelope, with what tells of a spent plan."""
        return errors.reply(failure, request_id)
