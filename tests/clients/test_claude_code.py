"""Claude Code itself, through `POST /v1/messages` and `POST /v1/messages/count_tokens`."""

from __future__ import annotations

import itertools
import signal

import orjson
import pytest
from jackfield.testing import (
    Hang,
    Interleaved,
    Reasoning,
    Reset,
    Text,
    ToolCall,
    answer,
    cut_after,
    error_event,
    failed,
    http_error,
    rate_limited,
    refusal,
    text_answer,
    usage_limit,
    web_search,
)

PRINT = ("-p", "--output-format", "stream-json", "--verbose")


def ask(prompt, *options, tools=()):
    """Return the arguments of one headless turn, in which these tools may be used."""
    allowed = ("--allowedTools", *tools) if tools else ()
    return (*PRINT, *options, *allowed, "--", prompt)


def bash(command, call_id=""):
    return ToolCall("Bash", {"command": command, "description": "A command of the test"}, call_id)


def items(request, kind):
    """Return the items of one type in a request's input."""
    return [item for item in request.json()["input"] if item["type"] == kind]


def prefix(request):
    """Return the bytes that the upstream's prompt cache sees first."""
    body = request.json()
    return orjson.dumps([body["tools"], body["instructions"], body["input"]])[:-2]


def result(ended):
    """Return the last line, which tells how the turn went."""
    [found] = [event for event in ended.events if event["type"] == "result"]
    return found


async def test_text(claude, upstream):
    assert result(await claude.run(*ask("Hi")))["result"] == "Hello from the upstream."
    assert len(upstream.requests) == 1


async def test_a_command_runs_and_its_result_reaches_the_upstream(claude, upstream):
    upstream.script(answer(bash("echo canary | tee made.txt")), text_answer("Made it."))
    ended = await claude.run(*ask("Make a file", tools=["Bash(echo:*)", "Bash(tee:*)"]))
    assert result(ended)["result"] == "Made it."
    assert (claude.work / "made.txt").read_text() == "canary\n"
    [output] = items(upstream.last, "function_call_output")
    assert output["output"] == "canary"
    assert prefix(upstream.requests[1]).startswith(prefix(upstream.requests[0]))


async def test_a_file_is_written(claude, upstream):
    path = claude.work / "grüße.txt"
    upstream.script(answer(ToolCall("Write", {"file_path": str(path), "content": "你好\n"})), text_answer("Wrote it."))
    ended = await claude.run(*ask("Write a file", tools=["Write"]))
    assert result(ended)["result"] == "Wrote it."
    assert path.read_text() == "你好\n"


@pytest.mark.parametrize("together", [True, False], ids=["interleaved", "in a row"])
async def test_two_commands_at_once(claude, upstream, together):
    calls = [bash("echo one | tee one.txt", "call_a"), bash("echo two | tee two.txt", "call_b")]
    upstream.script(answer(Interleaved(calls)) if together else answer(*calls), text_answer("Made both."))
    ended = await claude.run(*ask("Make two files", tools=["Bash(echo:*)", "Bash(tee:*)"]))
    assert result(ended)["result"] == "Made both."
    assert sorted(path.name for path in claude.work.iterdir()) == ["one.txt", "two.txt"]
    assert [call["call_id"] for call in items(upstream.last, "function_call")] == ["call_a", "call_b"]
    outputs = {output["call_id"]: output["output"] for output in items(upstream.last, "function_call_output")}
    assert outputs == {"call_a": "one", "call_b": "two"}


async def test_a_tool_that_is_not_allowed_is_an_error_that_the_model_sees(claude, upstream):
    upstream.script(answer(bash("touch made.txt")), text_answer("A pity."))
    ended = await claude.run(*ask("Make a file"))
    assert result(ended)["result"] == "A pity."
    assert list(claude.work.iterdir()) == []
    [output] = items(upstream.last, "function_call_output")
    assert output["output"].startswith("[tool error] ")


async def test_an_image_is_seen(claude, upstream, picture):
    upstream.script(answer(ToolCall("Read", {"file_path": str(picture)})), text_answer("It is red."))
    ended = await claude.run(*ask("What is in the picture?", "--add-dir", str(picture.parent), tools=["Read"]))
    assert result(ended)["result"] == "It is red."
    [output] = items(upstream.last, "function_call_output")
    [image] = [part for part in output["output"] if part["type"] == "input_image"]
    assert image["image_url"].startswith("data:image/png;base64,")


