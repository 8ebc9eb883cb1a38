"""The Chat Completions dialect (`POST /v1/chat/completions`)."""

from __future__ import annotations

from collections.abc import Mapping

from ...model.errors import RequestFailed
from ..base import ErrorReply, Parsed
from .answer import ChatCollector
from .context import ChatContext
from .errors import reply
from .request import parse
from .stream import ChatWriter

__all__ = ["ChatCollector", "ChatContext", "ChatDialect", "ChatWriter"]


class ChatDialect:
    """A Dialect (see dialects.base): OpenAI Chat Completions in front, Responses behind."""

    name = "chat"
    native = False

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Parsed:
        """Read a request. Raises ClientError (400) naming the place that is wrong. No header has a say."""
        return parse(body)

    def writer(self, parsed: Parsed, maker: str = "") -> ChatWriter:
        """Return a new writer for one streamed answer."""
        return ChatWriter(_context(parsed))

    def collector(self, parsed: Parsed, maker: str = "", limit: int = 0) -> ChatCollector:
        """Return a new collector for one JSON answer."""
        return ChatCollector(_context(parsed), limit)

    def error(self, failure: RequestFailed, request_id: str) -> ErrorReply:
        """Return the failure as `{"error": {...}}`."""
        return reply(failure, request_id)


def _context(parsed: Parsed) -> ChatContext:
    known = parsed.context
    return known if isinstance(known, ChatContext) else ChatContext(parsed.model)
