"""The Anthropic Messages dialect: Claude Code and the Anthropic SDKs in front of a Responses upstream."""

from __future__ import annotations

from collections.abc import Mapping

from ...model.errors import RequestFailed
from ..base import ErrorReply, Parsed
from .answer import MessagesCollector
from .count import count_tokens
from .errors import reply
from .request import parse_messages
from .stream import MessagesWriter


class MessagesDialect:
    """`POST /v1/messages` and `POST /v1/messages/count_tokens`."""

    name = "messages"
    native = False

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Parsed:
        """Read a Messages request; `context` of the result is a `MessagesContext`.

        Raises ClientError naming the place that is wrong.
        """
        return parse_messages(body, headers)

    def writer(self, parsed: Parsed, maker: str = "") -> MessagesWriter:
        """Return a new writer of Anthropic's events. `maker` goes into the signatures of the reasoning."""
        writer = MessagesWriter(parsed.context)
        writer.served_by(maker)
        return writer

    def collector(self, parsed: Parsed, maker: str = "", limit: int = 0) -> MessagesCollector:
        """Return a new collector for one message object. `maker` goes into the signatures of the reasoning."""
        collector = MessagesCollector(parsed.context)
        collector.served_by(maker, limit)
        return collector

    def error(self, failure: RequestFailed, request_id: str) -> ErrorReply:
        """Return the failure in Anthropic's envelope."""
        return reply(failure, request_id)

    def count(self, body: bytes) -> bytes:
        """Return the JSON answer to a count_tokens request. Raises ClientError naming the place that is wrong."""
        return count_tokens(body)
