"""opencode itself, through each of the three dialects."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from jackfield.testing import Reasoning, ToolCall, answer, cut_after, http_error, rate_limited, text_answer, usage_limit

from .opencode_cli import RUN, said


def of_type(request, kind):
    return [item for item in request.json()["input"] if item.get("type") == kind]


def turns(upstream):
    """Return the requests of the conversation: it also asks for a title, without tools."""
    return [request for request in upstream.requests if request.json().get("tools")]


def answering(upstream, *scripts, always=None):
    """Let the conversation have these answers, then `always`; the question for a title has its own."""
    left = list(scripts)

    def reply(request):
        if not request.json().get("tools"):
            return text_answer("A title")
        return left.pop(0) if left else always or text_answer("Hello from the upstream.")

    upstream.default = reply


async def test_text(opencode):
    assert "Hello from the upstream." in said(await opencode.run(*RUN, "Hi"))


async def test_two_commands_run_at_once_and_reasoning_comes_back(opencode, upstream, request):
    names = ("one", "two")
    calls = [
        ToolCall("bash", {"command": f"echo {name} > {name}.txt", "description": "A command of the test"}, name)
        for name in names
    ]
    answering(upstream, answer(Reasoning(["Hm."], "blob-1"), *calls), always=text_answer("Wrote them."))
    assert "Wrote them." in said(await opencode.run(*RUN, "Write two files"))
    assert sorted(path.name for path in opencode.work.iterdir()) == ["one.txt", "two.txt"]
    last = turns(upstream)[-1]
    assert {item["call_id"] for item in of_type(last, "function_call_output")} == {"one", "two"}
    blobs = [item["encrypted_content"] for item in of_type(last, "reasoning")]
    assert blobs == ([] if "compatible" in request.node.name else ["blob-1"])


async def test_an_image_is_sent(opencode, upstream, picture):
    await opencode.run(*RUN, "What is this?", "-f", str(picture))
    [last] = [item for item in turns(upstream)[0].json()["input"] if item.get("role") == "user"]
    [image] = [part for part in last["content"] if part["type"] == "input_image"]
    assert image["image_url"].startswith("data:image/png;base64,")


SCHEMA = {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}


async def test_an_answer_in_a_schema(opencode, upstream):
    """Its command line takes no schema; whoever drives it as a server gives one."""
    answering(upstream, answer(ToolCall("StructuredOutput", {"colour": "red"})))
    ask = {
        "model": {"providerID": "jackfield", "modelID": "gpt-5"},
        "parts": [{"type": "text", "text": "Which?"}],
        "format": {"type": "json_schema", "schema": SCHEMA},
    }
    base = await opencode.serve("serve", "--port", "0")
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60) as http:
        session = (await http.post("/session", json={})).json()
        told = (await http.post(f"/session/{session['id']}/message", json=ask)).json()
    assert told["info"]["structured"] == {"colour": "red"}, told
    tools = {tool["name"]: tool for tool in turns(upstream)[0].json()["tools"]}
    assert tools["StructuredOutput"]["parameters"]["required"] == ["colour"]


async def test_a_limit_is_waited_out(opencode, upstream):
    answering(upstream, rate_limited(1), always=text_answer("Later, then."))
    assert "Later, then." in said(await opencode.run(*RUN, "Hi"))


async def test_a_wrong_key_is_told(opencode, upstream):
    settings = opencode.home / ".config" / "opencode" / "opencode.json"
    settings.write_text(settings.read_text().replace("client-key-0123456789abcdef", "another-key-0123456789"))
    ended = await (await opencode.start(*RUN, "Hi")).ended()
    assert "client key" in ended.out + ended.err or "API key" in ended.out + ended.err
    assert upstream.requests == []


@pytest.mark.silence  # it asks again and again, with longer and longer pauses
async def test_a_refused_key_of_the_provider_is_told_with_its_cause(opencode, upstream):
    answering(upstream, always=http_error(401, "Incorrect API key", code="invalid_api_key"))
    ended = await (await opencode.start(*RUN, "Hi")).ended()
    assert "fox refused its key" in ended.out + ended.err
    assert len(turns(upstream)) == 1


async def test_a_spent_plan_that_it_asks_for_again_and_again_reaches_the_provider_once(opencode, upstream):
    upstream.default = usage_limit(5400)
    running = await opencode.start(*RUN, "Hi")
    await upstream.wait_for_requests(1, within=30)
    await asyncio.sleep(6)
    running.end()
    assert len(upstream.requests) <= 2, "the conversation, and the question for its title beside it"


async def test_a_stream_that_breaks_is_told_or_asked_for_again(opencode, upstream):
    answering(upstream, cut_after(6), always=text_answer("All of it."))
    ended = await (await opencode.start(*RUN, "Hi")).ended()
    assert "All of it." in said(ended) or "closed the connection" in ended.out + ended.err
