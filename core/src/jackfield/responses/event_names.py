"""Names of the Responses API's stream events that more than one reader of a stream asks for."""

from __future__ import annotations

OUTPUT = frozenset(
    {
        "response.output_text.delta",
        "response.refusal.delta",
        "response.function_call_arguments.delta",
        "response.custom_tool_call_input.delta",
        "response.reasoning_summary_text.delta",
        "response.reasoning_text.delta",
        "response.code_interpreter_call_code.delta",
        "response.mcp_call_arguments.delta",
    }
)
"""Events that carry output tokens."""

WHOLE = frozenset({"response.output_item.done"})
"""Events that carry output when a relay sends no deltas."""

TERMINAL = frozenset({"response.completed", "response.incomplete", "response.failed"})
"""Events that end a stream."""
