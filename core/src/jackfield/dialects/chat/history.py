"""The conversation: Chat messages as Responses input items."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from ...model.errors import invalid_request
from ...responses import wellformed
from ...responses.json_limits import is_too_costly
from ...responses.values import arguments_of
from ..known import find, refusal, refused
from ..translate.fields import get_list, get_object, get_text, join, need_object, need_text, objects
from ..translate.names import call_id
from ..translate.pairing import repair
from ..translate.reading import too_many_marks
from .content import Part, assistant_parts, text_parts, user_parts
from .known import FIELDS, ITEMS

Item: TypeAlias = dict[str, Any]
Message: TypeAlias = Mapping[str, Any]


def read_history(messages: Sequence[Any], customs: frozenset[str], place: str = "messages") -> list[Item]:
    """Return the input items of a conversation, with calls and outputs paired; tool names are still the client's own.

    `customs` names the request's custom tools: a streamed answer can show their calls only as function calls, so that
    is how they may come back. Raises ClientError (400) naming the place that is wrong.
    """
    history = _History(customs)
    for message, path in objects(list(messages), place):
        _reader(message, path)(history, message, path)
    return repair(history.items)


def _reader(message: Message, path: str) -> Callable[[_History, Message, str], None]:
    """Return who reads a message, by its role, or an item of the Responses API, by its type."""
    kind = get_text(message, "type", path, "message")
    if (reader := _ITEMS.get(kind)) is not None:
        return reader
    if kind != "message" and "role" not in message:
        entry = find(ITEMS, kind) or refused(f"must be one of {', '.join(ITEMS)}")
        raise refusal(join(path, "type"), entry, kind)
    role = need_text(message, "role", path)
    if (speaker := _READERS.get(role)) is None:
        where = join(path, "role")
        raise invalid_request(f"{where}: must be one of {', '.join(_READERS)}", where)
    return speaker


@dataclass(slots=True)
class _Call:
    """A call, and whether its result came. `id` is what the upstream is told, `named` if the client gave it one."""

    id: str
    name: str
    named: bool
    answered: bool = False


class _Waiting:
    """The calls of one turn that have no result yet, in several lines: every question is answered by a line's head.

    Whoever was answered leaves the other lines when their turn comes, so a turn costs what it has of calls and results.
    """

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], deque[_Call]] = {}

    def add(self, call: _Call) -> None:
        """Let a call wait for its result."""
        own = ("id", call.id) if call.named else ("unnamed", "")
        for line in (own, ("name", call.name), ("any", "")):
            self._lines.setdefault(line, deque()).append(call)

    def meant(self, given_id: str, name: str) -> _Call | None:
        """Return the call that a result is for: by its id, else by the tool's name, else the first that waits."""
        if given_id:
            return self._first("id", call_id(given_id)) or self._first("unnamed")
        return (self._first("name", name) if name else None) or self._first("any")

    def _first(self, kind: str, key: str = "") -> _Call | None:
        line = self._lines.get((kind, key))
        while line and line[0].answered:
            line.popleft()
        return line[0] if line else None


@dataclass(slots=True)
class _History:
    """The items so far, and the calls of the latest assistant turn that have no result yet.

    `heard` is True when the user's side has spoken since: the next assistant message begins a new turn.
    """

    customs: frozenset[str]
    items: list[Item] = field(default_factory=list)
    waiting: _Waiting = field(default_factory=_Waiting)
    invented: int = 0
    heard: bool = False

    def say(self, role: str, parts: list[Part]) -> None:
        """Add a message; one without parts says nothing and is left out."""
        if parts:
            self.items.append({"type": "message", "role": role, "content": parts})
            self.heard = self.heard or role != "assistant"

    def call(self, given_id: str, name: str, item: Item) -> None:
        """Add a call, with an invented id where the client gave none."""
        if self.heard:
            self.waiting = _Waiting()
            self.heard = False
        if not given_id:
            self.invented += 1
        called = _Call(call_id(given_id) if given_id else f"call_unnamed_{self.invented}", name, bool(given_id))
        self.waiting.add(called)
        self.items.append({**item, "call_id": called.id})

    def answer(self, given_id: str, name: str, output: str | list[Part]) -> None:
        """Add a result for the call that it means."""
        found = self.waiting.meant(given_id, name)
        if found is not None:
            found.answered = True
        target = found.id if found else call_id(given_id or "call_unknown")
        self.items.append({"type": "function_call_output", "call_id": target, "output": output})
        self.heard = True


