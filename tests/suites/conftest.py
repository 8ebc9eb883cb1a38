"""What the public suites are run against: the real server, with an upstream behind it that refuses what is wrong.

The suites are other people's programs. What cannot pass here is listed in each test with its reason.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jackfield.testing import (
    Completed,
    FakeUpstream,
    Item,
    Reasoning,
    RecordedRequest,
    RunningServer,
    Script,
    Text,
    ToolCall,
    make_app,
    play,
    response_events,
    running,
)

from ..npm import node_modules

HERE = Path(__file__).resolve().parent
KEY = "client-key-0123456789abcdef"


def model(request: RecordedRequest) -> Script:
    """Answer as a model would: with the calls that are asked for, with an object where a schema is, else with words."""
    body = request.json()
    thought = body.get("reasoning", {}).get("summary")
    items: list[Item] = [Reasoning(["Hm."], "gAAAAfake")] if thought else []
    events = response_events([*items, *_said(body)], Completed(), model=body["model"])
    asked = {name: body[name] for name in ("reasoning", "prompt_cache_key") if name in body}
    return play([_with(event, asked) for event in events])


def _with(event: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event, its response with the settings that the request had, as an upstream repeats them."""
    if "response" not in event:
        return dict(event)
    repeated = {**asked, "reasoning": {"effort": None, "summary": None, **asked.get("reasoning", {})}}
    return {**event, "response": {**event["response"], **repeated}}


def _said(body: Mapping[str, Any]) -> Iterator[Item]:
    tools = [tool for tool in body.get("tools", []) if tool["type"] == "function"]
    answered = body["input"][-1].get("type") == "function_call_output"
    text = json.dumps(body["input"])
    if tools and not answered and body.get("tool_choice") != "none":
        both = "both tools" in text and body.get("parallel_tool_calls", True)
        wanted = tools if both else tools[:1]
        yield from (ToolCall(tool["name"], example(tool["parameters"]), f"call_{n}") for n, tool in enumerate(wanted))
        return
    form = body.get("text", {}).get("format", {})
    if form.get("type") == "json_schema":
        yield Text(json.dumps(example(form["schema"])))
    elif form.get("type") == "json_object":
        yield Text('{"hello": "world"}')
    else:
        named = re.search(r"[Mm]y name is (\w+)", text)
        yield Text(named[1] if named and "is my name" in text else "Hello.")


def example(schema: Mapping[str, Any]) -> Any:
    """Return a value that fits a schema."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: example(inner) for name, inner in schema.get("properties", {}).items()}
        case "array":
            return [example(schema.get("items", {}))]
        case "integer" | "number":
            return 7
        case "boolean":
            return True
        case _:
            return "Bergen"


@pytest.fixture
async def server() -> AsyncIterator[RunningServer]:
    """Return the proxy, with a client key and the model above as its provider `fox`."""
    async with FakeUpstream(model, strict=True) as upstream:
        fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
        app = make_app({"api-keys": [KEY], "tppc": {"providers": [fox]}})
        async with running(app, grace=0.2) as server:
            yield server


@pytest.fixture
def key() -> str:
    """Return the client's key."""
    return KEY


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    """Return a function that runs a suite in a home of its own and gives the JSON that it prints."""

    async def run(*command: str) -> Any:
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**os.environ, "HOME": str(tmp_path)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert out, err.decode()
        return json.loads(out)

    return run


@pytest.fixture(scope="session")
def packages() -> Path:
    """Return the folder of the npm packages; skip where there is no Node.js, or npm cannot install."""
    return node_modules(HERE)