async def test_a_long_session_keeps_its_beginning_and_its_reasoning(claude, upstream):
    rounds = 4
    for number in range(rounds):
        upstream.script(
            answer(Reasoning(["Hm."], f"blob-{number}-a"), bash(f"echo round {number}", f"call_{number}")),
            answer(Reasoning([], f"blob-{number}-b"), Text(f"Round {number} is over.")),
        )
        more = ("--continue",) if number else ()
        ended = await claude.run(*ask(f"Round {number}", *more, tools=["Bash(echo:*)"]))
        assert result(ended)["result"] == f"Round {number} is over."
    sent = upstream.requests
    assert len(sent) == 2 * rounds
    for earlier, later in itertools.pairwise(sent):
        assert prefix(later).startswith(prefix(earlier))
    assert len({request.json()["prompt_cache_key"] for request in sent}) == 1
    blobs = [item["encrypted_content"] for item in items(sent[-1], "reasoning")]
    assert blobs == [f"blob-{number}-{half}" for number in range(rounds) for half in "ab"][:-1]
    outputs = [output["output"] for output in items(sent[-1], "function_call_output")]
    assert outputs == [f"round {number}" for number in range(rounds)]


async def test_an_upstream_that_repeats_its_ids_loses_no_result(claude, upstream):
    rounds = 3
    for number in range(rounds):
        more = ("--continue",) if number else ()
        upstream.script(*(answer(bash(f"echo {number}{half}", "call_0")) for half in "ab"), text_answer("Over."))
        await claude.run(*ask(f"Round {number}", *more, tools=["Bash(echo:*)"]))
    outputs = [output["output"] for output in items(upstream.last, "function_call_output")]
    assert outputs == [f"{number}{half}" for number in range(rounds) for half in "ab"]


async def test_two_conversations_share_their_beginning_but_not_their_key(claude, upstream):
    await claude.run(*ask("Hi"))
    await claude.run(*ask("Hi"))
    one, two = upstream.requests
    assert one.json()["instructions"] == two.json()["instructions"]
    assert "x-anthropic-billing-header" not in one.body.decode()
    assert one.json()["prompt_cache_key"] != two.json()["prompt_cache_key"]


async def test_context_counts_its_tokens_here(claude, upstream, answers):
    ended = await claude.run("-p", "/context")
    assert "System tools" in ended.out
    counts = [orjson.loads(each.body)["input_tokens"] for each in answers]
    assert {(each.path, each.status) for each in answers} == {("/v1/messages/count_tokens", 200)}
    assert len(counts) > 10
    assert max(counts) > 1000
    assert upstream.requests == []


async def test_a_tool_that_was_deferred_is_found_and_used(claude, upstream):
    search = ToolCall("ToolSearch", {"query": "select:WebSearch", "max_results": 5})
    upstream.script(
        answer(search),
        answer(ToolCall("WebSearch", {"query": "jackfield panel"}, "call_1")),
        web_search("jackfield panel", ["https://example.com/jackfield"], "A panel of sockets."),
        text_answer("It is a panel."),
    )
    ended = await claude.run(*ask("What is a jackfield?", tools=["WebSearch", "ToolSearch"]))
    assert result(ended)["result"] == "It is a panel."
    first, found, searching, last = upstream.requests
    names = [{tool.get("name") for tool in request.json()["tools"]} for request in (first, found)]
    assert "WebSearch" not in names[0]
    assert "WebSearch" in names[1]
    assert "WebSearch" in items(found, "function_call_output")[-1]["output"]
    assert [tool["type"] for tool in searching.json()["tools"]] == ["web_search"]
    assert "A panel of sockets." in items(last, "function_call_output")[-1]["output"]


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-opus-4-8"])
async def test_names_of_its_own_models_are_served_by_the_defaults(claude, upstream, model):
    ended = await claude.run(*ask("Hi", "--model", model))
    assert result(ended)["result"] == "Hello from the upstream."
    assert upstream.last.json()["model"] == "gpt-5"
    assert upstream.last.json()["reasoning"]["effort"] == "high"


@pytest.mark.parametrize(("effort", "sent"), [("low", "low"), ("max", "high")])
async def test_its_effort_is_the_nearest_that_the_model_knows(claude, upstream, effort, sent):
    await claude.run(*ask("Hi", "--effort", effort))
    assert upstream.last.json()["reasoning"]["effort"] == sent


async def test_an_answer_in_a_schema(claude, upstream):
    upstream.script(answer(ToolCall("StructuredOutput", {"colour": "red"})), text_answer("There."))
    schema = {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}
    ended = await claude.run(*ask("Which?", "--json-schema", orjson.dumps(schema).decode()))
    assert result(ended)["structured_output"] == {"colour": "red"}


async def test_a_rate_limit_is_waited_out(claude, upstream):
    upstream.script(rate_limited(1), text_answer("Later, then."))
    assert result(await claude.run(*ask("Hi")))["result"] == "Later, then."
    first, second = upstream.requests
    assert second.at - first.at >= 1


OVERLOADS = [http_error(503, code="server_is_overloaded"), failed("server_is_overloaded"), error_event("server_error")]


@pytest.mark.parametrize("script", OVERLOADS, ids=["status", "response.failed", "error event"])
async def test_a_failure_before_the_first_content_is_tried_again(claude, upstream, script):
    upstream.script(script, text_answer("Now."))
    assert result(await claude.run(*ask("Hi")))["result"] == "Now."
    assert len(upstream.requests) == 2


