"""The public suite `llm-comply` (PyPI) against the real server, with an upstream behind it that refuses what is wrong.

It is run where it is installed: `pip install llm-comply`, then `scripts/test tests/suites`.
"""

from __future__ import annotations

import asyncio
import json
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jackfield.testing import (
    FakeUpstream,
    RecordedRequest,
    Script,
    Text,
    ToolCall,
    answer,
    make_app,
    running,
    text_answer,
)

SUITE = Path(sysconfig.get_path("scripts"), "llm-comply")

pytestmark = [
    pytest.mark.skipif(not SUITE.exists(), reason="llm-comply is not installed"),
    pytest.mark.timeout(240),
]

KEY = "client-key-0123456789abcdef"
UNABLE: Mapping[str, Mapping[str, str]] = {"anthropic": {}, "openai-chat": {}}
"""Tests that cannot pass here, each with its reason."""


def model(request: RecordedRequest) -> Script:
    """Answer as a model would: with the call that is asked for, with an object where a schema is, else with words."""
    body = request.json()
    tools = [tool for tool in body.get("tools", []) if tool["type"] == "function"]
    answered = body["input"][-1].get("type") == "function_call_output"
    if tools and not answered and body.get("tool_choice") != "none":
        return answer(ToolCall(tools[0]["name"], example(tools[0]["parameters"])), model=body["model"])
    form = body.get("text", {}).get("format", {})
    if form.get("type") == "json_schema":
        return answer(Text(json.dumps(example(form["schema"]))), model=body["model"])
    return text_answer('{"hello": "world"}' if form.get("type") == "json_object" else "Hello.", model=body["model"])


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


async def comply(form: str, url: str) -> list[dict[str, Any]]:
    """Return what the suite found, test by test."""
    process = await asyncio.create_subprocess_exec(
        str(SUITE), "--format", form, "-u", url, "-k", KEY, "-m", "gpt-5", "--json",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert out, err.decode()
    found: list[dict[str, Any]] = json.loads(out)["results"]
    return found


@pytest.mark.parametrize("form", UNABLE)
async def test_every_check_passes_that_can(form: str) -> None:
    async with FakeUpstream(model, strict=True) as upstream:
        fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
        app = make_app({"api-keys": [KEY], "tppc": {"providers": [fox]}})
        async with running(app, grace=0.2) as server:
            found = await comply(form, server.v1)
    failed = {each["id"]: each for each in found if each["status"] == "failed"}
    assert found
    assert {name: each for name, each in failed.items() if name not in UNABLE[form]} == {}
    assert failed.keys() == UNABLE[form].keys(), "what passes now is no longer unable"
