"""What becomes of each part of a Responses request: the lists for `dialects.known`.

Client and upstream speak the same language, so nearly everything passes; what an upstream of subscriptions refuses is
left out by its executor, and what only a store could serve is a 400. A name of tomorrow passes too.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..known import Known, refused, translated, where_taken

_PASSES = translated("passes as it is")
_LIMIT = where_taken("max_output_tokens", "else kept to here, in visible tokens")
_STORED = refused("is not supported, because nothing is stored for it; send the whole conversation in 'input'")

PARAMETERS: Mapping[str, Known] = {
    "model": translated("the model of that name"),
    "input": translated("`input`; a string is one user message"),
    "instructions": translated("`instructions`; empty ones go to a ChatGPT account's backend alone"),
    "previous_response_id": translated("the conversation, from the memory of recent answers; else a 400"),
    "include": translated("yours, and `reasoning.encrypted_content`"),
    "reasoning": translated("`reasoning`, with the effort of the name, the alias or the provider where it names none"),
    "prompt_cache_key": translated("`prompt_cache_key`; one is made where there is none"),
    "stream": translated("the form of the answer"),
    "store": translated("whether the answer is remembered here; the upstream is always told `false`"),
    "access_programs": _PASSES,
    "background_options": _PASSES,
    "image": _PASSES,
    "max_tool_calls": _PASSES,
    "moderation": _PASSES,
    "parallel_tool_calls": _PASSES,
    "safety_identifier": _PASSES,
    "service_tier": _PASSES,
    "text": _PASSES,
    "tool_choice": _PASSES,
    "tools": _PASSES,
    "top_logprobs": _PASSES,
    "messages": translated("as `input`, where there is none; both at once are a 400"),
    "response_format": translated("`text.format`, where that is free"),
    "reasoning_effort": translated("`reasoning.effort`, where that is free"),
    "verbosity": translated("`text.verbosity`, where that is free"),
    "background": refused("is not supported; ask with stream: true, or wait for the answer"),
    "logprobs": refused('is for Chat; send top_logprobs and include: ["message.output_text.logprobs"] instead'),
    "conversation": _STORED,
    "prompt": _STORED,
    "context_management": where_taken("context_management"),
    "max_output_tokens": _LIMIT,
    "max_completion_tokens": _LIMIT,
    "max_tokens": _LIMIT,
    "temperature": where_taken("temperature"),
    "top_p": where_taken("top_p"),
    "truncation": where_taken("truncation"),
    "metadata": where_taken("metadata"),
    "stream_options": where_taken("stream_options"),
    "user": where_taken("user"),
    "prompt_cache_options": where_taken("prompt_cache_options"),
    "prompt_cache_retention": where_taken("prompt_cache_retention"),
}

ITEMS: Mapping[str, Known] = {
    "message": translated("passes; the role `system` becomes `developer`"),
    "item_reference": translated("the item, from the memory of recent answers; else a 400"),
    "reasoning": translated(
        "passes with its `encrypted_content`, from the memory of recent answers where it came without; else left out"
    ),
    "additional_tools": _PASSES,
    "apply_patch_call": _PASSES,
    "apply_patch_call_output": _PASSES,
    "code_interpreter_call": _PASSES,
    "compaction": _PASSES,
    "compaction_trigger": _PASSES,
    "computer_call": _PASSES,
    "computer_call_output": _PASSES,
    "configuration_update": _PASSES,
    "custom_tool_call": _PASSES,
    "custom_tool_call_output": _PASSES,
    "file_search_call": _PASSES,
    "function_call": _PASSES,
    "function_call_output": _PASSES,
    "image_generation_call": _PASSES,
    "local_shell_call": _PASSES,
    "local_shell_call_output": _PASSES,
    "mcp_approval_request": _PASSES,
    "mcp_approval_response": _PASSES,
    "mcp_call": _PASSES,
    "mcp_list_tools": _PASSES,
    "program": _PASSES,
    "program_output": _PASSES,
    "shell_call": _PASSES,
    "shell_call_output": _PASSES,
    "tool_search_call": _PASSES,
    "tool_search_output": _PASSES,
    "web_search_call": _PASSES,
}

PARTS: Mapping[str, Known] = dict.fromkeys(
    ("input_text", "input_image", "input_file", "output_text", "refusal"), _PASSES
) | dict.fromkeys(("text", "image_url", "file"), translated("Chat's parts, in the words of this API"))

TOOLS: Mapping[str, Known] = {
    "apply_patch": _PASSES,
    "code_interpreter": _PASSES,
    "computer": _PASSES,
    "computer_use_preview": _PASSES,
    "custom": _PASSES,
    "file_search": _PASSES,
    "function": _PASSES,
    "image_generation": _PASSES,
    "local_shell": _PASSES,
    "mcp": _PASSES,
    "namespace": _PASSES,
    "programmatic_tool_calling": _PASSES,
    "shell": _PASSES,
    "tool_search": _PASSES,
    "web_search*": _PASSES,
}