def _developer(history: _History, message: Message, path: str) -> None:
    history.say("developer", text_parts(message.get("content"), join(path, "content")))


def _user(history: _History, message: Message, path: str) -> None:
    history.say("user", user_parts(message.get("content"), join(path, "content")))


def _assistant(history: _History, message: Message, path: str) -> None:
    if message.get("audio") is not None:
        raise refusal(join(path, "audio"), FIELDS["audio"])
    parts = assistant_parts(message.get("content"), join(path, "content"))
    if declined := get_text(message, "refusal", path):
        parts.append({"type": "refusal", "refusal": declined})
    history.say("assistant", parts)
    calls = list(objects(get_list(message, "tool_calls", path), join(path, "tool_calls")))
    legacy = get_object(message, "function_call", path)
    for call, place in calls:
        _call(history, call, place)
    if legacy and not calls:
        _function_call(history, "", legacy, join(path, "function_call"))


def _call(history: _History, call: Message, path: str) -> None:
    given_id = get_text(call, "id", path)
    if get_text(call, "type", path) == "custom" or ("custom" in call and "function" not in call):
        custom, place = need_object(call, "custom", path), join(path, "custom")
        _custom_call(history, given_id, need_text(custom, "name", place), get_text(custom, "input", place))
    else:
        _function_call(history, given_id, need_object(call, "function", path), join(path, "function"))


def _function_call(history: _History, given_id: str, function: Message, path: str) -> None:
    """Add a function call, or a custom one that came back in the form in which a stream shows it."""
    name = need_text(function, "name", path)
    given = function.get("arguments")
    arguments = arguments_of(given) if type(given) is dict else get_text(function, "arguments", path)
    if name in history.customs:
        _custom_call(history, given_id, name, arguments)
        return
    history.call(given_id, name, {"type": "function_call", "name": name, "arguments": _json_text(arguments)})


def _json_text(arguments: str) -> str:
    """Return arguments that parse: a call that was cut keeps its text, empty ones are an empty object.

    Raises ClientError (413) for arguments that would cost too much to look at: inside a string the body's own bound
    does not see them.
    """
    if not arguments.strip():
        return "{}"
    data = arguments.encode()
    if is_too_costly(data):
        raise too_many_marks("a call's arguments")
    for written in (data, wellformed.mend(data)):
        with suppress(orjson.JSONDecodeError):
            orjson.loads(written)
            return written.decode()
    return orjson.dumps({"_raw": arguments}).decode()


def _custom_call(history: _History, given_id: str, name: str, text: str) -> None:
    history.call(given_id, name, {"type": "custom_tool_call", "name": name, "input": text})


def _tool(history: _History, message: Message, path: str) -> None:
    output = _output(message, path)
    history.answer(get_text(message, "tool_call_id", path), get_text(message, "name", path), output)


def _function(history: _History, message: Message, path: str) -> None:
    history.answer("", get_text(message, "name", path), _output(message, path))


def _output(message: Message, path: str, field: str = "content") -> str | list[Part]:
    """Return a tool's result: one string where it is text only, else its parts."""
    parts = user_parts(message.get(field), join(path, field))
    if all(part["type"] == "input_text" for part in parts):
        return "\n".join(part["text"] for part in parts)
    return parts


def _call_item(history: _History, item: Message, path: str) -> None:
    _function_call(history, get_text(item, "call_id", path), item, path)


def _custom_call_item(history: _History, item: Message, path: str) -> None:
    name, text = need_text(item, "name", path), get_text(item, "input", path)
    _custom_call(history, get_text(item, "call_id", path), name, text)


def _output_item(history: _History, item: Message, path: str) -> None:
    history.answer(get_text(item, "call_id", path), "", _output(item, path, "output"))


def _reasoning_item(history: _History, item: Message, path: str) -> None:
    if encrypted := get_text(item, "encrypted_content", path):
        summary = get_list(item, "summary", path)
        history.items.append({"type": "reasoning", "summary": summary, "encrypted_content": encrypted})


_ITEMS: Mapping[str, Callable[[_History, Message, str], None]] = {
    "function_call": _call_item,
    "custom_tool_call": _custom_call_item,
    "function_call_output": _output_item,
    "custom_tool_call_output": _output_item,
    "reasoning": _reasoning_item,
}

_READERS: Mapping[str, Callable[[_History, Message, str], None]] = {
    "system": _developer,
    "developer": _developer,
    "user": _user,
    "assistant": _assistant,
    "tool": _tool,
    "function": _function,
}
