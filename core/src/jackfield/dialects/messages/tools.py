"""The tools of a Messages request and the choice among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...model.errors import invalid_request
from ..known import UNKNOWN_TOOL, Fate, find, refusal
from ..translate.fields import get_flag, get_list, get_object, get_text, join, need_text, objects
from ..translate.names import NameMap
from ..translate.schemas import is_strict_clean, remark, repair
from .builtin_tools import describe
from .known import TOOLS
from .tool_changes import Change, changes, defined

WEB_SEARCH = "web_search_"
PLACEHOLDER = "DeferredToolPlaceholder"
"""A deferred tool by which Claude Code keeps `tools` from being empty; its description says never to call it."""

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


@dataclass(frozen=True, slots=True)
class Tools:
    """What is offered upstream: the tools, and the client's names of the functions and of the web search ("": none)."""

    offered: list[dict[str, Any]]
    functions: frozenset[str]
    search: str = ""


def read_tools(request: Mapping[str, Any], names: NameMap) -> Tools:
    """Return the tools in the client's order, then those that the conversation adds; of two with one name the first.

    Deferred tools are functions like the others. Tools that only Anthropic's servers run are left out, except web
    search, which the upstream has too. Raises ClientError (400) naming the place that is wrong.
    """
    offer = _Offer(names)
    for tool, path in objects(get_list(request, "tools"), "tools"):
        offer.add(tool, path)
    for change in changes(request):
        offer.change(change)
    return offer.result()


class _Offer:
    """The tools so far, by the client's names, in their order; those that were withdrawn again; all names heard of."""

    def __init__(self, names: NameMap) -> None:
        self._names = names
        self._tools: dict[str, dict[str, Any]] = {}
        self._search = ""
        self._withdrawn: set[str] = set()
        self._heard: set[str] = set()

    def add(self, tool: Mapping[str, Any], path: str) -> None:
        """Offer a tool, unless one of its name is there, or nobody could run it."""
        kind, name = get_text(tool, "type", path), get_text(tool, "name", path)
        self._heard.add(name)
        if kind.startswith(WEB_SEARCH):
            if not self._search:
                self._search = name or "web_search"
                self._tools[self._search] = _web_search(tool, path)
            name = self._search
        elif function := _function(tool, kind, path):
            name = function["name"]
            if name not in self._tools:
                self._tools[name] = {**function, "name": self._names.to_upstream(name)}
        self._withdrawn.discard(name)

    def change(self, change: Change) -> None:
        """Let a tool come or go. Raises ClientError (400) for one that is to come and is nowhere defined."""
        if change.definition is not None:
            self.add(change.definition, change.path)
        elif change.removes:
            self._withdrawn.add(change.name)
        elif change.name in self._heard or change.name in self._tools:
            self._withdrawn.discard(change.name)
        else:
            raise invalid_request(f"{change.path}: no tool named {change.name!r} is defined before", change.path)

    def result(self) -> Tools:
        """Return what is offered. A tool that was withdrawn goes where none that stays comes after it.

        Others are left: without them `tools` would begin with other bytes, and the upstream's prompt cache be lost.
        """
        for name in reversed(list(self._tools)):
            if name not in self._withdrawn:
                break
            del self._tools[name]
        functions = self._tools.keys() - self._withdrawn - {self._search}
        search = self._search if self._search in self._tools and self._search not in self._withdrawn else ""
        return Tools(list(self._tools.values()), frozenset(functions), search)


def _function(tool: Mapping[str, Any], kind: str, path: str) -> dict[str, Any] | None:
    """Return the tool as a function under the client's name; None for one that only Anthropic's servers can run."""
    if kind in ("", "custom") or "input_schema" in tool:
        return None if _is_placeholder(tool) else _client_tool(tool, path)
    entry = find(TOOLS, kind) or UNKNOWN_TOOL
    if entry.fate is Fate.REFUSED:
        raise refusal(join(path, "type"), entry, kind)
    return describe(kind, get_text(tool, "name", path))


def _is_placeholder(tool: Mapping[str, Any]) -> bool:
    return tool.get("name") == PLACEHOLDER and tool.get("defer_loading") is True


def _client_tool(tool: Mapping[str, Any], path: str) -> dict[str, Any]:
    given = get_object(tool, "input_schema", path)
    schema = repair(given)
    function: dict[str, Any] = {"type": "function", "name": need_text(tool, "name", path)}
    if description := remark(get_text(tool, "description", path), given, schema):
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

    Raises ClientError (400) when the choice is a tool that is not offered, or of a kind that is not known here.
    """
    given = request.get("tool_choice")
    choice = {"type": given} if isinstance(given, str) else get_object(request, "tool_choice")
    parallel = not get_flag(choice, "disable_parallel_tool_use", "tool_choice")
    kind = get_text(choice, "type", "tool_choice", "auto")
    if kind != "tool" and kind not in _CHOICES:
        where = "tool_choice.type"
        raise invalid_request(f"{where}: must be one of {', '.join(_CHOICES)}, tool", where)
    chosen = _named(choice, tools, names) if kind == "tool" else _CHOICES[kind]
    if not tools.offered:
        return {}
    return {"tool_choice": chosen, "parallel_tool_calls": parallel}


def _named(choice: Mapping[str, Any], tools: Tools, names: NameMap) -> dict[str, str]:
    name = need_text(choice, "name", "tool_choice")
    if name in tools.functions:
        return {"type": "function", "name": names.to_upstream(name)}
    if name == tools.search:
        return {"type": "web_search"}
    raise invalid_request(f"tool_choice.name: no tool named {name!r} is offered", "tool_choice.name")


def tool_names(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield every tool name in a request: of its tools, of calls in its history. Malformed ones are passed over."""
    for tool in (*_dicts(request.get("tools")), *defined(request)):
        if isinstance(name := tool.get("name"), str):
            yield name
    for message in _dicts(request.get("messages")):
        for block in _dicts(message.get("content")):
            if block.get("type") == "tool_use" and isinstance(name := block.get("name"), str):
                yield name


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (inner for inner in value if isinstance(inner, dict))
