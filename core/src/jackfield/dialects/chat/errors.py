"""Failures on the Chat route: the envelope that both OpenAI dialects share."""

from __future__ import annotations

from ..openai_errors import envelope, reply

__all__ = ["envelope", "reply"]
