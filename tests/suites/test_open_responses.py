"""The published OpenAPI document of Open Responses: every event and answer of `/v1/responses` fits its schema.

The document is the one that `llm-comply` brings along. The project's own runner needs Bun and its repository, so it is
not run here; `llm-comply` has its checks (see `test_llm_comply.py`), and these go further: every form of an answer.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import orjson
import pytest
from jackfield.testing import (
    FakeUpstream,
    Script,
    SendEvent,
    Text,
    ToolCall,
    empty_output_completed,
    failed,
    incomplete,
    jackfield_server,
    parallel_tool_calls,
    read_sse,
    reasoning,
    refusal,
    text_answer,
)
from jsonschema import Draft202012Validator

DOCUMENT = json.loads(files("llm_comply").joinpath("specs", "openresponses.json").read_bytes())
CALLS = ToolCall("read", {"path": "a"}, "call_0"), ToolCall("write", {"path": "b"}, "call_1")

FORMS: Mapping[str, Script] = {
    "text": text_answer("Hello there"),
    "reasoning": reasoning("Hm.", "Well."),
    "refusal": refusal(),
    "calls": parallel_tool_calls(*CALLS),
    "incomplete": incomplete(),
    "empty-output": empty_output_completed(),
}
LEFT_OUT = {"response.output_item.added", "response.content_part.added", "response.content_part.done"}


def _types(schema: Any) -> Iterator[str]:
    """Yield the types of events that a schema of an event is for."""
    for part in (schema, *schema.get("allOf", [])):
        kind = part.get("properties", {}).get("type", {})
        yield from kind.get("enum", [kind["const"]] if "const" in kind else [])


EVENTS = {
    kind: name
    for name, schema in DOCUMENT["components"]["schemas"].items()
    if name.endswith("StreamingEvent")
    for kind in _types(schema)
}


def problems(value: Any, schema: str) -> list[str]:
    """Return what is wrong with a value by a schema of the document."""
    validator = Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]})
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


async def ask(script: Script, *, stream: bool) -> bytes:
    """Return the answer to a request of that kind, behind an upstream that refuses what is wrong."""
    async with FakeUpstream(script, strict=True) as upstream:
        fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
        config = {"request-retry": 0, "tppc": {"providers": [fox]}}
        async with jackfield_server(config) as proxy, proxy.client() as client:
            answer = await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi", "stream": stream})
    return answer.content


def relayed(script: Script) -> Script:
    """Return the script as some relays play it: without the events of items and parts that begin."""
    steps = [s for s in script.steps if not (isinstance(s, SendEvent) and s.event["type"] in LEFT_OUT)]
    return dataclasses.replace(script, steps=tuple(steps))


@pytest.mark.parametrize(
    "script",
    [*FORMS.values(), failed("server_error", "Boom", Text("Half")), relayed(FORMS["text"])],
    ids=[*FORMS, "failed", "gaps"],
)
async def test_every_event_fits_the_open_responses_schema(script: Script) -> None:
    events = [event.data for event in read_sse(await ask(script, stream=True))]

    assert {event["type"]: problems(event, EVENTS[event["type"]]) for event in events} == {
        event["type"]: [] for event in events
    }
    numbers = [event["sequence_number"] for event in events]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("script", FORMS.values(), ids=FORMS)
async def test_every_answer_fits_the_open_responses_schema(script: Script) -> None:
    assert problems(orjson.loads(await ask(script, stream=False)), "ResponseResource") == []


@pytest.mark.parametrize("kept", ["background", "logprobs"])
async def test_what_is_not_honoured_is_refused_by_name(kept: str, server: Any, key: str) -> None:
    async with server.client(key) as client:
        answer = await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi", kept: True})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, kept)
    assert answer.json()["error"]["message"].startswith(kept)
