"""Codex CLI logged in with ChatGPT, pointed at the proxy by `openai_base_url` alone."""

from __future__ import annotations

from jackfield.testing import Reasoning, Text, ToolCall, answer, http_error, rate_limited, text_answer, usage_limit

EXEC = ("exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")


def said(ended):
    """Return what the agent said."""
    found = [event["item"] for event in ended.events if event["type"] == "item.completed"]
    return [item["text"] for item in found if item["type"] == "agent_message"]


async def test_a_command_runs_and_reasoning_comes_back(logged_in, upstream, answers):
    call = ToolCall("exec_command", {"cmd": "echo canary | tee made.txt"})
    upstream.script(answer(Reasoning(["Hm."], "blob-1"), call), answer(Text("Made it.")))
    ended = await logged_in.run(*EXEC, "Make a file")
    assert said(ended) == ["Made it."]
    assert (logged_in.work / "made.txt").read_text() == "canary\n"
    reasoning = [item for item in upstream.last.json()["input"] if item["type"] == "reasoning"]
    assert [item["encrypted_content"] for item in reasoning] == ["blob-1"]
    asked = [each for each in answers if each.path.endswith("/responses") and each.asked]
    assert len(asked) == 2


async def test_its_tokens_never_reach_the_provider(logged_in, upstream):
    await logged_in.run(*EXEC, "Hi")
    sent = str(upstream.last.raw_headers)
    assert "account-of-the-test" not in sent
    assert upstream.last.key == "sk-fox-0123456789"


async def test_an_image_is_sent(logged_in, upstream, picture):
    ended = await logged_in.run(*EXEC, "-i", str(picture), "--", "What is this?")
    assert said(ended) == ["Hello from the upstream."]
    parts = [part for item in upstream.last.json()["input"] for part in item.get("content") or []]
    assert [part["type"] for part in parts].count("input_image") == 1


async def test_a_rate_limit_is_waited_out(logged_in, upstream):
    upstream.script(rate_limited(1), text_answer("Later, then."))
    assert said(await logged_in.run(*EXEC, "Hi")) == ["Later, then."]


async def test_a_spent_plan_is_told_with_its_time_at_once(logged_in, upstream):
    upstream.default = usage_limit(5400)
    ended = await logged_in.run(*EXEC, "Hi", code=1)
    told = ended.events[-1]["error"]["message"]
    assert "usage limit" in told
    assert "try again" in told.lower()
    assert len(upstream.requests) == 1  # it does not wait and try again


async def test_a_refused_key_of_the_provider_is_told_with_its_cause(logged_in, upstream):
    upstream.default = http_error(401, "Incorrect API key", code="invalid_api_key")
    ended = await logged_in.run(*EXEC, "Hi", code=1)
    assert "fox" in ended.events[-1]["error"]["message"]


async def test_its_catalogue_question_is_answered(logged_in, upstream, answers):
    ended = await logged_in.run(*EXEC, "Hi")
    assert "failed to decode" not in ended.err
    assert "Model metadata" not in ended.out + ended.err
    models = [each for each in answers if each.path.endswith("/models")]
    assert {each.status for each in models} <= {200}
