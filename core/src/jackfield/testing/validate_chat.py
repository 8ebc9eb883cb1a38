"""A streamed Chat Completions answer, judged by the models of the `openai` SDK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from .models import check_fit
from .reader import ServerSentEvent, read_sse

JSON = dict[str, Any]
_DONE = "[DONE]"


@dataclass(slots=True)
class ChatAnswer:
    """What a stream of chunks amounts to.

    `calls` are whole tool calls in order, `usage` is that of the last chunk (None without one), `error` the error
    object of a stream that failed.
    """

    id: str = ""
    model: str = ""
    content: str = ""
    refusal: str = ""
    reasoning: str = ""
    calls: list[JSON] = field(default_factory=list)
    finish_reason: str | None = None
    usage: JSON | None = None
    error: JSON | None = None


def validate_chat_stream(
    body: bytes | str, *, usage: bool = False, end: Literal["done", "error"] = "done"
) -> ChatAnswer:
    """Assert that `body` is a stream that every Chat client can read; return what it amounts to.

    Checked: no event names, the SDK's model of a chunk, one id, model and time throughout, the role first, tool calls
    that begin with id and name and whose arguments are a JSON object, one finish reason that fits them, a usage chunk
    with empty choices at the end and only if `usage`, and `[DONE]`. With `end="error"` an error object must come, and
    no finish reason before it. Raises AssertionError.
    """
    events = read_sse(body)
    reader = _Reader()
    for number, chunk in enumerate(_chunks(events)):
        reader.take(number, chunk)
    if end == "error":
        _require(reader.answer.error is not None, "the stream ends without an error object")
        return reader.answer
    _require(reader.answer.error is None, f"the stream fails: {reader.answer.error}")
    _require(bool(events) and events[-1].data == _DONE, "the stream ends without [DONE]")
    reader.finish(usage)
    return reader.answer


def validate_completion(completion: Mapping[str, Any]) -> None:
    """Assert that a JSON answer fits the SDK's model and finishes for a fitting reason. Raises AssertionError."""
    from openai.types.chat import ChatCompletion  # a test-only dependency

    check_fit(ChatCompletion, completion, "the answer")
    [choice] = completion["choices"]
    _check_finish(choice["finish_reason"], choice["message"].get("tool_calls") or ())


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise AssertionError(fault)


def _check_finish(reason: object, calls: Sequence[object]) -> None:
    fits = {"tool_calls": bool(calls), "stop": not calls, "None": False}.get(str(reason), True)
    _require(fits, f"finish_reason {reason!r} does not fit {len(calls)} tool calls")


def _chunks(events: Sequence[ServerSentEvent]) -> Iterator[JSON]:
    """Yield the objects before `[DONE]`."""
    for number, (name, data) in enumerate(events):
        _require(name == "", f"chunk {number} has an event name, {name!r}")
        if data == _DONE:
            _require(number == len(events) - 1, "something follows [DONE]")
            return
        if not isinstance(data, dict):
            raise AssertionError(f"chunk {number} is no object: {data!r}")
        yield data


class _Reader:
    """Takes chunks in order and asserts that each may stand where it does."""

    def __init__(self) -> None:
        self.answer = ChatAnswer()
        self._created: object = None
        self._role = ""

    def take(self, number: int, chunk: JSON) -> None:
        from openai.types.chat import ChatCompletionChunk  # a test-only dependency

        _require(self.answer.error is None, f"chunk {number} comes after an error")
        _require(self.answer.usage is None, f"chunk {number} comes after the usage chunk")
        if chunk.get("error") is not None:
            self._error(chunk["error"])
            return
        check_fit(ChatCompletionChunk, chunk, f"chunk {number}")
        self._identity(number, chunk)
        if not chunk["choices"]:
            self._usage(number, chunk)
        for choice in chunk["choices"]:
            self._choice(number, choice)

    def _error(self, error: object) -> None:
        _require(self.answer.finish_reason is None, "an error comes after the finish_reason")
        if not isinstance(error, dict) or not isinstance(error.get("message"), str):
            raise AssertionError(f"an error needs a message: {error!r}")
        self.answer.error = error

    def _identity(self, number: int, chunk: JSON) -> None:
        if number == 0:
            self.answer.id, self.answer.model, self._created = chunk["id"], chunk["model"], chunk["created"]
        found = (chunk["id"], chunk["model"], chunk["created"])
        expected = (self.answer.id, self.answer.model, self._created)
        _require(found == expected, f"chunk {number} has {found} as id, model and time, not {expected}")

    def _usage(self, number: int, chunk: JSON) -> None:
        _require(chunk.get("usage") is not None, f"chunk {number} has neither choices nor usage")
        _require(self.answer.finish_reason is not None, f"chunk {number} has usage before the finish_reason")
        self.answer.usage = chunk["usage"]

    def _choice(self, number: int, choice: JSON) -> None:
        _require(choice["index"] == 0, f"chunk {number} has choice {choice['index']}")
        _require(self.answer.finish_reason is None, f"chunk {number} comes after the finish_reason")
        delta = choice["delta"]
        if not self._role:
            self._role = str(delta.get("role") or "")
            _require(self._role == "assistant", f"the first delta has role {self._role!r}")
        self.answer.content += delta.get("content") or ""
        self.answer.refusal += delta.get("refusal") or ""
        self.answer.reasoning += delta.get("reasoning_content") or ""
        for call in delta.get("tool_calls") or ():
            self._call(number, call)
        self.answer.finish_reason = choice.get("finish_reason")

    def _call(self, number: int, call: JSON) -> None:
        index, function, calls = call["index"], call.get("function") or {}, self.answer.calls
        if index == len(calls):
            whole = call.get("id") and function.get("name") and call.get("type") == "function"
            _require(bool(whole), f"chunk {number} begins tool call {index} without id, type or name: {call}")
            calls.append({"id": call["id"], "name": function["name"], "arguments": ""})
        _require(index < len(calls), f"chunk {number} has tool call {index}, but {len(calls)} is next")
        for key, found in (("id", call.get("id")), ("name", function.get("name"))):
            _require(found in (None, calls[index][key]), f"chunk {number} changes {key} of tool call {index}: {call}")
        calls[index]["arguments"] += function.get("arguments") or ""

    def finish(self, usage: bool) -> None:
        """Assert what only the whole can show."""
        _check_finish(self.answer.finish_reason, self.answer.calls)
        told = "a usage chunk" if self.answer.usage else "no usage chunk"
        _require((self.answer.usage is not None) == usage, f"there is {told}")
        for call in self.answer.calls:
            _require(_is_object(call["arguments"]), f"arguments are no JSON object: {call}")


def _is_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False
