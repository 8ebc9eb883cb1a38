"""A streamed Messages answer, judged by the models of the `anthropic` SDK and by what Claude Code needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import orjson

from .models import check_fit, models_by_type
from .reader import read_sse
from .validate_responses import event_type

if TYPE_CHECKING:
    from pydantic import BaseModel

JSON = dict[str, Any]

_DELTAS: Mapping[str, tuple[str, ...]] = {
    "text": ("text_delta", "citations_delta"),
    "thinking": ("thinking_delta", "signature_delta"),
    "tool_use": ("input_json_delta",),
    "server_tool_use": ("input_json_delta",),
}
"""The deltas that a block of each type may have."""


@dataclass(slots=True)
class MessagesAnswer:
    """What a stream of Messages events amounts to: the message it started with, its whole blocks, how it ended.

    `usage` is that of `message_delta` over that of `message_start`; `error` is the body of an `error` event, if one
    came.
    """

    message: JSON = field(default_factory=dict)
    content: list[JSON] = field(default_factory=list)
    stop_reason: str | None = None
    usage: JSON = field(default_factory=dict)
    error: JSON | None = None
    pings: int = 0

    @property
    def text(self) -> str:
        """The text of all text blocks."""
        return "".join(block["text"] for block in self.content if block["type"] == "text")

    @property
    def thinking(self) -> str:
        """The text of all thinking blocks."""
        return "".join(block["thinking"] for block in self.content if block["type"] == "thinking")

    @property
    def calls(self) -> Sequence[JSON]:
        """The `tool_use` blocks."""
        return [block for block in self.content if block["type"] == "tool_use"]


def validate_messages_stream(
    body: bytes | str, *, end: Literal["message_stop", "error"] = "message_stop"
) -> MessagesAnswer:
    """Assert that `body` is a stream that every Messages client can read; return what it amounts to.

    Checked: names equal to types, the SDK's models, the strict order of message and blocks, deltas that fit their
    block, tool input that is a JSON object, a stop reason that fits the content, and the end: `message_stop`, or an
    `error` event with neither `message_delta` nor `message_stop`. Raises AssertionError.
    """
    reader = _Reader()
    for number, (name, event) in enumerate(read_sse(body)):
        kind = event_type(event, number)
        _require(name == kind, f"event {number} is named {name!r}, but its type is {kind!r}")
        if kind in _models():
            check_fit(_models()[kind], event, f"event {number}")
        reader.take(kind, event)
    _require(reader.ended == end, f"the stream ends with {reader.ended or 'nothing'}, not {end}")
    if end == "message_stop":
        _check_stop(reader.answer)
    return reader.answer


def validate_message(message: Mapping[str, Any]) -> None:
    """Assert that a JSON answer fits the SDK's model and stops for a fitting reason. Raises AssertionError."""
    from anthropic.types import Message  # a test-only dependency

    check_fit(Message, message, "the answer")
    _check_stop(MessagesAnswer(dict(message), list(message["content"]), message["stop_reason"]))


@cache
def _models() -> dict[str, type[BaseModel]]:
    from anthropic.types import RawMessageStreamEvent  # a test-only dependency

    return models_by_type(RawMessageStreamEvent)


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise AssertionError(fault)


def _check_stop(answer: MessagesAnswer) -> None:
    """A stop for tools needs a call, and a call must not look like the end of the turn."""
    _require(answer.stop_reason is not None, "there is no stop_reason")
    fits = {"tool_use": bool(answer.calls), "end_turn": not answer.calls}.get(str(answer.stop_reason), True)
    _require(fits, f"stop_reason {answer.stop_reason} does not fit {len(answer.calls)} tool calls")


