"""The whole answer as one JSON object, for the client that did not ask for a stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ...model.errors import Kind, UpstreamError
from ...responses.sse import Event
from ..length import TokenLimit
from .context import ChatContext
from .message import Call, Ending, Field, MessageBuilder, MessageState
from .wire import answer_id, created, usage_object


class ChatCollector:
    """A Collector (see dialects.base): the same turn as the stream's, kept until it has ended."""

    def __init__(self, context: ChatContext, limit: int = 0) -> None:
        self._builder = MessageBuilder(context, self)
        self._builder.limit = TokenLimit(limit) if limit else None
        self._context = context
        self._texts: dict[Field, list[str]] = {field: [] for field in Field}
        self._calls: dict[Call, list[str]] = {}
        self._annotations: Sequence[Mapping[str, Any]] = ()
        self._ending: Ending | None = None
        self._failure: UpstreamError | None = None

    @property
    def done(self) -> bool:
        """True after the end: the upstream's, or that of a stop sequence."""
        return self._builder.state is MessageState.ENDED

    def feed(self, events: Sequence[Event]) -> None:
        """Take in events."""
        self._builder.feed(events)

    def result(self) -> bytes:
        """Return the JSON answer. Raises UpstreamError when the answer failed or has not ended."""
        if self._failure is not None:
            raise self._failure
        if self._ending is None:
            raise UpstreamError(Kind.STREAM_CUT, "the upstream's stream ended before its answer was complete")
        return orjson.dumps(self._completion(self._ending))

    # -- what the turn tells

    def say(self, field: Field, text: str) -> None:
        """Keep text of a field."""
        self._texts[field].append(text)

    def call(self, call: Call) -> None:
        """Keep a tool call."""
        self._calls[call] = []

    def arguments(self, call: Call, text: str) -> None:
        """Keep more of a call's arguments."""
        self._calls[call].append(text)

    def cite(self, annotations: Sequence[Mapping[str, Any]]) -> None:
        """Keep the citations."""
        self._annotations = annotations

    def finish(self, ending: Ending) -> None:
        """Keep how it ended."""
        self._ending = ending

    def fail(self, error: UpstreamError) -> None:
        """Keep why it failed."""
        self._failure = error

    # -- the answer

    def _completion(self, ending: Ending) -> dict[str, Any]:
        header = self._builder.reader.header
        choice = {"index": 0, "message": self._message(), "logprobs": None, "finish_reason": ending.reason}
        completion = {
            "id": answer_id(header),
            "object": "chat.completion",
            "created": created(header),
            "model": self._context.model,
            "choices": [choice],
            "usage": usage_object(ending.usage),
        }
        return {**completion, "service_tier": ending.service_tier} if ending.service_tier else completion

    def _message(self) -> dict[str, Any]:
        content, refusal, reasoning = ("".join(self._texts[field]) for field in Field)
        silent = not content and (self._calls or refusal)
        message: dict[str, Any] = {
            "role": "assistant",
            "content": None if silent else content,
            "refusal": refusal or None,
            "annotations": self._annotations,
        }
        if reasoning:
            message["reasoning_content"] = reasoning
        return {**message, **self._called()}

    def _called(self) -> dict[str, Any]:
        """Return the calls in the order of the upstream's answer; the legacy form has room for the first alone."""
        calls = sorted(self._calls.items(), key=lambda entry: entry[0].position)
        if not calls:
            return {}
        if self._context.legacy:
            call, texts = next(iter(self._calls.items()))
            return {"function_call": {"name": call.name, "arguments": "".join(texts)}}
        return {"tool_calls": [_tool_call(call, "".join(texts)) for call, texts in calls]}


def _tool_call(call: Call, text: str) -> dict[str, Any]:
    if call.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": text}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": text}}
