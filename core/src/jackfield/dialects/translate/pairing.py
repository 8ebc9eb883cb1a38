"""Calls and their outputs, put right.

The upstream refuses a history in which a call has no output, an output no call, or user text stands between the two.
Clients send such histories: after an interrupted turn, a compaction, a lost message, through a relay that counts its
ids anew each turn. `repair` gives every call exactly one output before the next user text, keeps what an output without
a call says as user text, and renames ids that were used before. What is right stays as it is. Only what came before
decides what an item becomes, so a conversation that grows keeps its beginning, and with it the upstream's prompt cache.

A history is seen as rounds: what the assistant says and calls, then what the user's side answers (outputs, user text,
developer text). A call is answered in its own round or not at all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .names import call_id

Item: TypeAlias = dict[str, Any]

INTERRUPTED = "[interrupted]"
"""The output of a call that nobody answered."""

ORPHAN = "[tool result without its call]"
"""Opens the user text that an output without a call becomes."""

_OUTPUT_OF = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
_OUTPUTS = frozenset(_OUTPUT_OF.values())
_USER_SIDE = frozenset({"user", "developer", "system"})


def repair(items: Sequence[Item]) -> list[Item]:
    """Return Responses input items with calls and outputs paired. Neither the sequence nor its items are changed.

    Calls and outputs must carry a `call_id`, outputs an `output`. An output takes the family (function, custom) of its
    call.
    """
    done: list[Item] = []
    ids = _Ids()
    for assistant, answers in _rounds(items):
        _add_round(done, ids, assistant, answers)
    return done


def _rounds(items: Iterable[Item]) -> Iterator[tuple[list[Item], list[Item]]]:
    """Cut the items into rounds: the assistant's items, then those of the user's side."""
    assistant: list[Item] = []
    answers: list[Item] = []
    for item in items:
        if item.get("type") in _OUTPUTS or item.get("role") in _USER_SIDE:
            answers.append(item)
            continue
        if answers:
            yield assistant, answers
            assistant, answers = [], []
        assistant.append(item)
    yield assistant, answers


@dataclass(slots=True)
class _Ids:
    """The ids of the history so far: those given to calls, and the last output seen for each id of the client."""

    used: set[str] = field(default_factory=set)
    answers: dict[str, object] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def give(self, original: str) -> str:
        """Return the id itself the first time, a numbered one after that."""
        name = original
        while name in self.used:
            count = self._counts.get(original, 1) + 1
            self._counts[original] = count
            name = call_id(f"{original}_{count}")
        self.used.add(name)
        return name


_Waiting: TypeAlias = dict[str, deque[Item]]
"""The calls of a round that have no output yet, by the id that the client gave them, in their order."""


def _add_round(done: list[Item], ids: _Ids, assistant: Iterable[Item], answers: Iterable[Item]) -> None:
    """Append a round: the assistant's items, the outputs, one for each call that has none, then the user's text."""
    waiting: _Waiting = {}
    for item in assistant:
        done.append(_call(item, ids, waiting) if item.get("type") in _OUTPUT_OF else item)
    after: list[Item] = []
    for item in answers:
        fixed = _answer(item, ids, waiting) if item.get("type") in _OUTPUTS else item
        if fixed is None:
            continue
        is_text = fixed.get("role") == "user" or (after and fixed.get("type") not in _OUTPUTS)
        (after if is_text else done).append(fixed)
    done += [_output(call, INTERRUPTED) for calls in waiting.values() for call in calls]
    done += after


def _call(item: Item, ids: _Ids, waiting: _Waiting) -> Item:
    original = str(item["call_id"])
    name = ids.give(original)
    call = item if name == original else {**item, "call_id": name}
    waiting.setdefault(original, deque()).append(call)
    return call


def _answer(item: Item, ids: _Ids, waiting: _Waiting) -> Item | None:
    """Return the output linked with its call; without a call, user text; None for one that was there before."""
    original = str(item["call_id"])
    calls = waiting.get(original)
    if calls:
        ids.answers[original] = item["output"]
        return _linked(item, calls.popleft())
    if original in ids.answers and ids.answers[original] == item["output"]:
        return None
    return _orphan(item["output"])


def _linked(item: Item, call: Mapping[str, Any]) -> Item:
    kind = _OUTPUT_OF[call["type"]]
    if item["type"] == kind and item["call_id"] == call["call_id"]:
        return item
    return {**item, "type": kind, "call_id": call["call_id"]}


def _output(call: Mapping[str, Any], text: str) -> Item:
    return {"type": _OUTPUT_OF[call["type"]], "call_id": call["call_id"], "output": text}


def _orphan(output: object) -> Item:
    """Return a user message that says what the output said."""
    parts = [{"type": "input_text", "text": ORPHAN}]
    if type(output) is list:
        parts += output
    elif output:
        parts.append({"type": "input_text", "text": str(output)})
    return {"type": "message", "role": "user", "content": parts}
