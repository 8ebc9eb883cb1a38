"""Whole answers: items in, the numbered events of one Responses stream out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..model.types import Usage
from .items import JSON, Item, Played

USAGE = Usage(input=11, output=7)
"""What an answer reports unless told otherwise."""

RESPONSE_ID = "resp_test"
MODEL = "gpt-5"
_CREATED_AT = 1_767_225_600


@dataclass(frozen=True, slots=True)
class Completed:
    """The proper end. `output` of `response.completed` is in full, an empty list, or left out, as real upstreams do."""

    usage: Usage | None = USAGE
    output: Literal["full", "empty", "missing"] = "full"


@dataclass(frozen=True, slots=True)
class Incomplete:
    """`response.incomplete`, with a reason such as `max_output_tokens` or `content_filter`."""

    reason: str = "max_output_tokens"
    usage: Usage | None = USAGE


@dataclass(frozen=True, slots=True)
class Failed:
    """`response.failed`."""

    code: str = "server_error"
    message: str = "The server had an error."


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """An `error` event, flat as the API has it, or nested in an `error` object as some relays send it."""

    code: str = "server_error"
    message: str = "The server had an error."
    nested: bool = False


End = Completed | Incomplete | Failed | ErrorEvent | None
"""How a stream ends; None: without a terminal event."""


def usage_json(usage: Usage) -> JSON:
    """Return usage in the shape of the Responses API."""
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total,
    }


def response_json(model: str = MODEL, response_id: str = RESPONSE_ID, **fields: Any) -> JSON:
    """Return a complete response object, `in_progress` and without output unless `fields` says otherwise."""
    response: JSON = {
        "id": response_id,
        "object": "response",
        "created_at": _CREATED_AT,
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "frequency_penalty": 0.0,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "presence_penalty": 0.0,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": "medium", "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
    }
    return response | fields


def response_events(
    items: Sequence[Item], end: End = None, *, model: str = MODEL, response_id: str = RESPONSE_ID
) -> list[JSON]:
    """Return every event of an answer, numbered from 0: created, in_progress, the items' own, the end."""
    played: list[Played] = []
    for item in items:
        played += item.play(len(played))
    base = response_json(model, response_id)
    events: list[JSON] = [{"type": f"response.{state}", "response": base} for state in ("created", "in_progress")]
    events += [event for one in played for event in one.events]
    events += _ending(end, base, [one.item for one in played])
    return [{"type": event["type"], "sequence_number": n, **event} for n, event in enumerate(events)]


def _ending(end: End, base: JSON, output: list[JSON]) -> list[JSON]:
    match end:
        case None:
            return []
        case Completed(usage, form):
            return [
                _terminal("completed", base, {"output": output if form == "full" else []}, usage, form == "missing")
            ]
        case Incomplete(reason, usage):
            return [_terminal("incomplete", base, {"output": output, "incomplete_details": {"reason": reason}}, usage)]
        case Failed(code, message):
            return [_terminal("failed", base, {"error": {"code": code, "message": message}}, None)]
        case ErrorEvent(code, message, nested):
            error: JSON = {"code": code, "message": message, "param": None}
            return [{"type": "error"} | ({"error": error} if nested else error)]


def _terminal(state: str, base: JSON, fields: JSON, usage: Usage | None, bare: bool = False) -> JSON:
    response = base | {"status": state, "usage": usage_json(usage) if usage else None} | fields
    if state == "completed":
        response["completed_at"] = _CREATED_AT + 1
    if bare:
        response = {key: response[key] for key in ("id", "object", "status", "usage")}
    return {"type": f"response.{state}", "response": response}
