"""The SDKs that agents are built on, each through its own program in `js/drive.mjs` or `drive.py`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from jackfield.testing import (
    Delay,
    FakeUpstream,
    Reasoning,
    RunningServer,
    ToolCall,
    answer,
    cut_after,
    http_error,
    rate_limited,
    text_answer,
    usage_limit,
)

from .answered import Answered

HERE = Path(__file__).resolve().parent

JS = ("openaiResponses", "openaiChat", "anthropic", "aiResponses", "aiRemembered", "aiChat", "aiMessages", "agents")
PYTHON = ("openai_responses", "openai_chat", "anthropic_messages", "openai_agents")
DRIVERS = (*JS, *PYTHON)
CHAT = ("openaiChat", "aiChat", "openai_chat")
"""Chat Completions has no place for encrypted reasoning."""
OWN_WORDS = ("agents", "openai_responses")
"""Those that tell a failed answer in words of their own."""


@dataclass(frozen=True)
class Told:
    """What a program printed: the answer's text and data, what its tool saved, or the error that it was given."""

    text: str
    data: Any
    saved: dict[str, str]
    error: dict[str, Any]


Drive = Callable[..., Any]


@pytest.fixture
def drive(scripts: Path, server: RunningServer, picture: Path, key: str) -> Drive:
    """Return what runs one turn of an agent: `await drive("anthropic", "tool")`."""

    async def run(driver: str, task: str = "text", key: str = key) -> Told:
        job = orjson.dumps({"base": server.base_url, "key": key, "task": task, "image": str(picture)}).decode()
        command = ("node", scripts / "drive.mjs") if driver in JS else (sys.executable, HERE / "drive.py")
        process = await asyncio.create_subprocess_exec(
            *map(str, command), driver, job, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(250):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        assert out.strip(), err.decode()[-3000:]
        found = orjson.loads(out.splitlines()[-1])
        return Told(found.get("text") or "", found.get("data"), found.get("saved") or {}, found.get("error") or {})

    return run


def asked_for(driver: str) -> int:
    """Return how often it asks in vain: the AI SDK knows no `x-should-retry`, and asks three times."""
    return 3 if driver.startswith("ai") else 1


def of_type(request: Any, kind: str) -> list[dict[str, Any]]:
    return [item for item in request.json()["input"] if item.get("type") == kind]


@pytest.mark.parametrize("driver", DRIVERS)
async def test_text_is_streamed(drive: Drive, driver: str) -> None:
    told = await drive(driver)
    assert (told.text, told.error) == ("Hello from the upstream.", {})


@pytest.mark.parametrize("driver", DRIVERS)
async def test_two_calls_at_once_run_and_reasoning_comes_back(
    drive: Drive, upstream: FakeUpstream, driver: str
) -> None:
    calls = [ToolCall("save", {"name": name, "text": f"grüße {name}"}, f"call_{name}") for name in "ab"]
    upstream.script(answer(Reasoning(["Hm."], "blob-1"), *calls), text_answer("Saved."))
    told = await drive(driver, "tool")
    assert (told.text, told.error) == ("Saved.", {})
    assert told.saved == {"a": "grüße a", "b": "grüße b"}
    outputs = {item["call_id"]: item["output"] for item in of_type(upstream.last, "function_call_output")}
    assert outputs.keys() == {"call_a", "call_b"}
    assert "saved a" in str(outputs["call_a"])
    blobs = [item["encrypted_content"] for item in of_type(upstream.last, "reasoning")]
    assert blobs == ([] if driver in CHAT else ["blob-1"])


@pytest.mark.parametrize("driver", DRIVERS)
async def test_one_call_and_then_another_run(drive: Drive, upstream: FakeUpstream, driver: str) -> None:
    calls = [ToolCall("save", {"name": name, "text": name}, f"call_{name}") for name in "ab"]
    upstream.script(*(answer(call) for call in calls), text_answer("Saved."))
    told = await drive(driver, "tool")
    assert (told.text, told.error, told.saved) == ("Saved.", {}, {"a": "a", "b": "b"})
    assert [item["call_id"] for item in of_type(upstream.last, "function_call_output")] == ["call_a", "call_b"]


@pytest.mark.parametrize("stream", ["whole", "streamed"])
async def test_the_tool_runner_of_openai_for_responses_finishes(
    drive: Drive, upstream: FakeUpstream, stream: str
) -> None:
    calls = [ToolCall("save", {"name": name, "text": name}, f"call_{name}") for name in "ab"]
    upstream.script(answer(Reasoning(["Hm."], "blob-1"), *calls), text_answer("Saved."))
    told = await drive("openai_runner", stream)
    assert (told.text, told.error, told.saved) == ("Saved.", {}, {"a": "a", "b": "b"})
    assert [item["encrypted_content"] for item in of_type(upstream.last, "reasoning")] == ["blob-1"]


@pytest.mark.parametrize("driver", DRIVERS)
async def test_an_image_goes_up(drive: Drive, upstream: FakeUpstream, driver: str) -> None:
    told = await drive(driver, "image")
    assert (told.text, told.error) == ("Hello from the upstream.", {})
    parts = [part for item in upstream.last.json()["input"] for part in item["content"]]
    [image] = [part for part in parts if part["type"] == "input_image"]
    assert image["image_url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("driver", DRIVERS)
async def test_an_answer_in_a_schema(drive: Drive, upstream: FakeUpstream, driver: str) -> None:
    upstream.default = text_answer('{"colour": "red"}')
    told = await drive(driver, "schema")
    assert (told.data, told.error) == ({"colour": "red"}, {})


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_limit_is_waited_out(drive: Drive, upstream: FakeUpstream, driver: str) -> None:
    upstream.script(rate_limited(1), text_answer("Later, then."))
    told = await drive(driver)
    assert (told.text, told.error) == ("Later, then.", {})


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_spent_plan_is_told_at_once(
    drive: Drive, upstream: FakeUpstream, answers: list[Answered], driver: str
) -> None:
    upstream.default = usage_limit(5400)
    told = await drive(driver)
    assert told.error["status"] == 429
    assert "usage limit" in told.error["message"]
    assert len(upstream.requests) == 1
    assert len([each for each in answers if each.status == told.error["status"]]) == asked_for(driver)


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_refused_provider_key_is_told_with_its_cause(
    drive: Drive, upstream: FakeUpstream, answers: list[Answered], driver: str
) -> None:
    upstream.default = http_error(401, "Incorrect API key", code="invalid_api_key")
    told = await drive(driver)
    assert told.error["status"] == 502
    assert "fox" in told.error["message"]
    assert len(upstream.requests) == 1
    assert len([each for each in answers if each.status == told.error["status"]]) == asked_for(driver)


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_wrong_key_is_told(drive: Drive, upstream: FakeUpstream, driver: str) -> None:
    told = await drive(driver, key="another-key-0123456789")
    assert told.error["status"] == 401
    assert upstream.requests == []


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_stream_that_breaks_is_an_error(drive: Drive, upstream: FakeUpstream, driver: str) -> None:
    upstream.default = cut_after(6)
    told = await drive(driver)
    said = "response." if driver in OWN_WORDS else "closed the connection"
    assert said in told.error["message"]


@pytest.mark.silence
@pytest.mark.timeout(300, func_only=True)
async def test_forty_seconds_of_silence_break_no_answer(drive: Drive, upstream: FakeUpstream) -> None:
    upstream.default = text_answer("At last.").first(Delay(40))
    told = await asyncio.gather(*(drive(driver) for driver in DRIVERS))
    assert {driver: (each.text, each.error) for driver, each in zip(DRIVERS, told, strict=True)} == {
        driver: ("At last.", {}) for driver in DRIVERS
    }
    assert len(upstream.requests) == len(DRIVERS)
