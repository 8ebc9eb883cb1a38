"""The short memory of recent answers: references are expanded as at OpenAI, or refused by name (X6)."""

import asyncio
import logging

import pytest
from jackfield.testing import (
    Close,
    CustomToolCall,
    FakeClock,
    Pause,
    Reasoning,
    Text,
    ToolCall,
    answer,
    failed,
    incomplete,
    make_app,
    running,
    text_answer,
    upstream_problems,
)
from openai import AsyncOpenAI

KEY, OTHER = "client-key-0123456789abcdef", "other-key-0123456789abcdef"


def user(text):
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def bare(items):
    """Return items without their ids, which nobody upstream could look up."""
    return [{key: value for key, value in item.items() if key != "id"} for item in items]


def reference(item):
    return {"type": "item_reference", "id": item["id"]}


async def ask(house, upstream, script=None, headers=None, **fields):
    """Ask; return the response object, whichever form it came in."""
    if script is not None:
        upstream.script(script)
    answered = await house.post(headers or {}, **fields)
    assert answered.status_code == 200, answered.text
    if fields.get("stream"):
        return script.events[-1]["response"]
    return answered.json()


async def refusal(house, headers=None, **fields):
    answered = await house.post(headers or {}, **fields)
    assert answered.status_code == 400, answered.text
    return answered.json()["error"]


LOOP = (Reasoning(["Hm."], "gAAAAblob"), Text("I look."), ToolCall("read", {"n": 1}, "call_1"))


@pytest.mark.parametrize("stream", [True, False])
async def test_references_are_replaced_by_what_was_said_in_their_order(house, upstream, stream):
    """X6: as the Vercel AI SDK sends them, which stores by default."""
    first = await ask(house, upstream, answer(*LOOP, response_id="resp_1"), input="Hi", stream=stream)
    rs, msg, fc = first["output"]
    output = {"type": "function_call_output", "call_id": "call_1", "output": "42"}
    await ask(house, upstream, text_answer(), input=[user("Hi"), reference(rs), reference(msg), reference(fc), output])
    body = upstream.last.json()
    assert body["input"] == [user("Hi"), *bare([rs, msg, fc]), output]
    assert upstream_problems(body) == []


async def test_a_reference_alone_is_enough(house, upstream):
    """X6: it was an empty input once."""
    first = await ask(house, upstream, text_answer("Yes?", response_id="resp_1"))
    await ask(house, upstream, text_answer(), input=[reference(first["output"][0])])
    assert upstream.last.json()["input"] == bare(first["output"])


async def test_a_reference_may_leave_out_its_type(house, upstream):
    """X6: the SDKs' type says so."""
    first = await ask(house, upstream, text_answer("Yes?", response_id="resp_1"))
    await ask(house, upstream, text_answer(), input=[{"id": first["output"][0]["id"]}, user("Go")])
    assert upstream.last.json()["input"] == [*bare(first["output"]), user("Go")]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_previous_response_brings_its_whole_conversation(house, upstream, stream):
    """X6: over several turns, with the user's words and the results of tools."""
    script = answer(*LOOP, response_id="resp_1")
    first = await ask(house, upstream, script, input="Hi", stream=stream)
    output = {"type": "function_call_output", "call_id": "call_1", "output": "42"}
    second = await ask(
        house, upstream, text_answer("It is 42.", response_id="resp_2"), input=[output],
        previous_response_id="resp_1", stream=stream,
    )  # fmt: skip
    await ask(house, upstream, text_answer(), input="Why?", previous_response_id="resp_2")
    body = upstream.last.json()
    expected = [user("Hi"), *bare(first["output"]), output, *bare(second["output"]), user("Why?")]
    assert body["input"] == expected
    assert "previous_response_id" not in body
    assert upstream_problems(body) == []


async def test_two_turns_may_go_on_from_one(house, upstream):
    """X6: a branch."""
    await ask(house, upstream, text_answer("Yes?", response_id="resp_1"))
    for number in (2, 3):
        script = text_answer(f"No. {number}", response_id=f"resp_{number}")
        await ask(house, upstream, script, input=f"Go {number}", previous_response_id="resp_1")
        assert [item["role"] for item in upstream.last.json()["input"]] == ["user", "assistant", "user"]


async def test_custom_calls_are_remembered_too(house, upstream):
    """X6: ids of calls."""
    first = await ask(house, upstream, answer(CustomToolCall("sh", "ls"), response_id="resp_1"))
    output = {"type": "custom_tool_call_output", "call_id": first["output"][0]["call_id"], "output": "x"}
    await ask(house, upstream, text_answer(), input=[user("Hi"), reference(first["output"][0]), output])
    assert upstream.last.json()["input"][1] == bare(first["output"])[0]


async def test_instructions_of_an_earlier_turn_are_not_carried_over(house, upstream):
    """X6: as at OpenAI."""
    await ask(house, upstream, text_answer(response_id="resp_1"), instructions="Be kind.")
    await ask(house, upstream, text_answer(), previous_response_id="resp_1", input="Go")
    assert "instructions" not in upstream.last.json()


