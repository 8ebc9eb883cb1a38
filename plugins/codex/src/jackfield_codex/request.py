"""What a Codex-style upstream takes: the fields it insists on, without those it refuses.

Such upstreams stream only, store nothing, and answer 400 to parameters that the full API knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

REFUSED = frozenset(
    {
        "background",
        "context_management",
        "conversation",
        "max_completion_tokens",
        "max_output_tokens",
        "max_tokens",
        "metadata",
        "previous_response_id",
        "prompt",
        "prompt_cache_options",
        "prompt_cache_retention",
        "stream_options",
        "temperature",
        "top_p",
        "truncation",
        "user",
    }
)
"""Parameters that are left out: refused by such upstreams, or pointing to what nobody stored."""

ACCEPTABLE = frozenset(
    {
        "context_management",
        "max_output_tokens",
        "metadata",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "stream_options",
        "temperature",
        "top_p",
        "truncation",
        "user",
    }
)
"""Those that an upstream may take all the same: what a relay's `accepts` may name."""

_THEIR_OWN = frozenset({"safety_identifier"})
"""Sent where a client of the Responses API says it. Those of other APIs do not mean it for a subscription's backend."""

REASONING = "reasoning.encrypted_content"

_LOOKED_UP = frozenset({"message", "function_call", "custom_tool_call", "reasoning"})
"""Items whose `id` an upstream would look up in its store, where it is not."""


def left_out(dialect: str, accepts: Set[str] = frozenset()) -> Set[str]:
    """Return the parameters that an upstream is not sent which takes, beyond what all take, those in `accepts`."""
    return (REFUSED if dialect == "responses" else REFUSED | _THEIR_OWN) - accepts


def normalised(
    body: Mapping[str, Any], session: str, *, instructions: bool = False, without: Set[str] = REFUSED
) -> dict[str, Any]:
    """Return the request as such an upstream wants it, with nothing that it can do without.

    `session` is the cache key if the request brings none. `instructions`: the field must be there, as a ChatGPT
    account's backend insists; others refuse an empty one, so it goes to nobody else. `without`: what is left
    out, see `left_out`.
    """
    request = {key: value for key, value in body.items() if key not in without}
    request["stream"] = True
    request["store"] = False
    own = request.pop("instructions", None)
    if (isinstance(own, str) and own) or instructions:
        request["instructions"] = own if isinstance(own, str) else ""
    included = request.get("include")
    wanted = included if isinstance(included, list) else []
    request["include"] = wanted if REASONING in wanted else [*wanted, REASONING]
    if session and not request.get("prompt_cache_key"):
        request["prompt_cache_key"] = session
    items = request.get("input")
    if isinstance(items, list):
        request["input"] = [_item(item) for item in items if not _is_lost(item)]
    return request


def _is_lost(item: Any) -> bool:
    """True for what only the upstream's store could complete."""
    if not isinstance(item, dict):
        return False
    kind = item.get("type")
    return kind == "item_reference" or (kind == "reasoning" and not item.get("encrypted_content"))


def _item(item: Any) -> Any:
    """Return an input item without what would be looked up, with the role that the backend knows."""
    if not isinstance(item, dict):
        return item
    kind = item.get("type") or "message"
    looked_up = isinstance(kind, str) and kind in _LOOKED_UP
    changed = {key: value for key, value in item.items() if key != "id"} if looked_up else dict(item)
    if changed.get("role") == "system":
        changed["role"] = "developer"
    for field in ("content", "output"):
        if isinstance(changed.get(field), list):
            changed[field] = [_part(part) for part in changed[field]]
    return changed


def _part(part: Any) -> Any:
    if isinstance(part, dict) and "prompt_cache_breakpoint" in part:
        return {key: value for key, value in part.items() if key != "prompt_cache_breakpoint"}
    return part
