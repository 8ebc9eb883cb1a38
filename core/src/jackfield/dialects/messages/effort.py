"""How hard the model shall think, and whether it tells its thoughts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.effort import EFFORTS
from ..translate.fields import get_number, get_object, get_text, join

_BUDGETS = ((4096, "low"), (16384, "medium"))
_THINKING = ("enabled", "adaptive", "between_tools")


def reasoning(request: Mapping[str, Any]) -> dict[str, str]:
    """Return `reasoning` of the Responses request; empty when the client asks for nothing.

    `effort` is there only when the client named one, in words or as a budget of tokens; thinking that is disabled
    counts as `low`, which every model knows. `summary` is there when the client wants to see the thinking.
    """
    thinking = get_object(request, "thinking")
    kind = get_text(thinking, "type", "thinking")
    wanted: dict[str, str] = {}
    effort = _of_turn(request) or _named(request) or _implied(thinking, kind)
    if effort:
        wanted["effort"] = effort
    if kind in _THINKING and get_text(thinking, "display", "thinking") != "omitted":
        wanted["summary"] = "auto"
    return wanted


def _named(owner: Mapping[str, Any], path: str = "") -> str:
    """Return `output_config.effort`; "" when it is absent or a word that nobody knows."""
    effort = get_text(get_object(owner, "output_config", path), "effort", join(path, "output_config")).lower()
    return effort if effort in EFFORTS else ""


def _of_turn(request: Mapping[str, Any]) -> str:
    """Return the effort that a system message asks for in the turn at hand, the last one first; "" when none does.

    A turn goes back to what the user said last, and to the system messages right before that.
    """
    messages = request.get("messages")
    asked = False
    for number, message in reversed(list(enumerate(messages if isinstance(messages, list) else ()))):
        if not isinstance(message, dict):
            continue
        role = message.get("role")
        if role in ("system", "developer"):
            if effort := _named(message, f"messages[{number}]"):
                return effort
        elif asked:
            return ""
        else:
            asked = role == "user" and not _answers_tools(message.get("content"))
    return ""


def _answers_tools(content: object) -> bool:
    blocks = content if isinstance(content, list) else ()
    return any(isinstance(block, dict) and block.get("type") == "tool_result" for block in blocks)


def _implied(thinking: Mapping[str, Any], kind: str) -> str:
    budget = get_number(thinking, "budget_tokens", "thinking")
    if kind == "disabled":
        return "low"
    if kind != "enabled" or budget is None:
        return ""
    return next((effort for limit, effort in _BUDGETS if budget < limit), "high")
