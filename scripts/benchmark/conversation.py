"""A long agent conversation in words of our own: 24 tools and 31 messages, some 67 KB as a Messages request.

It has the shape that coding agents send (system text, tools with nested schemas, text with calls and long results), the
same in every run: a generator with a fixed seed writes it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TOOLS = 24
CALLS = 15
"""Each a message with a call and one with its result; the task before them is the 31st message."""

LONG = 74
"""As many as make 187 KB of it."""

_VERBS = ["list", "read", "write", "move", "count", "compare", "search", "format"]
_THINGS = ["files", "lines", "tests"]
_PROSE = (
    "a small change to the parser keeps every test green while the report shows which branch of the loader was never "
    "taken so the next step is to read its caller and decide where the missing check belongs before the cache hides it"
)
_WORDS = _PROSE.split()
_SYSTEM_WORDS = 900
_RESULT_LINES = 22


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may call."""

    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One step of the agent: what it said, the tool it called, what came back."""

    id: str
    said: str
    tool: str
    arguments: Mapping[str, Any]
    result: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation in no dialect."""

    task: str
    system: str = ""
    tools: tuple[Tool, ...] = ()
    calls: tuple[Call, ...] = ()


def short_conversation() -> Conversation:
    """Return a question of some 300 characters, without system text or tools."""
    return Conversation(task=_prose(_chance(1), 60))


def agent_conversation(calls: int = CALLS) -> Conversation:
    """Return the long conversation, with so many calls."""
    chance = _chance(7)
    tools = tuple(_tool(chance, f"{verb}_{thing}") for verb in _VERBS for thing in _THINGS)
    return Conversation(
        task=_prose(chance, 80),
        system=_prose(chance, _SYSTEM_WORDS),
        tools=tools,
        calls=tuple(_call(chance, number, chance.choice(tools)) for number in range(calls)),
    )


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same words in every run are wanted, not secret ones


def _prose(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words)).capitalize() + "."


def _tool(chance: random.Random, name: str) -> Tool:
    properties = {
        "path": {"type": "string", "description": _prose(chance, 12)},
        "pattern": {"type": "string", "description": _prose(chance, 16)},
        "limit": {"type": "integer", "minimum": 1, "maximum": 2000, "default": 100, "description": _prose(chance, 8)},
        "mode": {"type": "string", "enum": ["plain", "summary", "full"], "description": _prose(chance, 8)},
        "edits": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "line": {"type": "integer"},
                    "text": {"type": "string", "description": _prose(chance, 6)},
                },
                "required": ["line", "text"],
                "additionalProperties": False,
            },
        },
    }
    schema = {"type": "object", "properties": properties, "required": ["path"], "additionalProperties": False}
    return Tool(name, _prose(chance, 80), schema)


def _call(chance: random.Random, number: int, tool: Tool) -> Call:
    lines = [f'{line:5d}\t    "{_prose(chance, 8)}"  # {chance.random():.6f}' for line in range(_RESULT_LINES)]
    arguments = {"path": f"src/part_{number}/{tool.name}.py", "pattern": _prose(chance, 6), "limit": 100}
    return Call(f"call_{chance.getrandbits(96):024x}", _prose(chance, 25), tool.name, arguments, "\n".join(lines))
