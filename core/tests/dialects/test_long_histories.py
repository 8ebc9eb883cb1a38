"""C3: what a history costs grows as its length does, whatever is in it and in whichever order.

Counted in steps of the interpreter, not in seconds: the same in every run, however busy the machine is.
"""

from __future__ import annotations

import ast
import dis
import linecache
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

import orjson
import pytest
from jackfield.dialects.base import Dialect
from jackfield.dialects.chat import ChatDialect
from jackfield.dialects.messages import MessagesDialect
from jackfield.dialects.responses import ResponsesDialect
from jackfield.dialects.responses.memory import Asked, Bounds, ResponseMemory
from jackfield.testing import FakeClock

JSON = dict[str, Any]
FEW, MANY = 60, 480
LINEAR = MANY / FEW
STEEPEST = 1.1 * LINEAR
"""How many more steps the long history may take: a quadratic one takes up to `LINEAR` squared."""


def chat(calls: list[JSON], results: list[JSON], **more: Any) -> JSON:
    called = [{"role": "assistant", "tool_calls": calls}] if calls else []
    return {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}, *called, *results], **more}


def chat_call(call_id: str, name: str = "read") -> JSON:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}


def chat_result(**fields: str) -> JSON:
    return {"role": "tool", "content": "done", **fields}


def backward(count: int) -> JSON:
    calls = [chat_call(f"call_{n}") for n in range(count)]
    return chat(calls, [chat_result(tool_call_id=f"call_{n}") for n in reversed(range(count))])


def by_name(count: int) -> JSON:
    calls = [chat_call(f"call_{n}", f"tool_{n}") for n in range(count)]
    return chat(calls, [chat_result(name=f"tool_{n}") for n in reversed(range(count))])


def by_order(count: int) -> JSON:
    return chat([chat_call(f"call_{n}") for n in range(count)], [chat_result() for _ in range(count)])


def fitting_nothing(count: int) -> JSON:
    calls = [chat_call(f"call_{n}") for n in range(count)]
    return chat(calls, [chat_result(tool_call_id=f"other_{n}") for n in range(count)])


def without_ids(count: int) -> JSON:
    calls = [chat_call("") for _ in range(count)]
    return chat(calls, [chat_result(tool_call_id=f"other_{n}", name="write") for n in range(count)])


def the_same_id(count: int) -> JSON:
    return chat([chat_call("call") for _ in range(count)], [chat_result(tool_call_id="call") for _ in range(count)])