@pytest.mark.parametrize("how", [(), (Reset(),), None], ids=["closed", "reset", "error event"])
async def test_a_stream_that_breaks_is_asked_for_again(claude, upstream, answers, how):
    broken = error_event("server_error", "broken", Text("Half of it")) if how is None else cut_after(6, None, *how)
    upstream.script(broken, text_answer("All of it."))
    assert result(await claude.run(*ask("Hi")))["result"] == "All of it."
    assert b"event: error" in answers[0].body
    assert len(upstream.requests) == 2


async def test_a_stream_that_always_breaks_ends_with_the_reason(claude, upstream):
    upstream.default = cut_after(6)
    told = result(await claude.run(*ask("Hi"), code=1))
    assert told["is_error"]
    assert "closed the connection" in told["result"]


async def test_a_refusal_of_the_upstream_is_shown(claude, upstream):
    upstream.default = http_error(400, "the fox said no", kind="invalid_request_error")
    told = result(await claude.run(*ask("Hi"), code=1))
    assert "the fox said no" in told["result"]
    assert told["api_error_status"] == 400


async def test_a_refusal_of_the_model_is_shown(claude, upstream):
    upstream.default = refusal("I would rather not.")
    assert result(await claude.run(*ask("Hi")))["result"] == "I would rather not."


async def test_a_spent_plan_is_told(claude, upstream, answers):
    upstream.default = usage_limit(5400)
    told = result(await claude.run(*ask("Hi"), code=1))
    assert "usage limit" in told["result"]
    assert told["api_error_status"] == 429
    assert len(upstream.requests) == 1


async def test_a_refused_key_of_the_provider_is_told_with_its_cause(claude, upstream, answers):
    """V8, with its own settings for repeats."""
    upstream.default = http_error(401, "Incorrect API key", code="invalid_api_key")
    del claude.env["CLAUDE_CODE_MAX_RETRIES"]
    told = result(await claude.run(*ask("Hi"), code=1))
    assert "fox refused its key" in told["result"]
    assert len(upstream.requests) == 1
    assert len([each for each in answers if each.path == "/v1/messages"]) == 1, "it waited and asked again"


async def test_a_wrong_key_is_told(claude, upstream):
    told = result(await claude.run(*ask("Hi"), code=1, ANTHROPIC_AUTH_TOKEN="another-key-0123456789"))
    assert told["api_error_status"] == 401
    assert upstream.requests == []


async def test_a_cancelled_turn_frees_the_upstream(claude, upstream):
    upstream.script(text_answer("Never to be finished").after(6, Hang()))
    running = await claude.start(*ask("Hi"))
    [request] = await upstream.wait_for_requests(1, within=30)
    running.send(signal.SIGINT)
    await request.wait_closed()
    await running.ended()


async def test_a_killed_client_frees_the_upstream(claude, upstream):
    upstream.script(text_answer("Never to be finished").first(Hang()))
    running = await claude.start(*ask("Hi"))
    [request] = await upstream.wait_for_requests(1, within=30)
    running.end()
    await request.wait_closed()


NO_IMAGE = "The image data you provided does not represent a valid image."


def images(request):
    """Return the images in what the tools of a request said."""
    outputs = [output["output"] for output in items(request, "function_call_output")]
    return [part for parts in outputs if isinstance(parts, list) for part in parts if part["type"] == "input_image"]


@pytest.mark.parametrize("how", ["status", "response.failed"])
async def test_a_picture_that_the_upstream_refuses_is_dropped(claude, upstream, picture, how):
    """M1"""
    no = http_error(400, NO_IMAGE) if how == "status" else failed("invalid_image", NO_IMAGE)

    def answers(request):
        if images(request):
            return no
        return text_answer("Without it, then.") if items(request, "function_call_output") else read

    read = answer(ToolCall("Read", {"file_path": str(picture)}))
    upstream.default = answers
    ended = await claude.run(*ask("What is in the picture?", "--add-dir", str(picture.parent), tools=["Read"]))
    assert result(ended)["result"] == "Without it, then."
    assert len([request for request in upstream.requests if images(request)]) <= 2
    await claude.run(*ask("And now?", "--continue"))
    assert not images(upstream.last)


async def test_an_effort_that_the_model_does_not_know_is_dropped(claude, upstream):
    """M1"""
    told = "Unsupported value: 'low' is not supported with this model. Supported values are: 'medium' and 'high'."

    def answers(request):
        low = request.json()["reasoning"].get("effort") == "low"
        return http_error(400, told) if low else text_answer("With another, then.")

    upstream.default = answers
    assert result(await claude.run(*ask("Hi", "--effort", "low")))["result"] == "With another, then."
    assert len(upstream.requests) == 2
