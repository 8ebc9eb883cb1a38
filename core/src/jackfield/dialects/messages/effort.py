"""How hard the model shall think, and whether it tells its thoughts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...effort import EFFORTS
from ..request.fields import get_number, get_object, get_text

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
    effort = _named(request) or _implied(thinking, kind)
    if effort:
        wanted["effort"] = effort
    if kind in _THINKING and get_text(thinking, "display", "thinking") != "omitted":
        wanted["summary"] = "auto"
    return wanted


def _named(request: Mapping[str, Any]) -> str:
    """Return `output_config.effort`; "" when it is absent or a word that nobody knows."""
    effort = get_text(get_object(request, "output_config"), "effort", "output_config").lower()
    return effort if effort in EFFORTS else ""


def _implied(thinking: Mapping[str, Any], kind: str) -> str:
    budget = get_number(thinking, "budget_tokens", "thinking")
    if kind == "disabled":
        return "low"
    if kind != "enabled" or budget is None:
        return ""
    return next((effort for limit, effort in _BUDGETS if budget < limit), "high")
