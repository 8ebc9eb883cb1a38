"""What a client got, in one form for all dialects: the text, the call, the proper end, the error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from jackfield.testing import read_sse

JSON = Mapping[str, Any]


@dataclass(slots=True)
class Heard:
    """What one client heard.

    `status` is that of the status line. `ended`: the dialect's own end came. `error` is the error object of the
    dialect's envelope, whether as a whole answer or in a stream; `kind` its type (Anthropic and OpenAI), `code` its
    code (OpenAI alone). `fault` says what is wrong with the answer whatever it tells; `raw` are its bytes, or all of
    it that is known.
    """

    status: int = 0
    text: str = ""
    call: str = ""
    ended: bool = False
    error: JSON | None = None
    fault: str = ""
    retry_after: str | None = None
    should_retry: str | None = None
    raw: bytes = b""
    texts: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The error's type."""
        return str((self.error or {}).get("type"))

    @property
    def message(self) -> str:
        """The error's words."""
        return str((self.error or {}).get("message") or "")

    @property
    def code(self) -> str:
        """The error's code; "" where there is none."""
        return str((self.error or {}).get("code") or "")

    @property
    def arguments(self) -> Any:
        """What the call was made with; None without a call, the text of it when it is no JSON."""
        try:
            return orjson.loads(self.call) if self.call else None
        except orjson.JSONDecodeError:
            return self.call


def read(dialect: str, stream: bool, status: int, headers: Mapping[str, str], raw: bytes) -> Heard:
    """Return what an answer amounts to. Never raises: what cannot be read is its `fault`."""
    heard = Heard(status, raw=raw, retry_after=headers.get("retry-after"), should_retry=headers.get("x-should-retry"))
    kind = headers.get("content-type", "").partition(";")[0]
    expected = "text/event-stream" if stream and status == 200 else "application/json"
    if kind != expected:
        heard.fault = f"content-type {kind!r} instead of {expected}"
        return heard
    try:
        if status != 200:
            heard.error = envelope(dialect, orjson.loads(raw))
        elif stream:
            _STREAMS[dialect](
                heard,
                [event.data for event in read_sse(raw.decode("utf-8", "replace")) if isinstance(event.data, dict)],
                raw,
            )
        else:
            WHOLES[dialect](heard, orjson.loads(raw))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        heard.fault = f"the answer cannot be read: {error!r}"
    return heard


def envelope(dialect: str, body: Any) -> JSON:
    """Return the error object in a dialect's envelope. Raises KeyError or TypeError when it is not that envelope."""
    if dialect == "messages" and body["type"] != "error":
        raise KeyError("type")
    error: JSON = body["error"]
    wanted = {"type", "message"} if dialect == "messages" else {"type", "message", "param", "code"}
    if not wanted <= set(error) or not error["message"]:
        raise KeyError(f"the envelope has {sorted(error)}")
    return error


def _responses_stream(heard: Heard, events: Iterable[JSON], _raw: bytes) -> None:
    items: list[JSON] = []
    for event in events:
        match event.get("type"):
            case "response.output_text.delta":
                heard.texts.append(event["delta"])
            case "response.function_call_arguments.delta":
                heard.call += event["delta"]
            case "response.output_item.done":
                items.append(event["item"])
            case "response.completed":
                heard.ended = True
            case "response.failed":
                heard.error = event["response"]["error"]
    heard.text = "".join(heard.texts)
    if heard.ended:
        complete(heard, items)


def complete(heard: Heard, items: Sequence[JSON]) -> None:
    """Take from finished items what came without deltas: of an upstream that sent one document, for example."""
    whole = Heard()
    responses_whole(whole, {"output": items, "status": "completed"})
    heard.text = heard.text or whole.text
    heard.call = heard.call or whole.call


def responses_whole(heard: Heard, body: JSON) -> None:
    """Read a response object."""
    heard.ended = body["status"] == "completed"
    for item in body["output"]:
        if item["type"] == "message":
            heard.text += "".join(part["text"] for part in item["content"])
        elif item["type"] == "function_call":
            heard.call += item["arguments"]


def _chat_stream(heard: Heard, events: Iterable[JSON], raw: bytes) -> None:
    finished = False
    for event in events:
        if "error" in event:
            heard.error = envelope("chat", event)
            continue
        for choice in event["choices"]:
            heard.texts.append(choice["delta"].get("content") or "")
            finished = finished or bool(choice.get("finish_reason"))
            for call in choice["delta"].get("tool_calls") or ():
                heard.call += call["function"].get("arguments") or ""
    heard.text = "".join(heard.texts)
    done = raw.endswith(b"data: [DONE]\n\n")
    if done is not finished:
        heard.fault = "[DONE] without a finish reason" if done else "a finish reason without [DONE]"
    heard.ended = done


def chat_whole(heard: Heard, body: JSON) -> None:
    """Read a completion."""
    [choice] = body["choices"]
    heard.text = choice["message"].get("content") or ""
    heard.call = "".join(call["function"]["arguments"] for call in choice["message"].get("tool_calls") or ())
    heard.ended = choice["finish_reason"] in ("stop", "tool_calls")


def _messages_stream(heard: Heard, events: Iterable[JSON], _raw: bytes) -> None:
    for event in events:
        match event["type"]:
            case "content_block_delta":
                heard.texts.append(event["delta"].get("text", ""))
                heard.call += event["delta"].get("partial_json", "")
            case "message_stop":
                heard.ended = True
            case "error":
                heard.error = envelope("messages", event)
    heard.text = "".join(heard.texts)


def messages_whole(heard: Heard, body: JSON) -> None:
    """Read a message."""
    heard.ended = body["stop_reason"] in ("end_turn", "tool_use")
    for block in body["content"]:
        heard.text += block.get("text", "") if block["type"] == "text" else ""
        heard.call += orjson.dumps(block["input"]).decode() if block["type"] == "tool_use" else ""


_STREAMS = {"responses": _responses_stream, "chat": _chat_stream, "messages": _messages_stream}
WHOLES = {"responses": responses_whole, "chat": chat_whole, "messages": messages_whole}
"""What reads a JSON answer of each dialect."""
