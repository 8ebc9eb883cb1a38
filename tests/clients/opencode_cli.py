"""How opencode is set up and read."""

from __future__ import annotations

from typing import Any

from .program import Ended

PACKAGES = ("@ai-sdk/openai", "@ai-sdk/openai-compatible", "@ai-sdk/anthropic")
"""What it speaks each dialect with: Responses, Chat, Messages."""
RUN = ("run", "--format", "json", "-m", "jackfield/gpt-5")


def settings(npm: str, base: str, key: str) -> dict[str, Any]:
    """Return its settings, whose provider `jackfield` is the proxy."""
    model = {
        "name": "GPT-5",
        "reasoning": True,
        "tool_call": True,
        "attachment": True,
        "modalities": {"input": ["text", "image"], "output": ["text"]},
        "limit": {"context": 272_000, "output": 128_000},
    }
    provider = {"npm": npm, "options": {"baseURL": base, "apiKey": key}, "models": {"gpt-5": model}}
    return {
        "provider": {"jackfield": provider},
        "share": "disabled",
        "permission": {"bash": "allow", "edit": "allow"},
    }


def said(ended: Ended) -> str:
    """Return what the agent said."""
    return "".join(event["part"]["text"] for event in ended.events if event["type"] == "text")