def ids_that_look_numbered(count: int) -> JSON:
    calls = [chat_call(f"a_{n}") for n in range(count // 2)] + [chat_call("a") for _ in range(count // 2)]
    return chat(calls, [chat_result(tool_call_id="a") for _ in range(count)])


def long_names(count: int) -> JSON:
    calls = [chat_call(f"call {n} " + "x" * 80, f"tool {n} " + "y" * 80) for n in range(count)]
    return chat(calls, [chat_result(tool_call_id=f"call {n} " + "x" * 80) for n in reversed(range(count))])


def many_turns(count: int) -> JSON:
    turns: list[JSON] = []
    for n in range(count // 2):
        turns += [{"role": "assistant", "tool_calls": [chat_call(f"c{n % 7}")]}, chat_result(tool_call_id=f"c{n % 7}")]
    return chat([], turns)


def many_tools(count: int) -> JSON:
    tools = [{"type": "function", "function": {"name": f"tool {n % 2} {n}"}} for n in range(count)]
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": tools}}
    return chat([], [], tools=tools, tool_choice=choice)


def messages(count: int) -> JSON:
    ids = [f"toolu {n % (count - 3)}" for n in range(count)]
    uses = [
        {"type": "tool_use", "id": each, "name": f"tool {n} " + "z" * 70, "input": {}} for n, each in enumerate(ids)
    ]
    results = [{"type": "tool_result", "tool_use_id": each, "content": "done"} for each in reversed(ids)]
    turns = [{"role": "assistant", "content": uses}, {"role": "user", "content": results}]
    tools = [{"name": f"tool {n} " + "z" * 70, "input_schema": {}} for n in range(count)]
    return {"model": "gpt-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}, *turns], "tools": tools}


def responses(count: int) -> JSON:
    calls = [{"type": "function_call", "call_id": f"c{n}", "name": "f", "arguments": "{}"} for n in range(count)]
    outputs = [{"type": "function_call_output", "call_id": f"c{n}", "output": "x"} for n in reversed(range(count))]
    return {"model": "gpt-5", "input": [*calls, *outputs]}


def remembered_turns(count: int) -> JSON:
    return {"model": "gpt-5", "input": "And now?", "previous_response_id": f"resp_{count}"}


def references(count: int) -> JSON:
    return {"model": "gpt-5", "input": [{"type": "item_reference", "id": f"msg_{n}"} for n in range(count)]}


def remembering(count: int) -> ResponseMemory:
    """Return a memory of one answer with so many items, and of a conversation of so many answers."""
    memory = ResponseMemory(FakeClock(), lambda: Bounds(1 << 30, 3600))
    items = [{"type": "message", "id": f"msg_{n}", "role": "assistant", "content": []} for n in range(count)]
    memory.keep("", "resp_0", Asked("", b"[]"), items, "")
    said = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes."}]}]
    for n in range(1, count + 1):
        previous = f"resp_{n - 1}" if n > 1 else ""
        memory.keep("", f"resp_{n}", Asked(previous, b'[{"role":"user","content":"Hi"}]'), said, "")
    return memory


HISTORIES: list[Callable[[int], JSON]] = [
    backward, by_name, by_order, fitting_nothing, without_ids, the_same_id, ids_that_look_numbered, long_names,
    many_turns, many_tools, messages, responses, remembered_turns, references,
]  # fmt: skip


SEARCHES = frozenset({"index", "count", "remove", "insert", "copy"})


class Steps:
    """Counts the instructions of Python's bytecode that a piece of work takes, in every function that it calls.

    What looks through a whole list in one instruction (`in`, `index` and the like) counts as many as the list is long.
    """

    def __init__(self) -> None:
        self.taken = 0
        self._containers: dict[CodeType, dict[int, CodeType]] = {}

    def of(self, work: Callable[[], object]) -> int:
        tracer, profiler = sys.gettrace(), sys.getprofile()
        sys.settrace(self._instruction)
        sys.setprofile(self._call)
        try:
            work()
        finally:
            sys.settrace(tracer)
            sys.setprofile(profiler)
        return self.taken

    def _instruction(self, frame: FrameType, event: str, _: object) -> Any:
        if event == "call":
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        elif event == "opcode":
            self.taken += 1
            code = frame.f_code
            if code not in self._containers:
                self._containers[code] = containers(code)
            if container := self._containers[code].get(frame.f_lasti):
                self._looked_through(eval(container, frame.f_globals, frame.f_locals))
        return self._instruction

    def _call(self, _: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and called.__name__ in SEARCHES:
            self._looked_through(called.__self__)

    def _looked_through(self, container: object) -> None:
        if isinstance(container, list | tuple):
            self.taken += len(container)


def containers(code: CodeType) -> dict[int, CodeType]:
    """Return, for the place of each `in` of a function, what tells its container: a name or an attribute, no more."""
    found = {}
    for each in dis.get_instructions(code):
        place = each.positions
        if each.opname != "CONTAINS_OP" or place is None or place.lineno != place.end_lineno:
            continue
        line = linecache.getline(code.co_filename, place.lineno or 0).encode()
        compared = ast.parse(line[place.col_offset : place.end_col_offset].strip(), mode="eval").body
        if isinstance(compared, ast.Compare) and isinstance(compared.comparators[-1], ast.Name | ast.Attribute):
            found[each.offset] = compile(ast.unparse(compared.comparators[-1]), "container", "eval")
    return found


def cost(make: Callable[[int], JSON], count: int) -> int:
    """Return how many steps it takes to read one history; the second of two, which makes nothing for the first time."""
    request = make(count)
    dialect: Dialect = ChatDialect()
    if "input" in request:
        dialect = ResponsesDialect(remembering(count))
    elif "max_tokens" in request:
        dialect = MessagesDialect()
    body = orjson.dumps(request)
    dialect.parse(body, {})
    return Steps().of(lambda: dialect.parse(body, {}))


@pytest.mark.parametrize("make", HISTORIES, ids=lambda make: make.__name__)
def test_a_history_costs_what_its_length_is(make: Callable[[int], JSON]) -> None:
    assert cost(make, MANY) < STEEPEST * cost(make, FEW)


QUADRATIC: dict[str, Callable[[list[str], str], object]] = {
    "in": lambda ids, each: each in ids,
    "index": lambda ids, each: ids.index(each),
    "a loop": lambda ids, each: next(found for found in ids if found == each),
}


@pytest.mark.parametrize("search", QUADRATIC.values(), ids=QUADRATIC)
def test_a_search_for_each_through_all_would_be_seen(search: Callable[[list[str], str], object]) -> None:
    def quadratic(count: int) -> int:
        ids = [f"call_{n}" for n in range(count)]
        return Steps().of(lambda: [search(ids, each) for each in reversed(ids)])

    assert quadratic(MANY) > 3 * STEEPEST * quadratic(FEW)


def test_results_still_find_their_calls() -> None:
    def outputs(request: JSON) -> list[str]:
        items = ChatDialect().parse(orjson.dumps(request), {}).body["input"]
        return [item["call_id"] for item in items if item["type"] == "function_call_output"]

    assert outputs(backward(3)) == ["call_2", "call_1", "call_0"]
    assert outputs(by_name(3)) == ["call_2", "call_1", "call_0"]
    assert outputs(by_order(3)) == ["call_0", "call_1", "call_2"]
    assert outputs(without_ids(2)) == ["call_unnamed_1", "call_unnamed_2"]
    mixed = chat([chat_call("a", "x"), chat_call("b", "y"), chat_call("c", "x")],
                 [chat_result(name="x"), chat_result(tool_call_id="c"), chat_result()])  # fmt: skip
    assert outputs(mixed) == ["a", "c", "b"]
