"""Tools and tool choice: Chat nests each tool in an object named after its type, Responses is flat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeGuard

from ...model.errors import invalid_request
from ..known import UNKNOWN_TOOL, find, refusal
from ..translate.fields import (
    get_flag,
    get_list,
    get_object,
    get_text,
    join,
    missing,
    need_list,
    need_object,
    need_text,
    objects,
)
from ..translate.schemas import remark, repair
from .known import TOOLS

Tool: TypeAlias = dict[str, Any]

_CHOICES: Mapping[str, str] = {"none": "none", "auto": "auto", "required": "required", "any": "required"}
_CALLED = ("function", "custom")
_UNNAMED = ""
_SEARCH = ("search_context_size", "user_location", "filters")


def read_tools(request: Mapping[str, Any]) -> list[Tool]:
    """Return the request's tools, flat: `tools`, the older `functions`, and a search where `web_search_options` ask.

    Of several tools of one name the first counts, since the upstream wants names to be unique. Raises ClientError (400)
    for a tool of a type that Chat has no words for.
    """
    tools: dict[str, Tool] = {}
    for tool in (*_declared(request), *_functions(request), *_search_of_options(request)):
        tools.setdefault(tool.get("name", _UNNAMED), tool)
    return list(tools.values())


def _declared(request: Mapping[str, Any]) -> Iterator[Tool]:
    for tool, path in objects(get_list(request, "tools"), "tools"):
        kind = get_text(tool, "type", path, "function")
        if kind in _CALLED:
            yield flat(tool, path)
        elif kind.startswith("web_search"):
            yield {"type": "web_search", **{key: tool[key] for key in _SEARCH if tool.get(key) is not None}}
        else:
            raise refusal(join(path, "type"), find(TOOLS, kind) or UNKNOWN_TOOL, kind)


def is_nested(tool: object) -> TypeGuard[Tool]:
    """Return True for a tool, or a choice of one, in an object that is named after its type."""
    return isinstance(tool, dict) and tool.get("type") in _CALLED and isinstance(tool.get(tool["type"]), dict)


def flat(tool: Mapping[str, Any], path: str) -> Tool:
    """Return a function or a custom tool in its flat form. Raises ClientError (400) naming the place that is wrong."""
    if tool.get("type") == "custom":
        return _custom(*_inner(tool, "custom", path))
    function, place = _inner(tool, "function", path)
    return _function({"strict": tool.get("strict"), **function}, place)


def _functions(request: Mapping[str, Any]) -> Iterator[Tool]:
    for function, path in objects(get_list(request, "functions"), "functions"):
        yield _function(function, path)


def _inner(tool: Mapping[str, Any], kind: str, path: str) -> tuple[Mapping[str, Any], str]:
    """Return the object that describes the tool; some clients send it flat."""
    if kind not in tool and "name" in tool:
        return tool, path
    return need_object(tool, kind, path), join(path, kind)


def _function(function: Mapping[str, Any], path: str) -> Tool:
    given = get_object(function, "parameters", path)
    schema = repair(given)
    tool = _named("function", function, path)
    if description := remark(tool.get("description", ""), given, schema):
        tool["description"] = description
    return {**tool, "parameters": schema, "strict": get_flag(function, "strict", path)}


def _custom(custom: Mapping[str, Any], path: str) -> Tool:
    tool = _named("custom", custom, path)
    given = get_object(custom, "format", path)
    if not given:
        return tool
    grammar = get_object(given, "grammar", join(path, "format"))
    return {**tool, "format": {**{key: value for key, value in given.items() if key != "grammar"}, **grammar}}


def _named(kind: str, described: Mapping[str, Any], path: str) -> Tool:
    tool = {"type": kind, "name": need_text(described, "name", path)}
    description = get_text(described, "description", path)
    return {**tool, "description": description} if description else tool


def _search_of_options(request: Mapping[str, Any]) -> Iterator[Tool]:
    """Yield the search tool that `web_search_options` mean, which may be an empty object."""
    if request.get("web_search_options") is None:
        return
    options = need_object(request, "web_search_options")
    tool: Tool = {"type": "web_search"}
    size = get_text(options, "search_context_size", "web_search_options")
    if size:
        tool["search_context_size"] = size
    location = get_object(options, "user_location", "web_search_options")
    if location:
        place = "web_search_options.user_location"
        tool["user_location"] = {**get_object(location, "approximate", place), "type": "approximate"}
    yield tool


def read_choice(request: Mapping[str, Any], tools: Sequence[Tool]) -> str | Tool | None:
    """Return the tool choice, flat; None where the request has none.

    Raises ClientError (400) for a word that is none, and for a tool that is not among `tools`, the request's own.
    """
    key = "tool_choice" if request.get("tool_choice") is not None else "function_call"
    given = request.get(key)
    if given is None:
        return None
    if type(given) is str:
        return _word(given, key)
    choice = need_object(request, key)
    kinds = {tool.get("name", _UNNAMED): tool["type"] for tool in tools}
    if key == "function_call":
        return _by_name(choice, key, kinds)
    if get_text(choice, "type", key, "function") == "allowed_tools":
        return _allowed(choice, key, kinds)
    if (word := _CHOICES.get(get_text(choice, "type", key, "function"))) is not None:
        return word
    return _chosen(choice, key, kinds)


def _word(given: str, key: str) -> str:
    if given not in _CHOICES:
        raise invalid_request(f"{key}: must be one of {', '.join(_CHOICES)}, or name a tool", key)
    return _CHOICES[given]


def _allowed(choice: Mapping[str, Any], path: str, kinds: Mapping[str, str]) -> Tool:
    given = get_object(choice, "allowed_tools", path)
    allowed, place = (given, join(path, "allowed_tools")) if given else (choice, path)
    entries = objects(need_list(allowed, "tools", place), join(place, "tools"))
    tools = [_chosen(entry, where, kinds) for entry, where in entries]
    if not tools:
        raise missing(join(place, "tools"))
    return {"type": "allowed_tools", "mode": get_text(allowed, "mode", place) or "auto", "tools": tools}


def _chosen(choice: Mapping[str, Any], path: str, kinds: Mapping[str, str]) -> Tool:
    kind = get_text(choice, "type", path, "function")
    if kind in _CALLED:
        return _by_name(*_inner(choice, kind, path), kinds)
    if kind.startswith("web_search") and _UNNAMED in kinds:
        return {"type": "web_search"}
    raise invalid_request(f"{join(path, 'type')}: no tool of the request is of the type {kind!r}", join(path, "type"))


def _by_name(chosen: Mapping[str, Any], path: str, kinds: Mapping[str, str]) -> Tool:
    name = need_text(chosen, "name", path)
    if name not in kinds:
        raise invalid_request(f"{join(path, 'name')}: no tool of the request has this name", join(path, "name"))
    return {"type": kinds[name], "name": name}