async def test_an_incomplete_answer_is_remembered(house, upstream):
    """X6: it is one, and OpenAI goes on from it."""
    first = await ask(house, upstream, incomplete("max_output_tokens"), stream=True)
    await ask(house, upstream, text_answer(), previous_response_id=first["id"], input="Go on")
    assert len(upstream.last.json()["input"]) == 3


async def test_the_conversation_keeps_its_session(house, upstream):
    """X6: for the prompt cache."""
    await ask(house, upstream, text_answer(response_id="resp_1"), input="Hi")
    await ask(house, upstream, text_answer(), previous_response_id="resp_1", input="Go")
    one, two = upstream.bodies
    assert one["prompt_cache_key"] == two["prompt_cache_key"]


UNKNOWN = {
    "previous": ({"previous_response_id": "resp_x"}, "previous_response_id", "resp_x"),
    "reference": ({"input": [user("Hi"), {"type": "item_reference", "id": "rs_x"}]}, "input[1]", "rs_x"),
    "beside a history": (
        {"previous_response_id": "resp_x", "input": [user("Hi"), {"role": "assistant", "content": "Yes?"}]},
        "previous_response_id",
        "resp_x",
    ),
    "no id": ({"input": [{"type": "item_reference"}, user("Hi")]}, "input[0]", ""),
}


@pytest.mark.parametrize(("fields", "place", "name"), UNKNOWN.values(), ids=UNKNOWN)
async def test_what_is_not_remembered_is_refused_and_names_the_remedy(house, upstream, fields, place, name):
    """X6: never dropped with status 200."""
    error = await refusal(house, **fields)
    assert (error["type"], error["param"]) == ("invalid_request_error", place)
    assert name in error["message"]
    assert "store: false" in error["message"]
    assert upstream.requests == []


@pytest.mark.parametrize(
    "fields",
    [{"conversation": "conv_1"}, {"conversation": {"id": "c"}}, {"prompt": {"id": "p"}}, {"background": True}],
    ids=str,
)
@pytest.mark.parametrize("items", ["Hi", [user("Hi"), {"role": "assistant", "content": "Yes?"}, user("Go")]])
async def test_what_only_a_store_could_serve_is_refused_by_name(house, upstream, fields, items):
    """X6: with a history beside it too."""
    error = await refusal(house, input=items, **fields)
    assert error["param"] == next(iter(fields))
    assert upstream.requests == []


