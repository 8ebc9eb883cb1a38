"""Judging a streamed answer as its client would: by the SDK's typed models, and by the rules its helpers rely on.

One module per dialect. Each imports its SDK (`openai`, `anthropic`) when it is first used; only tests need them.
"""

from __future__ import annotations

from .validate_chat import ChatAnswer, validate_chat_stream, validate_completion
from .validate_messages import MessagesAnswer, validate_message, validate_messages_stream
from .validate_responses import validate_response, validate_responses_stream

__all__ = [
    "ChatAnswer",
    "MessagesAnswer",
    "validate_chat_stream",
    "validate_completion",
    "validate_message",
    "validate_messages_stream",
    "validate_response",
    "validate_responses_stream",
]
