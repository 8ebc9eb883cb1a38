"""What the mock upstream answers: Responses event streams, made once, before the first request.

Every delta opens with a mark, `~042~`, that survives any translation, so that the client can tell whether an answer is
whole and when which event arrived. A paced delta carries after its mark a stamp of 16 digits: when it was sent, in
microseconds of the machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from .framing import LAST_CHUNK, chunk

STAMP = b"0" * 16
"""Stands where the stamp goes; as long as one."""

STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
    b"x-request-id: req_0123456789abcdef\r\ntransfer-encoding: chunked\r\n\r\n"
)
_PROSE = "the lamp over bay nine goes green when a plug sits well and amber when the line behind it waits"
_WORDS = _PROSE.split()
_ITEM = "msg_0123456789abcdef0123456789abcdef"
_RESPONSE = "resp_0123456789abcdef0123456789abcdef"


def mark(index: int) -> bytes:
    """Return the mark that opens delta number `index` (0 to 999)."""
    return b"~%03d~" % index


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer in its parts, each a chunk of the chunked body: what opens it, its deltas, what closes it."""

    opening: bytes
    deltas: tuple[bytes, ...]
    closing: bytes
    text: bytes
    document: bytes
    """The response object of a non-streaming call."""


def short_answer() -> Answer:
    """Return the answer of `json`: 1.4 KB of text in four deltas."""
    return _answer([_text(index, 350) for index in range(4)])


def burst_answer(deltas: int = 100) -> Answer:
    """Return the answer of `stream`: many small deltas."""
    return _answer([_text(index, 24) for index in range(deltas)])


def paced_answer(deltas: int = 50) -> Answer:
    """Return the answer of `paced`: small deltas with room for a stamp in each."""
    return _answer([_text(index, 40, STAMP.decode()) for index in range(deltas)])


def slow_answer() -> Answer:
    """Return the answer of `slow`: seven deltas as in `paced`."""
    return paced_answer(7)


def _text(index: int, size: int, stamp: str = "") -> str:
    text = mark(index).decode() + stamp
    word = index
    while len(text) < size:
        text += " " + _WORDS[word % len(_WORDS)]
        word += 1
    return text


def _answer(texts: Sequence[str]) -> Answer:
    whole = "".join(texts)
    numbers = iter(range(10_000))
    opening = [*_opening_events()]
    deltas = [_event("response.output_text.delta", **_place(), delta=text, logprobs=[]) for text in texts]
    closing = [*_closing_events(whole)]

    def chunks(events: Sequence[dict[str, Any]]) -> tuple[bytes, ...]:
        return tuple(chunk(_sse(event | {"sequence_number": next(numbers)})) for event in events)

    return Answer(
        opening=b"".join(chunks(opening)),
        deltas=chunks(deltas),
        closing=b"".join(chunks(closing)) + LAST_CHUNK.removeprefix(b"\r\n"),
        text=whole.encode(),
        document=orjson.dumps(_response("completed", whole)),
    )


def _opening_events() -> list[dict[str, Any]]:
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    item = {"id": _ITEM, "type": "message", "status": "in_progress", "role": "assistant", "content": []}
    return [
        _event("response.created", response=_response("in_progress")),
        _event("response.in_progress", response=_response("in_progress")),
        _event("response.output_item.added", output_index=0, item=item),
        _event("response.content_part.added", **_place(), part=part),
    ]


def _closing_events(text: str) -> list[dict[str, Any]]:
    item = _message(text)
    return [
        _event("response.output_text.done", **_place(), text=text, logprobs=[]),
        _event("response.content_part.done", **_place(), part=item["content"][0]),
        _event("response.output_item.done", output_index=0, item=item),
        _event("response.completed", response=_response("completed", text)),
    ]


def _event(kind: str, **fields: object) -> dict[str, Any]:
    return {"type": kind, **fields}


def _place() -> dict[str, Any]:
    return {"item_id": _ITEM, "output_index": 0, "content_index": 0}


def _sse(event: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event))


def _message(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"id": _ITEM, "type": "message", "status": "completed", "role": "assistant", "content": [part]}


def _response(status: str, text: str = "") -> dict[str, Any]:
    usage = {
        "input_tokens": 120,
        "input_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 0},
        "output_tokens": 300,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 420,
    }
    return {
        "id": _RESPONSE,
        "object": "response",
        "created_at": 1_760_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "gpt-5",
        "output": [_message(text)] if text else [],
        "parallel_tool_calls": True,
        "store": False,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage if status == "completed" else None,
    }
