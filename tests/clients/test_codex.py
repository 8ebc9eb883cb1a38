"""Codex CLI itself, through `POST /v1/responses`."""

from __future__ import annotations

import itertools
import signal

import orjson
import pytest
from jackfield.testing import (
    CustomToolCall,
    Hang,
    Interleaved,
    Reasoning,
    Reset,
    Text,
    ToolCall,
    answer,
    cut_after,
    failed,
    http_error,
    rate_limited,
    text_answer,
    usage_limit,
)

from .codex_cli import EXEC, RESUME, said, told


def items(request, kind):
    """Return the items of one type in a request's input."""
    return [item for item in request.json()["input"] if item["type"] == kind]


def prefix(request):
    """Return the bytes that the upstream's prompt cache sees first."""
    body = request.json()
    return orjson.dumps([body.get("tools"), body.get("instructions"), body["input"]])[:-2]


def turns(answers):
    """Return the questions for an answer that reached the proxy (a websocket that it tries first asks none)."""
    return [each for each in answers if each.path.endswith("/responses") and each.asked]


async def test_text(codex, upstream):
    assert said(await codex.run(*EXEC, "Hi")) == ["Hello from the upstream."]
    assert len(upstream.requests) == 1


async def test_a_command_runs_and_its_result_reaches_the_upstream(codex, upstream):
    upstream.script(answer(ToolCall("exec_command", {"cmd": "echo canary | tee made.txt"})), text_answer("Made it."))
    ended = await codex.run(*EXEC, "Make a file")
    assert said(ended) == ["Made it."]
    assert (codex.work / "made.txt").read_text() == "canary\n"
    [output] = items(upstream.last, "function_call_output")
    assert "canary" in output["output"]
    assert prefix(upstream.requests[1]).startswith(prefix(upstream.requests[0]))


async def test_two_commands_at_once(codex, upstream):
    calls = [ToolCall("exec_command", {"cmd": f"echo {name} | tee {name}.txt"}) for name in ("one", "two")]
    upstream.script(answer(Interleaved(calls)), text_answer("Made both."))
    ended = await codex.run(*EXEC, "Make two files")
    assert said(ended) == ["Made both."]
    assert sorted(path.name for path in codex.work.iterdir()) == ["one.txt", "two.txt"]
    outputs = {output["call_id"]: output["output"] for output in items(upstream.last, "function_call_output")}
    assert "one" in outputs["call_0"]
    assert "two" in outputs["call_1"]


async def test_a_custom_tool_writes_a_file(codex, upstream):
    patch = "*** Begin Patch\n*** Add File: made.txt\n+grüße 你好\n*** End Patch\n"
    upstream.script(answer(CustomToolCall("apply_patch", patch)), text_answer("Patched."))
    ended = await codex.run(*EXEC, "-m", "gpt-5.5", "Write a file")
    assert said(ended) == ["Patched."]
    assert (codex.work / "made.txt").read_text() == "grüße 你好\n"
    assert len(items(upstream.last, "custom_tool_call_output")) == 1


async def test_a_call_of_a_namespace_is_understood(codex, upstream):
    upstream.script(answer(ToolCall("list_agents", {}, namespace="collaboration")), text_answer("Nobody."))
    assert said(await codex.run(*EXEC, "-m", "gpt-5.6-sol", "Who is there?")) == ["Nobody."]
    [call] = items(upstream.last, "function_call")
    [output] = items(upstream.last, "function_call_output")
    assert call["namespace"] == "collaboration"
    assert "unsupported" not in output["output"]


