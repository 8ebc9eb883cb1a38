"""Reading a Chat Completions request: what it becomes as a Responses request, and what its answer must know of it.

Nothing is forwarded that is not named here; `known.py` lists what is refused and what makes no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...model.errors import invalid_request
from ..base import Parsed
from ..known import refuse
from ..stops import read_stops
from ..translate.exact import keep_digits
from ..translate.fields import get_flag, get_text, need_text
from ..translate.names import NameMap
from ..translate.reading import read_object
from ..translate.sampling import read_limit, sampling
from .context import ChatContext
from .history import read_history
from .known import PARAMETERS
from .leading import instructions
from .settings import (
    cache_key,
    read_bookkeeping,
    read_reasoning,
    read_text,
    refuse_impossible,
    wants_usage,
)
from .shapes import as_chat, conversation
from .tools import read_choice, read_tools

_ALWAYS: Mapping[str, Any] = {"include": ["reasoning.encrypted_content"], "store": False, "stream": True}


def parse(body: bytes) -> Parsed:
    """Read the request. Raises ClientError (400) that names the place which is wrong."""
    request = read_object(body)
    model, stream = need_text(request, "model"), get_flag(request, "stream")
    keep_digits(request, body, ("tools", "functions", "response_format", "text"))
    request = as_chat(request)
    messages, field = conversation(request)
    refuse(PARAMETERS, request)
    refuse_impossible(request)
    tools = read_tools(request)
    items = read_history(messages, frozenset(tool["name"] for tool in tools if tool["type"] == "custom"), field)
    if not items:
        raise invalid_request(f"{field}: there is nothing in them to answer", field)
    items = [*_message("developer", get_text(request, "instructions")), *items]
    choice = read_choice(request, tools)
    names = _rename(items, tools, choice)
    key = cache_key(request, items)
    context = ChatContext(
        model=model,
        names=names,
        stops=read_stops(request.get("stop"), "stop"),
        include_usage=wants_usage(request),
        legacy=bool(request.get("functions")) and not request.get("tools"),
    )
    text = read_text(request, items)
    led, rest = instructions(items, text)
    limit = read_limit(request, "max_completion_tokens", "max_tokens", "max_output_tokens")
    upstream = {
        "instructions": led,
        "input": rest,
        **_tool_fields(request, tools, choice, context),
        **_optional("text", text),
        "reasoning": read_reasoning(request),
        "prompt_cache_key": key,
        **sampling(request, limit),
        **read_bookkeeping(request),
        **_ALWAYS,
    }
    return Parsed(model, stream, upstream, key, context, size=len(body), limit=limit)


def _tool_fields(
    request: Mapping[str, Any], tools: Sequence[Any], choice: object, context: ChatContext
) -> dict[str, Any]:
    """Return the fields about tools; none of them without tools. An answer in the legacy form has room for one call."""
    parallel = get_flag(request, "parallel_tool_calls", default=True)
    if not tools:
        return {}
    fields: dict[str, Any] = {"tools": tools}
    if choice is not None:
        fields["tool_choice"] = choice
    if request.get("parallel_tool_calls") is not None or context.legacy:
        fields["parallel_tool_calls"] = parallel and not context.legacy
    return fields


def _message(role: str, text: str) -> list[dict[str, Any]]:
    return [{"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}] if text else []


def _optional(key: str, value: object) -> dict[str, Any]:
    return {key: value} if value else {}


def _rename(items: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], choice: object) -> NameMap:
    """Give every tool a name that the upstream accepts, in place, and return the way back."""
    named = [entry for entry in (*items, *tools, *_choices(choice)) if "name" in entry]
    names = NameMap.of(entry["name"] for entry in named)
    for entry in named:
        entry["name"] = names.to_upstream(entry["name"])
    return names


def _choices(choice: object) -> Iterator[dict[str, Any]]:
    if isinstance(choice, dict):
        yield choice
        yield from choice.get("tools", ())
