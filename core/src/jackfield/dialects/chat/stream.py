"""The streamed answer: chunks by hand-built bytes around JSON-escaped text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ...model.errors import RequestFailed, UpstreamError
from ...responses.sse import Event
from ..length import TokenLimit
from ..openai_errors import envelope
from .context import ChatContext
from .message import Call, Ending, Field, MessageBuilder, MessageState
from .wire import answer_id, created, usage_object

_DONE = b"data: [DONE]\n\n"
_PING = b": ping\n\n"
_OPENINGS: Mapping[Field, bytes] = {field: b'"%s":' % field.value.encode() for field in Field}


class ChatWriter:
    """A StreamWriter (see dialects.base). All chunks bear one id, one time and the model that the client asked for."""

    def __init__(self, context: ChatContext) -> None:
        self._builder = MessageBuilder(context, self)
        self._context = context
        self._out: list[bytes] = []
        self._head = b""
        self._tail = b'},"finish_reason":null}]' + self._no_usage() + b"}\n\n"
        # Neighbouring deltas of one place make one chunk: where they go, and their text so far.
        self._place: Field | Call | None = None
        self._texts: list[str] = []

    @property
    def done(self) -> bool:
        """True after the end: the upstream's, or that of a stop sequence."""
        return self._builder.state is MessageState.ENDED

    def feed(self, events: Sequence[Event]) -> bytes:
        """Return the chunks that these events add; the last one is followed by `[DONE]`, a failure by nothing."""
        self._builder.feed(events)
        self._flush()
        out = b"".join(self._out)
        self._out.clear()
        return out

    def served_by(self, maker: str, limit: int = 0) -> None:
        """Note the limit; who serves, a chat answer does not tell."""
        self._builder.limit = TokenLimit(limit) if limit else None

    def begin(self) -> bytes:
        """Return a comment, which clients skip."""
        return _PING

    def ping(self) -> bytes:
        """Return a comment, which clients skip; nothing after the last chunk."""
        return b"" if self.done else _PING

    # -- what the turn tells

    def say(self, field: Field, text: str) -> None:
        """Add text to a field of the message."""
        self._add(field, text)

    def call(self, call: Call) -> None:
        """Announce a tool call. Custom ones go out as functions: the delta knows nothing else."""
        self._flush()
        function = {"name": call.name, "arguments": ""}
        if not self._context.legacy:
            announced = {"index": call.index, "id": call.id, "type": "function", "function": function}
            self._chunk(b'"tool_calls":[%s]' % orjson.dumps(announced))
        elif call.index == 0:
            self._chunk(b'"function_call":' + orjson.dumps(function))

    def arguments(self, call: Call, text: str) -> None:
        """Add to a call's arguments."""
        if call.index == 0 or not self._context.legacy:
            self._add(call, text)

    def cite(self, annotations: Sequence[Mapping[str, Any]]) -> None:
        """Add the citations of the content."""
        self._flush()
        self._chunk(b'"annotations":' + orjson.dumps(annotations))

    def finish(self, ending: Ending) -> None:
        """End the stream properly."""
        self._flush()
        self._begin()
        tier = b',"service_tier":' + orjson.dumps(ending.service_tier) if ending.service_tier else b""
        reason = ending.reason.encode()
        self._out.append(self._head + b'},"finish_reason":"%s"}]' % reason + self._no_usage() + tier + b"}\n\n")
        if self._context.include_usage:
            usage = orjson.dumps(usage_object(ending.usage))
            self._out.append(self._head.partition(b'{"index":0')[0] + b'],"usage":' + usage + b"}\n\n")
        self._out.append(_DONE)

    def fail(self, error: UpstreamError) -> None:
        """End the stream with an error, which the SDKs raise. No finish reason and no `[DONE]`: it is not an answer."""
        self._flush()
        self._out.append(self.abort(error))

    def abort(self, failure: RequestFailed) -> bytes:
        """Return the error alone."""
        return b"data: " + orjson.dumps(envelope(failure)) + b"\n\n"

    # -- chunks

    def _add(self, place: Field | Call, text: str) -> None:
        if place is not self._place:
            self._flush()
            self._place = place
        self._texts.append(text)

    def _flush(self) -> None:
        """Write the collected text as one chunk."""
        place, self._place = self._place, None
        if place is None:
            return
        text = orjson.dumps("".join(self._texts))
        self._texts.clear()
        if isinstance(place, Field):
            self._chunk(_OPENINGS[place] + text)
        elif self._context.legacy:
            self._chunk(b'"function_call":{"arguments":%s}' % text)
        else:
            self._chunk(b'"tool_calls":[{"index":%d,"function":{"arguments":%s}}]' % (place.index, text))

    def _chunk(self, delta: bytes) -> None:
        self._begin()
        self._out.append(self._head + delta + self._tail)

    def _begin(self) -> None:
        """Write the first chunk, which says who speaks, and fix what all chunks begin with."""
        if self._head:
            return
        header = self._builder.reader.header
        self._head = b'data: {"id":%s,"object":"chat.completion.chunk","created":%d,"model":%s,"choices":[%s' % (
            orjson.dumps(answer_id(header)),
            created(header),
            orjson.dumps(self._context.model),
            b'{"index":0,"delta":{',
        )
        self._out.append(self._head + b'"role":"assistant","content":""' + self._tail)

    def _no_usage(self) -> bytes:
        return b',"usage":null' if self._context.include_usage else b""