async def test_an_image_is_sent(codex, upstream, picture):
    ended = await codex.run(*EXEC, "-i", str(picture), "--", "What is this?")
    assert said(ended) == ["Hello from the upstream."]
    parts = [part for item in items(upstream.last, "message") for part in item["content"]]
    [image] = [part for part in parts if part["type"] == "input_image"]
    assert image["image_url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("model", ["gpt-5.5", "gpt-5.6-sol", "gpt-6-astra"])
async def test_models_that_the_client_knows_by_name(codex, upstream, model):
    assert said(await codex.run(*EXEC, "-m", model, "Hi")) == ["Hello from the upstream."]
    assert upstream.last.json()["model"] == model


async def test_a_long_session_keeps_its_beginning(codex, upstream):
    rounds = 4
    for number in range(rounds):
        call = ToolCall("exec_command", {"cmd": f"echo round {number}"}, call_id=f"call_{number}")
        upstream.script(
            answer(Reasoning(["Hm."], f"blob-{number}-a"), call),
            answer(Reasoning(["Well."], f"blob-{number}-b"), Text(f"Round {number} is over.")),
        )
        ended = await codex.run(*(RESUME if number else EXEC), f"Round {number}")
        assert said(ended) == [f"Round {number} is over."]
    sent = upstream.requests
    assert len(sent) == 2 * rounds
    for earlier, later in itertools.pairwise(sent):
        assert prefix(later).startswith(prefix(earlier))
    assert len({request.json()["prompt_cache_key"] for request in sent}) == 1
    blobs = [item["encrypted_content"] for item in items(sent[-1], "reasoning")]
    assert blobs == [f"blob-{number}-{half}" for number in range(rounds) for half in "ab"][:-1]
    assert len(items(sent[-1], "function_call_output")) == rounds


async def test_a_rate_limit_is_waited_out(codex, upstream):
    upstream.script(rate_limited(1), text_answer("Later, then."))
    assert said(await codex.run(*EXEC, "Hi")) == ["Later, then."]
    first, second = upstream.requests
    assert second.at - first.at >= 1


async def test_a_rate_limit_in_the_stream_is_waited_out(codex, upstream):
    upstream.script(failed("rate_limit_exceeded", "Please try again in 0.2s."), text_answer("Later, then."))
    assert said(await codex.run(*EXEC, "Hi")) == ["Later, then."]


@pytest.mark.parametrize("how", [(), (Reset(),)], ids=["closed", "reset"])
@pytest.mark.parametrize("events", [2, 6], ids=["before content", "after content"])
async def test_a_cut_stream_is_asked_for_again(codex, upstream, events, how):
    upstream.script(cut_after(events, text_answer("Half of it"), *how), text_answer("All of it."))
    assert said(await codex.run(*EXEC, "Hi"))[-1] == "All of it."
    assert len(upstream.requests) == 2


async def test_a_stream_that_is_always_cut_ends_with_the_reason(codex, upstream):
    upstream.default = cut_after(6)
    ended = await codex.run(*EXEC, "Hi", code=1)
    assert "closed the connection" in told(ended)


async def test_a_refusal_of_the_upstream_is_shown(codex, upstream):
    upstream.script(http_error(400, "the fox said no", kind="invalid_request_error"))
    ended = await codex.run(*EXEC, "Hi", code=1)
    assert "the fox said no" in ended.out
    assert len(upstream.requests) == 1


async def test_an_answer_in_a_schema(codex, upstream):
    schema = {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}
    (codex.work / "schema.json").write_bytes(orjson.dumps({**schema, "additionalProperties": False}))
    upstream.script(text_answer('{"colour": "red"}'))
    ended = await codex.run(*EXEC, "--output-schema", str(codex.work / "schema.json"), "Which?")
    assert [orjson.loads(each) for each in said(ended)] == [{"colour": "red"}]
    assert upstream.last.json()["text"]["format"]["type"] == "json_schema"


async def test_a_spent_plan_is_told_with_its_time_at_once(codex, upstream, answers):
    upstream.default = usage_limit(5400)
    ended = await codex.run(*EXEC, "Hi", code=1)
    assert "usage limit" in told(ended)
    assert "try again at" in told(ended).lower()
    assert (len(upstream.requests), len(turns(answers))) == (1, 1), "it waited and asked again"


async def test_a_refused_key_of_the_provider_is_told_with_its_cause(codex, upstream):
    upstream.default = http_error(401, "Incorrect API key", code="invalid_api_key")
    ended = await codex.run(*EXEC, "Hi", code=1)
    first = next(event for event in ended.events if event["type"] == "error")
    assert "fox refused its key" in first["message"], "the cause is there before it has repeated its question"
    assert "fox refused its key" in told(ended)
    assert len(upstream.requests) == 1


async def test_a_wrong_key_is_told(codex, upstream):
    ended = await codex.run(*EXEC, "Hi", code=1, JACKFIELD_KEY="another-key-0123456789")
    assert "401" in ended.out
    assert upstream.requests == []


async def test_a_websocket_is_declined_and_http_used_at_once(codex, upstream, answers):
    ended = await codex.run(*EXEC, "-c", "model_providers.jackfield.supports_websockets=true", "Hi")
    assert said(ended) == ["Hello from the upstream."]
    assert len(upstream.requests) == 1


async def test_a_cancelled_turn_frees_the_upstream(codex, upstream):
    upstream.script(text_answer("Never to be finished").after(6, Hang()))
    running = await codex.start(*EXEC, "Hi")
    [request] = await upstream.wait_for_requests(1, within=30)
    running.send(signal.SIGINT)
    await request.wait_closed()
    await running.ended()


async def test_a_killed_client_frees_the_upstream(codex, upstream):
    upstream.script(text_answer("Never to be finished").first(Hang()))
    running = await codex.start(*EXEC, "Hi")
    [request] = await upstream.wait_for_requests(1, within=30)
    running.end()
    await request.wait_closed()
