"""How an answer ends for a Messages client: stop reason and usage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...types import Usage
from ..reading import Finished
from .parts import End

_INCOMPLETE: Mapping[str, str] = {
    "max_output_tokens": "max_tokens",
    "max_messages": "max_tokens",
    "content_filter": "refusal",
    "steered": "end_turn",
}


def ending(finished: Finished, *, called: bool, searches: int) -> End:
    """Return the end that `finished` means. `called`: at least one complete tool call is in the answer."""
    reason = _stop_reason(finished, called)
    details = {"type": "refusal", "category": None, "explanation": None} if reason == "refusal" else None
    return End(reason, usage_of(finished.usage, searches), stop_details=details)


def _stop_reason(finished: Finished, called: bool) -> str:
    """Being cut wins over a tool call: the call may be the half that was cut, and must not run."""
    if finished.status == "completed":
        return "tool_use" if called else "end_turn"
    if "context" in finished.reason:
        return "model_context_window_exceeded"
    return _INCOMPLETE.get(finished.reason, "max_tokens")


def usage_of(usage: Usage, searches: int = 0) -> dict[str, Any]:
    """Return the usage of a message: the three input figures add up to what the upstream counted as input."""
    cached = min(usage.cached, usage.input)
    written = min(usage.cache_write, usage.input - cached)
    told: dict[str, Any] = {
        "input_tokens": usage.input - cached - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "output_tokens": usage.output,
    }
    if usage.reasoning:
        told["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    if searches:
        told["server_tool_use"] = {"web_search_requests": searches, "web_fetch_requests": 0}
    return told
