"""Codex CLI logged in with ChatGPT, pointed at the proxy by `openai_base_url` alone, beside a token endpoint."""

from __future__ import annotations

from datetime import timedelta

import orjson
from jackfield.testing import (
    Interleaved,
    Reasoning,
    Text,
    ToolCall,
    answer,
    cut_after,
    http_error,
    rate_limited,
    text_answer,
    usage_limit,
)

from .codex_cli import EXEC, login, said, token, told


def turns(answers):
    """Return the questions for an answer that reached the proxy (a websocket that it tries first asks none)."""
    return [each for each in answers if each.path.endswith("/responses") and each.asked]


def bearers(answers):
    """Return the keys that the proxy was shown with them, in order."""
    return [each.headers["authorization"].removeprefix("Bearer ") for each in turns(answers)]


async def test_text(logged_in, upstream, issuer):
    assert said(await logged_in.run(*EXEC, "Hi")) == ["Hello from the upstream."]
    assert len(upstream.requests) == 1
    assert issuer.asked == [], "a token that is good is not renewed"


async def test_a_command_runs_and_reasoning_comes_back(logged_in, upstream, answers):
    call = ToolCall("exec_command", {"cmd": "echo canary | tee made.txt"})
    upstream.script(answer(Reasoning(["Hm."], "blob-1"), call), answer(Text("Made it.")))
    ended = await logged_in.run(*EXEC, "Make a file")
    assert said(ended) == ["Made it."]
    assert (logged_in.work / "made.txt").read_text() == "canary\n"
    reasoning = [item for item in upstream.last.json()["input"] if item["type"] == "reasoning"]
    assert [item["encrypted_content"] for item in reasoning] == ["blob-1"]
    assert len([each for each in turns(answers) if each.asked]) == 2


async def test_two_commands_at_once(logged_in, upstream):
    calls = [ToolCall("exec_command", {"cmd": f"echo {name} | tee {name}.txt"}) for name in ("one", "two")]
    upstream.script(answer(Interleaved(calls)), text_answer("Made both."))
    assert said(await logged_in.run(*EXEC, "Make two files")) == ["Made both."]
    assert sorted(path.name for path in logged_in.work.iterdir()) == ["one.txt", "two.txt"]
    outputs = [item for item in upstream.last.json()["input"] if item["type"] == "function_call_output"]
    assert {item["call_id"] for item in outputs} == {"call_0", "call_1"}


async def test_its_tokens_never_reach_the_provider(logged_in, upstream):
    await logged_in.run(*EXEC, "Hi")
    sent = str(upstream.last.raw_headers)
    assert "account-of-the-test" not in sent
    assert upstream.last.key == "sk-fox-0123456789"


async def test_a_token_that_has_ended_is_renewed_and_the_new_one_used(logged_in, upstream, answers, issuer):
    old = token("of last month", ends=timedelta(days=-1))
    (logged_in.home / ".codex" / "auth.json").write_bytes(orjson.dumps(login(old)))
    assert said(await logged_in.run(*EXEC, "Hi")) == ["Hello from the upstream."]
    assert [each["refresh_token"] for each in issuer.asked] == ["r-1"]
    assert bearers(answers) == [issuer.gives]
    assert issuer.gives.encode() not in str(upstream.last.raw_headers).encode() + upstream.last.body


async def test_an_image_is_sent(logged_in, upstream, picture):
    ended = await logged_in.run(*EXEC, "-i", str(picture), "--", "What is this?")
    assert said(ended) == ["Hello from the upstream."]
    parts = [part for item in upstream.last.json()["input"] for part in item.get("content") or []]
    assert [part["type"] for part in parts].count("input_image") == 1


async def test_an_answer_in_a_schema(logged_in, upstream):
    schema = {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}
    (logged_in.work / "schema.json").write_bytes(orjson.dumps({**schema, "additionalProperties": False}))
    upstream.script(text_answer('{"colour": "red"}'))
    ended = await logged_in.run(*EXEC, "--output-schema", str(logged_in.work / "schema.json"), "Which?")
    assert [orjson.loads(each) for each in said(ended)] == [{"colour": "red"}]
    form = upstream.last.json()["text"]["format"]
    assert (form["type"], form["schema"]["required"]) == ("json_schema", ["colour"])


async def test_a_rate_limit_is_waited_out(logged_in, upstream):
    upstream.script(rate_limited(1), text_answer("Later, then."))
    assert said(await logged_in.run(*EXEC, "Hi")) == ["Later, then."]


async def test_a_spent_plan_is_told_with_its_time_at_once(logged_in, upstream, answers):
    upstream.default = usage_limit(5400)
    ended = await logged_in.run(*EXEC, "Hi", code=1)
    assert "usage limit" in told(ended)
    assert "try again at" in told(ended).lower()
    assert (len(upstream.requests), len(turns(answers))) == (1, 1), "it waited and asked again"


async def test_a_refused_key_of_the_provider_is_told_with_its_cause(logged_in, upstream, issuer):
    upstream.default = http_error(401, "Incorrect API key", code="invalid_api_key")
    ended = await logged_in.run(*EXEC, "Hi", code=1)
    first = next(event for event in ended.events if event["type"] == "error")
    assert "fox refused its key" in first["message"], "the cause is there before it has repeated its question"
    assert "fox refused its key" in told(ended)
    assert len(upstream.requests) == 1
    assert issuer.asked == [], "it took the provider's key for its own"


async def test_a_token_that_is_no_client_key_is_told(logged_in, open_server, server, upstream, issuer):
    settings = logged_in.home / ".codex" / "config.toml"
    settings.write_text(settings.read_text().replace(open_server.v1, server.v1))
    ended = await logged_in.run(*EXEC, "Hi", code=1)
    assert "is not one of the proxy's api-keys" in ended.out + ended.err
    assert len(issuer.asked) <= 1, "it renews its token once"
    assert upstream.requests == []


async def test_a_cut_stream_is_asked_for_again(logged_in, upstream):
    upstream.script(cut_after(6, text_answer("Half of it")), text_answer("All of it."))
    assert said(await logged_in.run(*EXEC, "Hi"))[-1] == "All of it."
    assert len(upstream.requests) == 2


async def test_its_catalogue_question_is_answered(logged_in, upstream, answers):
    ended = await logged_in.run(*EXEC, "Hi")
    assert "failed to decode" not in ended.err
    assert "Model metadata" not in ended.out + ended.err
    models = [each for each in answers if each.path.endswith("/models")]
    assert {each.status for each in models} <= {200}
