"""A streamed Responses answer, judged by the models of the `openai` SDK."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from .events import Answer, check_events
from .models import check_fit, models_by_type
from .reader import read_sse

if TYPE_CHECKING:
    from pydantic import BaseModel


def validate_responses_stream(
    body: bytes | str,
    *,
    end: str = "response.completed",
    empty_output: bool = False,
    gaps: bool = False,
    named: bool = True,
    unknown: bool = False,
) -> Answer:
    """Assert that `body` is a stream that every Responses client can read; return what it amounts to.

    Every event must fit the SDK's model of its type (`unknown` lets other types through) and, unless `named` is
    false, carry its type as its name; `end`, `empty_output` and `gaps` are those of `check_events`, which judges the
    events together. Raises AssertionError.
    """
    events = read_sse(body)
    for number, (name, event) in enumerate(events):
        kind = event_type(event, number)
        if named and name != kind:
            raise AssertionError(f"event {number} is named {name!r}, but its type is {kind!r}")
        if kind in _models():
            check_fit(_models()[kind], _with_known_code(event), f"event {number}")
        elif not unknown:
            raise AssertionError(f"event {number} has a type that the SDK does not know: {kind!r}")
    return check_events((event for _, event in events), end=end, empty_output=empty_output, gaps=gaps)


def validate_response(response: Mapping[str, Any]) -> None:
    """Assert that a JSON answer fits the SDK's model of a response. Raises AssertionError."""
    from openai.types.responses import Response  # a test-only dependency

    check_fit(Response, response, "the answer")


def event_type(event: Any, number: int) -> str:
    """Return the type of an event object. Raises AssertionError when it has none."""
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise AssertionError(f"event {number} is no object with a type: {event!r}")
    return str(event["type"])


@cache
def _models() -> dict[str, type[BaseModel]]:
    from openai.types.responses import ResponseStreamEvent  # a test-only dependency

    return models_by_type(ResponseStreamEvent)


def _with_known_code(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with an error code that the model lists: real services answer with others too."""
    response = event.get("response")
    error = response.get("error") if isinstance(response, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("code"), str):
        return event
    return {**event, "response": {**event["response"], "error": {**error, "code": "server_error"}}}
