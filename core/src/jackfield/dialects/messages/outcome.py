"""How an answer ends for a Messages client: stop reason and usage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.types import Usage
from ...responses import Finished
from .answer_parts import End
from .context import MessagesContext

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
    """Return the usage of a message: the three input figures add up to what the upstream counted as input.

    Every field of the schema is there: those of which nothing is known are null.
    """
    cached = min(usage.cached, usage.input)
    written = min(usage.cache_write, usage.input - cached)
    return {
        "input_tokens": usage.input - cached - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning} if usage.reasoning else None,
        "server_tool_use": {"web_search_requests": searches, "web_fetch_requests": 0} if searches else None,
    }


def whole_usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return the usage of a whole message, which has fields more than that of `message_delta`."""
    return {**usage, "cache_creation": None, "inference_geo": None, "service_tier": None}


def message(context: MessagesContext, content: list[Any], end: End) -> dict[str, Any]:
    """Return the object of a message, whole or about to begin: every field of the schema is there."""
    return {
        "id": context.message_id,
        "type": "message",
        "role": "assistant",
        "model": context.model,
        "content": content,
        **stopped(end),
        "usage": whole_usage(end.usage),
    }


def stopped(end: End) -> dict[str, Any]:
    """Return the fields that say how a message ended, also the `delta` of `message_delta`."""
    return {
        "stop_reason": end.stop_reason or None,
        "stop_sequence": end.stop_sequence,
        "stop_details": end.stop_details,
        "container": None,
    }
