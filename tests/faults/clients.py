"""Clients of the three dialects. What they see of an answer, they see through the official SDKs."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import httpx
import openai
from jackfield.testing import (
    read_sse,
    validate_chat_stream,
    validate_completion,
    validate_message,
    validate_messages_stream,
    validate_response,
    validate_responses_stream,
)

from .rules import Dialect, Seen

PATHS: dict[Dialect, str] = {
    "responses": "/v1/responses",
    "messages": "/v1/messages",
    "chat": "/v1/chat/completions",
}
_OUR_WORD = re.compile(r"([a-z]+(?:_[a-z]+)+): ")
_ERRORS = (
    "BadRequestError",
    "PermissionDeniedError",
    "NotFoundError",
    "ConflictError",
    "RateLimitError",
    "InternalServerError",
)


def question(dialect: Dialect, stream: bool, words: str = "Hi") -> dict[str, Any]:
    """Return a request in a dialect; other words begin another conversation."""
    messages = [{"role": "user", "content": words}]
    asked: dict[str, Any] = {"input": words} if dialect == "responses" else {"messages": messages}
    return {"model": "gpt-5", "stream": stream, **asked, **({"max_tokens": 64} if dialect == "messages" else {})}


def seen(dialect: Dialect, stream: bool, answer: httpx.Response) -> Seen:
    """Return what a client sees of an answer that came over the wire. Raises AssertionError for what is not in form."""
    common = {"status": answer.status_code, "retry_after": answer.headers.get("retry-after")}
    if answer.status_code >= 400:
        return Seen(**common, **_raised(dialect, stream, answer))
    if not stream:
        return Seen(**common, text=_WHOLE[dialect](answer))
    return Seen(**common, **_STREAMED[dialect](answer))


def _raised(dialect: Dialect, stream: bool, answer: httpx.Response) -> dict[str, Any]:
    """Return what the SDK makes of a status."""
    try:
        _call(dialect, stream, answer)
    except (openai.APIStatusError, anthropic.APIStatusError) as error:
        names = [kind.__name__ for kind in type(error).__mro__]
    else:
        raise AssertionError(f"the SDK raised nothing: {answer.text}")
    raised = next((name for name in _ERRORS if name in names), "APIStatusError")
    told = answer.json()["error"]
    if dialect == "messages":
        assert answer.json()["type"] == "error"
        return {"raised": raised, "type": told["type"]}
    plan = {"plan_type", "resets_at", "resets_in_seconds"} if told["type"] == "usage_limit_reached" else set()
    assert set(told) - plan == {"message", "type", "param", "code"}
    assert not plan or set(told) & plan
    return {"raised": raised, "type": told["type"], "code": told["code"]}


def _call(dialect: Dialect, stream: bool, answer: httpx.Response) -> Any:
    """Let the SDK ask, give it this answer, and return what it makes of it: of a stream the list of its events."""
    with _sdk(openai if dialect != "messages" else anthropic, answer) as client:
        calls: dict[Dialect, Callable[..., Any]] = {
            "responses": lambda: client.responses.create(**question(dialect, stream)),
            "messages": lambda: client.messages.create(**question(dialect, stream)),
            "chat": lambda: client.chat.completions.create(**question(dialect, stream)),
        }
        told = calls[dialect]()
        return list(told) if stream else told


@contextmanager
def _sdk(module: Any, answer: httpx.Response) -> Iterator[Any]:
    """Return an SDK's client for which this is the answer, whichever HTTP library the SDK is built on."""
    [base] = [kind for kind in module.DefaultHttpxClient.__mro__ if kind.__name__ == "Client"]
    http = importlib.import_module(base.__module__.partition(".")[0])
    headers = [(name, value) for name, value in answer.headers.items() if name != "transfer-encoding"]

    def play(request: Any) -> Any:
        return http.Response(answer.status_code, headers=headers, content=answer.content)

    maker = module.OpenAI if module is openai else module.Anthropic
    with http.Client(transport=http.MockTransport(play)) as transport:
        yield maker(api_key="unused", base_url="http://proxy.invalid", max_retries=0, http_client=transport)


def _response(answer: httpx.Response) -> str:
    validate_response(answer.json())
    return str(_call("responses", False, answer).output_text)


def _message(answer: httpx.Response) -> str:
    validate_message(answer.json())
    return "".join(block.text for block in _call("messages", False, answer).content)


def _completion(answer: httpx.Response) -> str:
    validate_completion(answer.json())
    return str(_call("chat", False, answer).choices[0].message.content)


_WHOLE: dict[Dialect, Callable[[httpx.Response], str]] = {
    "responses": _response,
    "messages": _message,
    "chat": _completion,
}


def _responses_stream(answer: httpx.Response) -> dict[str, Any]:
    """`response.failed` is an event like any other to the SDK; what shows it is its name."""
    events = _call("responses", True, answer)
    end = events[-1].type
    validate_responses_stream(answer.content, end=end, gaps=True, empty_output=True, named=False, unknown=True)
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    if end != "response.failed":
        return {"end": end, "text": text}
    error = events[-1].response.error
    word = _OUR_WORD.match(error.message)
    return {"end": end, "text": text, "code": error.code, "word": word[1] if word else None}


def _messages_stream(answer: httpx.Response) -> dict[str, Any]:
    last = read_sse(answer.content)[-1].event
    try:
        events = _call("messages", True, answer)
    except anthropic.APIError:
        told = validate_messages_stream(answer.content, end="error")
        text = told.text + _unfinished(answer)
        return {"raised": "APIError", "end": last, "text": text, "type": (told.error or {})["type"]}
    assert events[-1].type == last
    return {"end": last, "text": validate_messages_stream(answer.content).text}


def _unfinished(answer: httpx.Response) -> str:
    """Return the text of a block that was never closed, which a client has shown all the same."""
    events = [event.data for event in read_sse(answer.content)]
    closed = max((n for n, event in enumerate(events) if event["type"] == "content_block_stop"), default=-1)
    deltas = [event["delta"] for event in events[closed + 1 :] if event["type"] == "content_block_delta"]
    return "".join(delta["text"] for delta in deltas)


def _chat_stream(answer: httpx.Response) -> dict[str, Any]:
    try:
        _call("chat", True, answer)
    except openai.APIError as error:
        told = validate_chat_stream(answer.content, end="error")
        assert told.finish_reason is None
        return {"raised": "APIError", "end": "error", "text": told.content, "type": error.type, "code": error.code}
    return {"end": read_sse(answer.content)[-1].data, "text": validate_chat_stream(answer.content).content}


_STREAMED: dict[Dialect, Callable[[httpx.Response], dict[str, Any]]] = {
    "responses": _responses_stream,
    "messages": _messages_stream,
    "chat": _chat_stream,
}
