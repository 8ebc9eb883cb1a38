"""Forty seconds without a byte from the upstream: no client gives up, and none asks twice."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from jackfield.testing import Delay, Reasoning, Text, ToolCall, answer, text_answer

from .codex_cli import EXEC
from .opencode_cli import RUN

CLAUDE = ("-p", "--output-format", "json")
SAID = "At last."
WITHIN = 250.0

pytestmark = [pytest.mark.silence, pytest.mark.timeout(300, func_only=True)]


async def heard(client, *arguments):
    """Return what a client printed."""
    ended = await (await client.start(*arguments)).ended(within=WITHIN)
    assert ended.code == 0, str(ended)
    return ended.out


async def test_before_the_first_event(codex, claude, opencodes, upstream):
    upstream.default = text_answer(SAID).first(Delay(40))
    asked = [heard(codex, *EXEC, "Hi from codex"), heard(claude, *CLAUDE, "--", "Hi from claude")]
    asked += [heard(each, *RUN, f"Hi from {npm}") for npm, each in opencodes.items()]
    assert [SAID in each for each in await asyncio.gather(*asked)] == [True] * 5
    prompts = [orjson.dumps(request.json()["input"]) for request in upstream.requests]
    assert len(prompts) == len(set(prompts)), "somebody asked twice"


async def test_between_reasoning_and_the_answer(logged_in, upstream):
    upstream.default = answer(Reasoning([], "blob-1"), Text(SAID)).after(4, Delay(40))
    assert SAID in await heard(logged_in, *EXEC, "Hi")
    assert len(upstream.requests) == 1


async def test_in_the_middle_of_a_calls_arguments(claude, upstream):
    call = ToolCall("Bash", {"command": "echo canary", "description": "A command of the test"})
    upstream.script(answer(call).after(4, Delay(40)), text_answer(SAID))
    told = await heard(claude, *CLAUDE, "--allowedTools", "Bash(echo:*)", "--", "Hi")
    assert SAID in told
    assert len(upstream.requests) == 2
