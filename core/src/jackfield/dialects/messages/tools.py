"""The tools of a Messages request and the choice among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import invalid_request
from ..request.fields import get_flag, get_list, get_object, get_text, join, need_text, objects
from ..request.names import NameMap
from ..request.schemas import is_strict_clean, repair
from .builtin_tools import describe

WEB_SEARCH = "web_search_"
_REFUSED = ("computer_", "browser_")
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


@dataclass(frozen=True, slots=True)
class Tools:
    """What is offered upstream: the tools, and the client's names of the functions and of the web search ("": none)."""

    offered: list[dict[str, Any]]
    functions: frozenset[str]
    search: str = ""


def read_tools(request: Mapping[str, Any], names: NameMap) -> Tools:
    """Return the tools in the client's order; of two with one name the first.

    Deferred tools are functions like the others. Tools that only Anthropic's servers run are left out, except web
    search, which the upstream has too. Raises ClientError (400) naming the place that is wrong.
    """
    offered: list[dict[str, Any]] = []
    functions: set[str] = set()
    search = ""
    for tool, path in objects(get_list(request, "tools"), "tools"):
        kind = get_text(tool, "type", path)
        if kind.startswith(WEB_SEARCH):
            if not search:
                offered.append(_web_search(tool, path))
                search = get_text(tool, "name", path, "web_search")
        elif (function := _function(tool, kind, path)) and function["name"] not in functions:
            functions.add(function["name"])
            offered.append({**function, "name": names.to_upstream(function["name"])})
    return Tools(offered, frozenset(functions), search)


def _function(tool: Mapping[str, Any], kind: str, path: str) -> dict[str, Any] | None:
    """Return the tool as a function under the client's name; None for one that only Anthropic's servers can run."""
    if kind in ("", "custom") or "input_schema" in tool:
        return _client_tool(tool, path)
    if kind.startswith(_REFUSED):
        raise invalid_request(f"{path}.type: {kind} is not available through this proxy", f"{path}.type")
    return describe(kind, get_text(tool, "name", path))


def _client_tool(tool: Mapping[str, Any], path: str) -> dict[str, Any]:
    schema = repair(get_object(tool, "input_schema", path))
    function: dict[str, Any] = {"type": "function", "name": need_text(tool, "name", path)}
    if description := get_text(tool, "description", path):
        function["description"] = description
    function["parameters"] = schema
    # Anthropic's strict mode allows optional properties, OpenAI's refuses them.
    function["strict"] = get_flag(tool, "strict", path) and is_strict_clean(schema)
    return function


def _web_search(tool: Mapping[str, Any], path: str) -> dict[str, Any]:
    search: dict[str, Any] = {"type": "web_search"}
    domains = [domain for domain in get_list(tool, "allowed_domains", path) if isinstance(domain, str)]
    if domains:
        search["filters"] = {"allowed_domains": domains}
    location = _location(tool, path)
    if location:
        search["user_location"] = {"type": "approximate", **location}
    return search


def _location(tool: Mapping[str, Any], path: str) -> dict[str, str]:
    place = join(path, "user_location")
    location = get_object(tool, "user_location", path)
    found = {key: get_text(location, key, place) for key in ("city", "region", "country", "timezone")}
    return {key: value for key, value in found.items() if value}


def read_choice(request: Mapping[str, Any], tools: Tools, names: NameMap) -> dict[str, Any]:
    """Return `tool_choice` and `parallel_tool_calls` of the Responses request; nothing where no tool is offered.

    Raises ClientError (400) when the choice is a tool that is not offered.
    """
    given = request.get("tool_choice")
    choice = {"type": given} if isinstance(given, str) else get_object(request, "tool_choice")
    parallel = not get_flag(choice, "disable_parallel_tool_use", "tool_choice")
    kind = get_text(choice, "type", "tool_choice", "auto")
    if not tools.offered:
        return {}
    chosen = _named(choice, tools, names) if kind == "tool" else _CHOICES.get(kind, "auto")
    return {"tool_choice": chosen, "parallel_tool_calls": parallel}


def _named(choice: Mapping[str, Any], tools: Tools, names: NameMap) -> dict[str, str]:
    name = need_text(choice, "name", "tool_choice")
    if name in tools.functions:
        return {"type": "function", "name": names.to_upstream(name)}
    if name == tools.search:
        return {"type": "web_search"}
    raise invalid_request(f"tool_choice.name: no tool named {name!r} is offered", "tool_choice.name")


def tool_names(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield every tool name in a request: of its tools, of the calls in its history. Malformed ones are passed over."""
    for tool in _dicts(request.get("tools")):
        if isinstance(name := tool.get("name"), str):
            yield name
    for message in _dicts(request.get("messages")):
        for block in _dicts(message.get("content")):
            if block.get("type") == "tool_use" and isinstance(name := block.get("name"), str):
                yield name


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (inner for inner in value if isinstance(inner, dict))