@pytest.mark.parametrize(
    "script",
    [failed("server_error", "Boom", Text("Half")), text_answer("Half of it").cut(6, Close())],
    ids=["failed", "cut"],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_failed_is_not_remembered(serve, upstream, script, stream):
    """X6: nor are its items."""
    house = await serve(upstream, config={"request-retry": 0})
    upstream.script(script)
    await house.post(stream=stream)
    asked = len(upstream.requests)
    await refusal(house, previous_response_id="resp_test")
    for name in ("msg_0", "msg_test_0"):
        await refusal(house, input=[{"type": "item_reference", "id": name}])
    assert len(upstream.requests) == asked


async def test_an_answer_under_way_is_not_remembered(house, upstream):
    """X6: its items are not whole."""
    upstream.script(text_answer("Hello you", response_id="resp_1").after(6, Pause()))
    async with house.open() as answered:
        await refusal(house, previous_response_id="resp_1")
        upstream.last.resume()
        await answered.aread()
    await ask(house, upstream, text_answer(), previous_response_id="resp_1")


async def test_a_request_with_store_false_leaves_nothing(house, upstream):
    """X6: it asks for that."""
    await ask(house, upstream, text_answer(response_id="resp_1"), store=False)
    await refusal(house, previous_response_id="resp_1")


async def test_nobody_gets_what_another_client_was_answered(serve, upstream):
    """X6: per client key."""
    house = await serve(upstream, config={"api-keys": [KEY, OTHER]})
    mine, yours = ({"authorization": f"Bearer {key}"} for key in (KEY, OTHER))
    first = await ask(house, upstream, text_answer("canary", response_id="resp_1"), mine)
    for fields in ({"previous_response_id": "resp_1"}, {"input": [reference(first["output"][0])]}):
        error = await refusal(house, yours, **fields)
        assert "canary" not in str(error)
        await ask(house, upstream, text_answer(response_id="resp_2"), mine, **fields)


async def test_the_oldest_goes_when_the_memory_is_full(serve, upstream):
    """X6: bounded in bytes."""
    house = await serve(upstream, config={"response-memory": {"max-bytes": 20_000}})
    for number in range(6):
        await ask(house, upstream, text_answer("x" * 5000, response_id=f"resp_{number}"), input=f"Hi {number}")
    await refusal(house, previous_response_id="resp_0")
    await ask(house, upstream, text_answer(response_id="resp_9"), previous_response_id="resp_5")
    await ask(house, upstream, text_answer("x" * 50_000, response_id="resp_large"))
    await refusal(house, previous_response_id="resp_large")


async def test_an_answer_is_forgotten_by_the_clock(serve, upstream):
    """X6: bounded in age."""
    clock = FakeClock()
    house = await serve(upstream, clock=clock, config={"response-memory": {"max-age": 100}})
    first = await ask(house, upstream, text_answer(response_id="resp_1"))
    clock.advance(99)
    await ask(house, upstream, text_answer(response_id="resp_2"), previous_response_id="resp_1")
    clock.advance(2)
    await refusal(house, previous_response_id="resp_1")
    await refusal(house, previous_response_id="resp_2")  # its beginning is forgotten
    error = await refusal(house, input=[{"type": "item_reference", "id": "msg_gone"}])
    assert "100 s" in error["message"]
    assert first["output"]


@pytest.mark.parametrize("off", [{"max-bytes": 0}, {"max-age": 0}], ids=str)
async def test_zero_switches_it_off(serve, upstream, off):
    """X6: and the 400 says so."""
    house = await serve(upstream, config={"response-memory": off})
    await ask(house, upstream, text_answer(response_id="resp_1"))
    error = await refusal(house, previous_response_id="resp_1")
    assert "response-memory is off" in error["message"]
    assert "store: false" in error["message"]


async def test_with_several_workers_it_is_off_and_says_so(serve, upstream, monkeypatch):
    """X6: the next request may meet another process."""
    monkeypatch.setenv("JACKFIELD_WORKERS", "2")
    house = await serve(upstream)
    await ask(house, upstream, text_answer(response_id="resp_1"))
    assert "several workers" in (await refusal(house, previous_response_id="resp_1"))["message"]


async def test_reasoning_of_another_account_is_left_out(serve, upstream, second):
    """X6: its blob can be read by its maker alone."""
    house = await serve(upstream, second)
    await ask(house, upstream, answer(*LOOP[:2], response_id="resp_1"), model="fox/gpt-5")
    await house.post(model="owl/gpt-5", previous_response_id="resp_1", input="Go")
    kinds = [item.get("type") for item in second.last.json()["input"]]
    assert kinds == ["message", "message", "message"]
    await house.post(model="fox/gpt-5", previous_response_id="resp_1", input="Go")
    assert "reasoning" in [item.get("type") for item in upstream.last.json()["input"]]


async def test_nothing_of_it_is_logged_or_written(serve, upstream, caplog, tmp_path, monkeypatch):
    """X6: neither what was said nor what was asked."""
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    house = await serve(upstream)
    await ask(house, upstream, text_answer("canary-said", response_id="resp_1"), input="canary-asked")
    await ask(house, upstream, text_answer(), previous_response_id="resp_1")
    await refusal(house, previous_response_id="resp_x")
    assert "canary" not in caplog.text
    assert "canary" not in repr(vars(house.host))
    assert list(tmp_path.iterdir()) == []


async def test_many_clients_at_once_get_their_own(house, upstream):
    """X6: ids do not mix."""

    def echo(request):
        name = request.json()["input"][-1]["content"][0]["text"]
        return text_answer(name, response_id=f"resp_{name}")

    upstream.default = echo
    await asyncio.gather(*(house.post(input=f"n{number}") for number in range(20)))
    for number in range(20):
        await house.post(input="m", previous_response_id=f"resp_n{number}")
        said = [item["content"][0]["text"] for item in upstream.last.json()["input"]]
        assert said == [f"n{number}", f"n{number}", "m"]


async def test_the_sdk_goes_on_from_a_response(house, upstream):
    """X6: `previous_response_id` of the openai SDK."""
    upstream.script(text_answer("Yes?", response_id="resp_1"))
    async with AsyncOpenAI(base_url=house.server.v1, api_key="sk-any", max_retries=0) as client:
        first = await client.responses.create(model="gpt-5", input="Hi")
        second = await client.responses.create(model="gpt-5", input="Go", previous_response_id=first.id)
    assert second.output_text
    assert len(upstream.last.json()["input"]) == 3


async def test_an_edit_of_the_bounds_holds_without_a_restart(tmp_path, upstream):
    """X6: what was remembered is gone when the memory is switched off."""
    file = tmp_path / "config.yaml"
    fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}
    app = make_app({"tppc": {"providers": [fox]}}, path=file)
    async with running(app) as server, server.client(timeout=10) as client:
        first = (await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})).json()
        again = {"model": "gpt-5", "input": "Go", "previous_response_id": first["id"], "store": False}
        assert (await client.post("/v1/responses", json=again)).status_code == 200
        file.write_text(f"{file.read_text()}\nresponse-memory: {{max-bytes: 0}}\n")
        async with asyncio.timeout(30):
            while (await client.post("/v1/responses", json=again)).status_code == 200:  # noqa: ASYNC110 - a file is followed
                await asyncio.sleep(0.05)
