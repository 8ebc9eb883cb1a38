"""What becomes of each part of a Chat Completions request: the lists for `dialects.known`.

`PARAMETERS` are those of the top level, `ROLES` and `ITEMS` what a conversation consists of, `PARTS` what may stand in
a message, `TOOLS` the types of tools, `FORMATS` those of answers, `FIELDS` the fields of messages, parts and tools. The
Responses API's names stand beside Chat's: clients mix the two, and what they mean is plain from the shape.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..known import Known, no_difference, refused, translated, where_taken

_SAMPLING = no_difference("the Responses API has no such parameter")
_LIMIT = where_taken("max_output_tokens", "else kept to here, in visible tokens")
_CACHE = no_difference("the upstream's prompt cache works without marks and wishes")
_STATE = refused("nothing is stored here; send the whole conversation in 'messages'")
_REMARK = no_difference("asks for a remark beside the answer")

PARAMETERS: Mapping[str, Known] = {
    "model": translated("the model of that name"),
    "messages": translated("`instructions`, `input`"),
    "input": translated("as `messages`, where there are none; both at once are a 400"),
    "instructions": translated("text in front of the conversation"),
    "tools": translated("`tools`"),
    "functions": translated("`tools`"),
    "tool_choice": translated("`tool_choice`"),
    "function_call": translated("`tool_choice`"),
    "parallel_tool_calls": translated("`parallel_tool_calls`"),
    "web_search_options": translated("the web search tool"),
    "response_format": translated("`text.format`"),
    "text": translated("`text`, where `response_format` and `verbosity` say nothing"),
    "verbosity": translated("`text.verbosity`"),
    "reasoning_effort": translated("`reasoning.effort`"),
    "reasoning": translated("`reasoning`; `reasoning_effort` goes first"),
    "service_tier": translated("`priority` and `fast` as `priority`; other values are left out"),
    "prompt_cache_key": translated("`prompt_cache_key`"),
    "stop": translated("enforced here"),
    "stream": translated("the form of the answer"),
    "stream_options": translated("whether a stream ends with its usage"),
    "n": translated("1; more are a 400"),
    "modalities": translated("text; audio is a 400"),
    "logprobs": refused("the probabilities of tokens are not told by the upstream; leave it out"),
    "top_logprobs": refused("the probabilities of tokens are not told by the upstream; leave it out"),
    "background": refused("answers are given at once or not at all, since nothing is stored here; leave it out"),
    "previous_response_id": _STATE,
    "conversation": _STATE,
    "prompt": _STATE,
    "max_completion_tokens": _LIMIT,
    "max_tokens": _LIMIT,
    "max_output_tokens": _LIMIT,
    "temperature": where_taken("temperature"),
    "top_p": where_taken("top_p"),
    "frequency_penalty": _SAMPLING,
    "presence_penalty": _SAMPLING,
    "logit_bias": _SAMPLING,
    "seed": _SAMPLING,
    "prediction": no_difference("would make the same answer come sooner"),
    "audio": no_difference("the voice of spoken answers, which `modalities` would have to ask for"),
    "moderation": _REMARK,
    "metadata": where_taken("metadata"),
    "store": no_difference("nothing is stored, and nothing could be fetched again"),
    "include": no_difference("what can be included is asked for always"),
    "user": where_taken("user"),
    "safety_identifier": where_taken("safety_identifier"),
    "prompt_cache_options": where_taken("prompt_cache_options"),
    "prompt_cache_retention": where_taken("prompt_cache_retention"),
}

ROLES: Mapping[str, Known] = {
    "system": translated("`instructions` at the beginning, a `developer` message later"),
    "developer": translated("`instructions` at the beginning, a `developer` message later"),
    "user": translated("a user's message"),
    "assistant": translated("an assistant's message, its calls"),
    "tool": translated("a call's output"),
    "function": translated("a call's output"),
}

ITEMS: Mapping[str, Known] = {
    "message": translated("by its role"),
    "function_call": translated("a call"),
    "function_call_output": translated("a call's output"),
    "custom_tool_call": translated("a call of a custom tool"),
    "custom_tool_call_output": translated("a call's output"),
    "reasoning": translated("reasoning, where its `encrypted_content` is there"),
    "item_reference": refused("nothing is stored here; send the item itself"),
}
"""Items of the Responses API, which may stand between messages. Other types are a 400 that names them."""

PARTS: Mapping[str, Known] = {
    "text": translated("text"),
    "input_text": translated("text"),
    "output_text": translated("text"),
    "refusal": translated("a refusal"),
    "image_url": translated("an image"),
    "input_image": translated("an image"),
    "file": translated("a file"),
    "input_file": translated("a file"),
    "input_audio": refused("audio input is not supported: the upstream's API has no part for it"),
    "thinking": no_difference("shown reasoning, which means nothing upstream"),
    "redacted_thinking": no_difference("shown reasoning, which means nothing upstream"),
    "reasoning": no_difference("shown reasoning, which means nothing upstream"),
    "reasoning_content": no_difference("shown reasoning, which means nothing upstream"),
}
"""Other parts, such as a video, become a note in their place."""

TOOLS: Mapping[str, Known] = {
    "function": translated("a function"),
    "custom": translated("a custom tool"),
    "web_search*": translated("the web search tool"),
    **dict.fromkeys(
        (
            "file_search",
            "code_interpreter",
            "computer*",
            "image_generation",
            "mcp",
            "local_shell",
            "shell",
            "apply_patch",
            "namespace",
            "tool_search",
            "programmatic_tool_calling",
        ),
        refused("Chat Completions has no words for what this tool says; use the Responses API"),
    ),
}

FORMATS: Mapping[str, Known] = {
    "text": translated("text"),
    "json_object": translated("an object; the conversation must say the word JSON"),
    "json_schema": translated("the schema, flat or in `json_schema`; without one a 400"),
}

CHOICES: Mapping[str, Known] = {
    "function": translated("that function"),
    "custom": translated("that tool"),
    "allowed_tools": translated("one of these tools"),
    "web_search*": translated("the web search"),
}

FIELDS: Mapping[str, Known] = {
    "type": translated("says what it is"),
    "role": translated("says who speaks"),
    "content": translated("what is said"),
    "text": translated("text"),
    "refusal": translated("a refusal"),
    "image_url": translated("the image's address or data, and its `detail`"),
    "file": translated("the file's data and name, or its id"),
    "tool_calls": translated("calls"),
    "function_call": translated("a call"),
    "tool_call_id": translated("`call_id`"),
    "function": translated("the function, one level flatter"),
    "custom": translated("the custom tool, one level flatter"),
    "input_audio": refused("audio input is not supported: the upstream's API has no part for it"),
    "audio": refused("an answer that was spoken is not here; send what was said as text"),
    "name": no_difference("the Responses API has no place for it; of a tool's result it says which call is meant"),
    "prompt_cache_breakpoint": _CACHE,
}
