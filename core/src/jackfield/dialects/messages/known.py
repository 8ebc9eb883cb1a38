"""What becomes of each part of a Messages request: the lists for `dialects.known`, the beta API's included.

`PARAMETERS` are those of the top level, `BLOCKS` what may stand in a message, `TOOLS` the types of tools, `FIELDS` the
fields of all of these and of what lies in them, as `owner.field` or, where it is the same everywhere, `field`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..known import Known, no_difference, refused, translated, where_taken

THREAD = "thread"
COMPACTION = "compaction"

_ANTHROPICS = no_difference("concerns Anthropic's own servers and accounts, which have no part in the answer")
_SERVERS = no_difference("only Anthropic's servers run it; the model is not told of it, and answers without")
_READABLE = translated("the text of the result")
_CACHE = no_difference("the upstream's prompt cache works without marks")

PARAMETERS: Mapping[str, Known] = {
    "model": translated("the model of that name, without marks such as `[1m]`"),
    "messages": translated("`input`"),
    "system": translated("`instructions`, without lines of accounting"),
    "tools": translated("`tools`"),
    "tool_choice": translated("`tool_choice`, `parallel_tool_calls`"),
    "thinking": translated("`reasoning`"),
    "output_config": translated("`reasoning.effort`, `text.format`"),
    "output_format": translated("`text.format`"),
    "stop_sequences": translated("enforced here"),
    "stream": translated("the form of the answer"),
    "metadata": translated(
        "`user_id`'s session becomes `prompt_cache_key`, a digest of the rest `safety_identifier` where the provider "
        "takes it"
    ),
    "speed": translated("`fast` is `service_tier: priority`"),
    THREAD: refused("conversations are not kept here: send the whole conversation in 'messages', without 'thread'"),
    COMPACTION: refused(
        "conversations cannot be summarized here; leave it out, and summarize with an ordinary request"
    ),
    "container": refused("containers of Anthropic's servers cannot be reached from here; leave it out"),
    "max_tokens": where_taken("max_output_tokens", "else kept to here, in visible tokens"),
    "temperature": where_taken("temperature"),
    "top_p": where_taken("top_p"),
    "top_k": no_difference("the Responses API has no such parameter"),
    "cache_control": _CACHE,
    "context_management": no_difference("the conversation goes up whole"),
    "diagnostics": no_difference("asks for a remark on Anthropic's cache"),
    "service_tier": no_difference("`auto` and `standard_only` name capacity at Anthropic"),
    "mcp_servers": _SERVERS,
    "fallbacks": no_difference("who takes over is decided by the configuration here"),
    "fallback_credit_token": _ANTHROPICS,
    "billing_policy": _ANTHROPICS,
    "inference_geo": _ANTHROPICS,
    "user_profile_id": _ANTHROPICS,
    "workspace_id": _ANTHROPICS,
    "betas": no_difference("what a beta brings is known by its fields; any name is accepted"),
}

BLOCKS: Mapping[str, Known] = {
    "text": translated("text"),
    "image": translated("an image, from base64 or a URL"),
    "document": translated("a file (PDF, URL), or its text"),
    "search_result": translated("its title, source and text"),
    "tool_use": translated("a call"),
    "tool_result": translated("the call's output"),
    "tool_reference": translated("a text that the tool is available"),
    "thinking": translated("reasoning, where the signature is ours"),
    "redacted_thinking": translated("reasoning, where the data is ours"),
    "compaction": translated("its summary as text in its place; null is nothing; its tool changes count"),
    "tool_addition": translated("a tool more, at the end of `tools`"),
    "tool_removal": translated("a tool less, where no tool that stays comes after it; else the tool is left"),
    "container_upload": translated("a note in its place"),
    "web_fetch_tool_result": _READABLE,
    "code_execution_tool_result": _READABLE,
    "bash_code_execution_tool_result": _READABLE,
    "text_editor_code_execution_tool_result": _READABLE,
    "tool_search_tool_result": _READABLE,
    "mcp_tool_result": _READABLE,
    "advisor_tool_result": _READABLE,
    "server_tool_use": no_difference("a question to a server, whose answer follows"),
    "mcp_tool_use": no_difference("a question to a server, whose answer follows"),
    "web_search_tool_result": no_difference("encrypted for Anthropic; the text that follows tells what was found"),
    "mcp_tool_listing": no_difference("tools of MCP servers, which are not offered here"),
    "browser_state": no_difference("for Anthropic's browser tools, which are refused"),
    "fallback": no_difference("marks where another model of Anthropic's took over"),
}

TOOLS: Mapping[str, Known] = {
    "custom": translated("a function"),
    "bash_*": translated("a function with the usual schema"),
    "text_editor_*": translated("a function with the usual schema"),
    "memory_*": translated("a function with the usual schema"),
    "web_search_*": translated("the upstream's web search"),
    "computer_*": refused("made for models that know it; not available through this proxy"),
    "browser_*": refused("made for models that know it; not available through this proxy"),
    "web_fetch_*": _SERVERS,
    "code_execution_*": _SERVERS,
    "tool_search_*": no_difference("deferred tools are offered at once"),
    "mcp_toolset": _SERVERS,
    "advisor_*": _SERVERS,
}

_NO_EQUAL = no_difference("a wish about how the tool is run that the upstream has no word for")

FIELDS: Mapping[str, Known] = {
    "type": translated("says what it is"),
    "role": translated("`role`; system and developer text stands at its place"),
    "content": translated("what it holds"),
    "text": translated("text"),
    "title": translated("a file's name, or a line above the text"),
    "context": translated("text in front of the file"),
    "source": translated("the image, file or text itself"),
    "data": translated("the data itself"),
    "url": translated("the address, which the upstream reads"),
    "media_type": translated("the kind of data; text/* becomes text"),
    "file_id": refused("files of the Files API cannot be read by the provider here; send the content as base64"),
    "id": translated("`call_id`"),
    "tool_use_id": translated("`call_id`"),
    "name": translated("the tool's name"),
    "tool_name": translated("the tool's name"),
    "input": translated("the call's arguments"),
    "is_error": translated("a mark in the output"),
    "signature": translated("encrypted reasoning, where it is ours"),
    "thinking": translated("the summary of the reasoning"),
    "tool": translated("the tool that comes or goes"),
    "definition": translated("as an entry of `tools`"),
    "tool_changes": translated("as `tool_addition` and `tool_removal`"),
    "clear_at": translated("`next_user_message`: the text goes once the user has spoken again"),
    "output_config": translated("the effort of this turn"),
    "description": translated("the tool's description"),
    "input_schema": translated("`parameters`, mended where the upstream would refuse it"),
    "strict": translated("`strict`, where the schema allows it"),
    "allowed_domains": translated("`filters.allowed_domains`"),
    "user_location": translated("`user_location`"),
    "cache_control": _CACHE,
    "citations": no_difference("the upstream cites by itself"),
    "transformations": no_difference("how large images are made to fit is the upstream's rule"),
    "caller": no_difference("tells that a model's program made the call; the call is the same"),
    "toolset_name": no_difference("the call is told by its name"),
    "encrypted_content": no_difference("encrypted for Anthropic; the summary is there in words"),
    "defer_loading": no_difference("deferred tools are offered at once; Claude Code's placeholder is left out"),
    "allowed_callers": _NO_EQUAL,
    "eager_input_streaming": _NO_EQUAL,
    "input_examples": _NO_EQUAL,
    "max_characters": _NO_EQUAL,
    "max_uses": _NO_EQUAL,
    "blocked_domains": _NO_EQUAL,
    "response_inclusion": _NO_EQUAL,
    "server_name": no_difference("MCP servers are not asked here"),
}
"""The fields of what is translated. What is left out or refused as a whole needs none."""

OUTPUT: Mapping[str, Known] = {
    "effort": translated("`reasoning.effort`"),
    "format": translated("`text.format`"),
    "task_budget": no_difference("advice to a model that knows of it"),
}
"""The fields of `output_config`."""

FORMATS: Mapping[str, Known] = {
    "json_schema": translated("`text.format`; without a schema a 400"),
    "text": no_difference("text is what there is without a format"),
}
"""The types of `output_config.format`."""

THINKING: Mapping[str, Known] = {
    "type": translated("whether to think"),
    "budget_tokens": translated("`reasoning.effort`"),
    "display": translated("`omitted` hides the text"),
    "block_binding": no_difference("foreign thinking is left out, ours is never checked here"),
}

CHANGES: Mapping[str, Known] = {
    "tool_definition": translated("a tool as in `tools`"),
    "tool_reference": translated("a tool of `tools`, or one that was defined before"),
    "mcp_tool_reference": _SERVERS,
    "mcp_toolset_reference": _SERVERS,
}
"""The types of `tool` in a tool_addition or tool_removal."""