class _Reader:
    """Takes events in order and asserts that each may stand where it does."""

    def __init__(self) -> None:
        self.answer = MessagesAnswer()
        self.ended = ""
        self._block: JSON | None = None
        self._json = ""
        self._takers = {
            "message_start": self._start,
            "content_block_start": self._open,
            "content_block_delta": self._delta,
            "content_block_stop": self._close,
            "message_delta": self._message_delta,
            "message_stop": self._stop,
            "ping": self._ping,
            "error": self._error,
        }

    def take(self, kind: str, event: JSON) -> None:
        _require(kind in self._takers, f"an event of type {kind!r} is unknown to Messages clients")
        _require(not self.ended, f"{kind} comes after {self.ended}")
        early = kind not in ("message_start", "error") and not self.answer.message
        _require(not early, f"{kind} comes before message_start")
        self._takers[kind](event)

    def _start(self, event: JSON) -> None:
        _require(not self.answer.message, "message_start comes twice")
        message = event["message"]
        _require(message["content"] == [] and message["stop_reason"] is None, f"message_start is not empty: {message}")
        self.answer.message = message
        self.answer.usage = dict(message["usage"])

    def _open(self, event: JSON) -> None:
        _require(self._block is None, f"block {event['index']} opens inside another")
        _require(self.answer.stop_reason is None, f"block {event['index']} opens after message_delta")
        expected = len(self.answer.content)
        _require(event["index"] == expected, f"block {event['index']} opens where {expected} is next")
        block = dict(event["content_block"])
        filled = [key for key in ("text", "thinking", "signature", "input") if block.get(key)]
        _require(not filled, f"block {event['index']} opens with {filled} already filled: {block}")
        self._block, self._json = block, ""

    def _delta(self, event: JSON) -> None:
        block = self._at(event)
        delta = event["delta"]
        allowed = _DELTAS.get(block["type"], ())
        _require(delta["type"] in allowed, f"a {delta['type']} in a block of type {block['type']}")
        match delta["type"]:
            case "text_delta":
                block["text"] += delta["text"]
            case "thinking_delta":
                block["thinking"] += delta["thinking"]
            case "signature_delta":
                block["signature"] += delta["signature"]
            case "input_json_delta":
                self._json += delta["partial_json"]
            case _:
                block["citations"] = [*(block.get("citations") or ()), delta["citation"]]

    def _close(self, event: JSON) -> None:
        block = self._at(event)
        _require(block.get("text") != "", f"block {event['index']} is an empty text, which the API refuses in history")
        if "input" in block:
            block["input"] = self._input()
        self.answer.content.append(block)
        self._block = None

    def _at(self, event: JSON) -> JSON:
        """Return the open block, which the event must be about."""
        place = len(self.answer.content)
        if self._block is None or event["index"] != place:
            raise AssertionError(f"{event['type']} is about block {event['index']}, which is not open")
        return self._block

    def _input(self) -> JSON:
        try:
            value = orjson.loads(self._json or "{}")
        except orjson.JSONDecodeError:
            raise AssertionError(f"tool input is no JSON: {self._json!r}") from None
        if not isinstance(value, dict):
            raise AssertionError(f"tool input is no object: {self._json!r}")
        return value

    def _message_delta(self, event: JSON) -> None:
        _require(self._block is None, "message_delta comes while a block is open")
        _require(self.answer.stop_reason is None, "message_delta comes twice")
        self.answer.stop_reason = event["delta"]["stop_reason"]
        self.answer.usage |= {key: value for key, value in event["usage"].items() if value is not None}

    def _stop(self, event: JSON) -> None:
        _require(self.answer.stop_reason is not None, "message_stop comes before message_delta")
        self.ended = "message_stop"

    def _ping(self, event: JSON) -> None:
        self.answer.pings += 1

    def _error(self, event: JSON) -> None:
        _require(self.answer.stop_reason is None, "an error comes after message_delta")
        error = event.get("error")
        fits = isinstance(error, dict) and all(isinstance(error.get(key), str) for key in ("type", "message"))
        _require(fits, f"an error event needs error.type and error.message: {event}")
        self.answer.error = error
        self.ended = "error"
