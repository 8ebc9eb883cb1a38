"""Scripts for common cases: well-formed answers, refusals of every kind, and what misbehaving relays send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ..model.types import Usage
from .answers import MODEL, RESPONSE_ID, USAGE, Completed, End, ErrorEvent, Failed, Incomplete, response_events
from .items import Deltas, Interleaved, Item, Reasoning, Refusal, Text, ToolCall, WebSearch
from .steps import Delay, Hang, Head, Reset, Script, Send, SendEvent, Step

_COMPLETED = Completed()


def play(events: Sequence[Mapping[str, Any]], delay: float = 0.0) -> Script:
    """Send these events, waiting `delay` seconds before each but the first."""
    script = Script(tuple(SendEvent(event) for event in events))
    return script.paced(delay) if delay else script


def answer(
    *items: Item, end: End = _COMPLETED, model: str = MODEL, response_id: str = RESPONSE_ID, delay: float = 0.0
) -> Script:
    """Stream these items, then the end: `answer(Reasoning(["Hm."]), Text("Hello"), ToolCall("read", {"n": 1}))`."""
    return play(response_events(items, end, model=model, response_id=response_id), delay)


def text_answer(
    text: str = "Hello",
    *,
    deltas: Deltas = None,
    usage: Usage | None = USAGE,
    model: str = MODEL,
    response_id: str = RESPONSE_ID,
    delay: float = 0.0,
) -> Script:
    """Stream one message."""
    return answer(Text(text, deltas), end=Completed(usage), model=model, response_id=response_id, delay=delay)


def tool_call(
    name: str, arguments: Mapping[str, Any] | str, *, call_id: str = "call_0", deltas: Deltas = 3, end: End = _COMPLETED
) -> Script:
    """Stream one function call; `deltas=0` sends its arguments only when they are done, as some upstreams do."""
    return answer(ToolCall(name, arguments, call_id, deltas), end=end)


def parallel_tool_calls(*calls: ToolCall, interleaved: bool = True) -> Script:
    """Stream several function calls, their events taking turns, or one after the other."""
    return answer(Interleaved(calls)) if interleaved else answer(*calls)


def reasoning(
    *summary: str, encrypted_content: str | None = "gAAAAfake", text: str = "Hello", deltas: Deltas = None
) -> Script:
    """Stream a reasoning item with these summary parts, then a message."""
    return answer(Reasoning(summary, encrypted_content, deltas=deltas), Text(text))


def web_search(query: str, sources: Sequence[str] = (), text: str = "Found it.") -> Script:
    """Stream a finished web search, then a message that cites its sources."""
    return answer(WebSearch(query, sources), Text(text, citations=[(url, url) for url in sources]))


def refusal(text: str = "I cannot help with that.") -> Script:
    """Stream a message that is a refusal."""
    return answer(Refusal(text))


def failed(code: str = "server_error", message: str = "The server had an error.", *items: Item) -> Script:
    """Stream these items, if any, then `response.failed`."""
    return answer(*items, end=Failed(code, message))


def incomplete(reason: str = "max_output_tokens", *items: Item) -> Script:
    """Stream these items (a message unless told otherwise), then `response.incomplete`."""
    return answer(*(items or (Text("It stops in the"),)), end=Incomplete(reason))


def error_event(
    code: str = "server_error", message: str = "The server had an error.", *items: Item, nested: bool = False
) -> Script:
    """Stream these items, if any, then an `error` event."""
    return answer(*items, end=ErrorEvent(code, message, nested))


def empty_output_completed(*items: Item, missing: bool = False) -> Script:
    """Stream these items (a message unless told otherwise), but end with an empty `output`, or with none at all."""
    return answer(*(items or (Text("Hello"),)), end=Completed(output="missing" if missing else "empty"))


def cut_after(events: int, script: Script | None = None, *how: Step) -> Script:
    """Break off after so many events: with `Close()` unless told otherwise. See `Script.cut`."""
    return (script or text_answer("This answer never comes to its end.")).cut(events, *how)


def ends_early(events: int, script: Script | None = None) -> Script:
    """End the body properly after so many events, without a terminal event."""
    return cut_after(events, script, Delay(0))


# Answers that are no stream.


def reply(body: bytes | str, status: int = 200, content_type: str = "text/plain", **headers: str) -> Script:
    """Answer with a body of a known length. Underscores in names of `headers` become hyphens: `retry_after="2"`."""
    data = body.encode() if isinstance(body, str) else body
    extra = {name.replace("_", "-"): value for name, value in headers.items()}
    return Script((Send(data),), status, {"content-type": content_type} | extra, "length")


def json_reply(body: Any, status: int = 200, **headers: str) -> Script:
    """Answer with JSON."""
    return reply(orjson.dumps(body), status, "application/json", **headers)


def http_error(
    status: int, message: str = "", *, code: str | None = None, kind: str = "server_error", **headers: str
) -> Script:
    """Answer with an HTTP error in OpenAI's envelope."""
    error = {"message": message or f"scripted error {status}", "type": kind, "param": None, "code": code}
    return json_reply({"error": error}, status, **headers)


def rate_limited(retry_after: float | None = None) -> Script:
    """Answer 429, with `Retry-After` where seconds are given."""
    headers = {} if retry_after is None else {"retry_after": f"{retry_after:g}"}
    return http_error(429, "Rate limit reached.", code="rate_limit_exceeded", kind="rate_limit_error", **headers)


def usage_limit(resets_in_seconds: int = 3600) -> Script:
    """Answer 429 as a subscription does whose quota is used up: no header, the time of the reset in the body."""
    error = {"type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "plus"}
    return json_reply({"error": error | {"resets_in_seconds": resets_in_seconds}}, 429)


def json_response(script: Script | None = None) -> Script:
    """Answer a streaming request with one JSON response object, as a misbehaving relay does."""
    return json_reply((script or text_answer()).events[-1]["response"])


def html_page(status: int = 200) -> Script:
    """Answer with a web page, as a captive portal or a broken gateway does."""
    page = "<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Please sign in</h1></body></html>"
    return reply(page, status, "text/html; charset=utf-8")


def empty(status: int = 200) -> Script:
    """Answer with headers that promise a stream, and nothing else."""
    return Script((), status)


def hang() -> Script:
    """Take the request and never answer: not even a status line."""
    return Script((Hang(),))


def hang_after_headers() -> Script:
    """Answer 200, then nothing."""
    return Script((Head(), Hang()))


def reset_before_headers() -> Script:
    """Take the request and reset the connection."""
    return Script((Reset(),))
