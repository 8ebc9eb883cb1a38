"""What Codex reads of a refusal, a head and a failed stream reaches it in the words it knows (X1, X2, X4)."""

import dataclasses

import pytest
from jackfield.dialects.responses.codes import code_in_stream
from jackfield.model.errors import Kind, UpstreamError
from jackfield.testing import (
    Close,
    Pause,
    Text,
    answer,
    error_event,
    failed,
    http_error,
    json_reply,
    play,
    read_sse,
    text_answer,
    usage_limit,
)

SOON = 4_102_444_800
"""A moment in seconds since 1970 that is long from now."""
CODEX = {"originator": "codex_exec", "user-agent": "codex_exec/0.169.0 (Linux)"}
SPENT = {
    "type": "usage_limit_reached",
    "message": "The usage limit has been reached",
    "plan_type": "plus",
    "resets_at": SOON,
    "resets_in_seconds": 5400,
}

# -- X1: a spent plan


def spent(**changed):
    error = {key: value for key, value in {**SPENT, **changed}.items() if value is not None}
    return json_reply({"error": error}, 429)


def in_stream(kind, **changed):
    """Return a 200 whose first event tells of the spent plan."""
    if kind == "error":
        return play([{"type": "error", "status_code": 429, "error": {**SPENT, **changed}}])
    told = {"code": SPENT["type"], **SPENT, **changed}
    return play([{"type": "response.failed", "response": {"id": "resp_1", "status": "failed", "error": told}}])


SAID = {
    "status": spent(),
    "status, as a stream's first event": in_stream("error"),
    "response.failed": in_stream("failed"),
}


@pytest.fixture
async def alone(serve, upstream):
    return await serve(upstream, config={"request-retry": 0})


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("script", SAID.values(), ids=SAID)
async def test_a_spent_plan_is_told_in_the_words_that_codex_decides_by(alone, upstream, script, stream):
    """X1: `error.type`, `plan_type`, `resets_at`, `resets_in_seconds`."""
    upstream.script(script)
    answered = await alone.post(CODEX, stream=stream)
    error = answered.json()["error"]
    assert answered.status_code == 429
    assert (error["type"], error["plan_type"], error["resets_at"]) == ("usage_limit_reached", "plus", SOON)
    assert (error["code"], error["param"]) == ("usage_limit_reached", None)
    assert error["resets_in_seconds"] > 0
    assert SPENT["message"] in error["message"]


TIMES = {
    "float": ({"resets_at": SOON + 0.75}, SOON),
    "milliseconds": ({"resets_at": SOON * 1000}, SOON),
    "text": ({"resets_at": str(SOON)}, SOON),
}


@pytest.mark.parametrize(("changed", "expected"), TIMES.values(), ids=TIMES)
async def test_the_reset_is_a_whole_number_of_seconds_which_is_all_that_codex_decodes(
    alone, upstream, changed, expected
):
    """X1: a text or a fraction there would make Codex take the whole error for another one."""
    upstream.script(spent(resets_in_seconds=None, **changed))
    assert (await alone.post(CODEX)).json()["error"]["resets_at"] == expected


async def test_a_reset_told_as_a_span_alone_becomes_a_moment_too(alone, upstream):
    """X1: Codex reads `resets_at` only."""
    upstream.script(usage_limit(5400))
    error = (await alone.post(CODEX)).json()["error"]
    assert isinstance(error["resets_at"], int)
    assert error["resets_in_seconds"] == 5400


async def test_a_limit_without_any_time_has_none_made_up(alone, upstream):
    """X1: no time is invented."""
    upstream.script(spent(resets_at=None, resets_in_seconds=None, plan_type=None))
    error = (await alone.post(CODEX)).json()["error"]
    assert error["type"] == "usage_limit_reached"
    assert not {"resets_at", "resets_in_seconds", "plan_type"} & error.keys()


async def test_a_plan_without_codex_is_told_as_that(alone, upstream):
    """X1: `usage_not_included`, on which Codex says what the account lacks."""
    upstream.script(json_reply({"error": {"type": "usage_not_included", "message": "Not in your plan"}}, 429))
    answered = await alone.post(CODEX)
    assert (answered.status_code, answered.json()["error"]["type"]) == (429, "usage_not_included")


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_the_other_routes_tell_a_spent_plan_as_before(alone, upstream, path):
    """X1: what is Codex's alone stays on its route."""
    upstream.script(spent())
    body = {"model": "gpt-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    answered = await alone.client.post(path, json=body, headers={"anthropic-version": "2023-06-01"})
    assert (answered.status_code, answered.json()["error"]["type"]) == (429, "rate_limit_error")
    assert not {"plan_type", "resets_at"} & answered.json()["error"].keys()


async def test_a_limit_of_the_moment_is_no_spent_plan(alone, upstream):
    """X1: Codex would give up on it."""
    upstream.script(http_error(429, "Slow down", code="rate_limit_exceeded", kind="rate_limit_error"))
    error = (await alone.post(CODEX)).json()["error"]
    assert (error["type"], "resets_at" in error) == ("rate_limit_error", False)


@pytest.mark.parametrize("kind", ["usage_limit_reached", "usage_not_included"])
async def test_the_proxys_own_429_tells_it_again_while_the_plan_rests(serve, upstream, kind):
    """X1: without asking, and with no time for which Codex would wait in silence."""
    house = await serve(upstream)
    script = spent(type=kind)
    upstream.script(dataclasses.replace(script, headers={**script.headers, **PROMO}))
    first = await house.post(CODEX)
    second = await house.post(CODEX)
    assert len(upstream.requests) == 1
    assert (first.status_code, second.status_code) == (429, 429)
    error = second.json()["error"]
    assert error["type"] == kind
    if kind == "usage_limit_reached":
        assert (error["plan_type"], error["resets_at"]) == ("plus", SOON)
        assert error["resets_in_seconds"] > 5400
    for answered in (first, second):
        assert {name: answered.headers.get(name) for name in PROMO} == PROMO
        assert (answered.headers.get("retry-after"), answered.headers["x-should-retry"]) == (None, "false")


PROMO = {"x-codex-rate-limit-reached-type": "workspace", "x-codex-promo-message": "More at the shop"}


async def test_of_several_spent_plans_the_one_that_is_back_first_is_told(serve, upstream, second):
    """X1: the proxy's own 429 speaks for all."""
    house = await serve(upstream, second)
    upstream.script(spent(resets_at=SOON + 1000))
    second.script(spent(resets_at=SOON, plan_type="pro"))
    await house.post(CODEX)
    error = (await house.post(CODEX)).json()["error"]
    assert (len(upstream.requests), len(second.requests)) == (1, 1)
    assert (error["plan_type"], error["resets_at"]) == ("pro", SOON)


# -- X2: headers

DOWN = {
    "x-codex-turn-state": "TS",
    "x-codex-primary-used-percent": "12",
    "x-codex-credits-balance": "7",
    "x-codex-rate-limit-reached-type": "workspace",
    "x-codex-promo-message": "More at the shop",
    "x-codex-active-limit": "premium",
    "openai-model": "gpt-5-2025",
    "openai-processing-ms": "17",
    "x-reasoning-included": "true",
    "x-models-etag": 'W/"7"',
}
PASSED = {name: value for name, value in DOWN.items() if name != "x-codex-turn-state"}


@pytest.mark.parametrize("stream", [True, False])
async def test_headers_on_which_codex_acts_come_down_with_an_answer(alone, upstream, stream):
    """X2: with a stream and without."""
    upstream.script(dataclasses.replace(text_answer(), headers=DOWN))
    answered = await alone.post(CODEX, stream=stream)
    assert {name: answered.headers.get(name) for name in PASSED} == PASSED
    assert answered.headers["x-codex-turn-state"]


async def test_headers_on_which_codex_acts_come_down_with_an_error(alone, upstream):
    """X1, X2: `x-codex-rate-limit-reached-type`, credits and promo stand beside the 429."""
    script = spent()
    upstream.script(dataclasses.replace(script, headers={**script.headers, **DOWN}))
    answered = await alone.post(CODEX)
    assert answered.status_code == 429
    assert {name: answered.headers.get(name) for name in PASSED} == PASSED


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_the_other_routes_get_none_of_them(alone, upstream, path):
    """X2: only a client that speaks the upstream's language reads its headers."""
    upstream.script(dataclasses.replace(text_answer(), headers=DOWN))
    body = {"model": "gpt-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    answered = await alone.client.post(path, json=body, headers={"anthropic-version": "2023-06-01"})
    assert answered.status_code == 200
    assert not {"x-codex-turn-state", "x-models-etag", "openai-model"} & set(answered.headers)


async def state_after(house, upstream, state, **fields):
    upstream.script(dataclasses.replace(text_answer(), headers={"x-codex-turn-state": state}))
    return (await house.post(CODEX, **fields)).headers["x-codex-turn-state"]


@pytest.mark.parametrize("state", ["TS", "a b;c=d,e", "gr\u00fc\u00dfe", "x" * 3000, "\u00ff\u00fe~"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_turns_state_comes_back_to_its_maker_as_it_was(alone, upstream, state, stream):
    """X2: odd bytes too; without it Codex's work is routed anew for each tool call."""
    told = await state_after(alone, upstream, state, stream=stream)
    await alone.post({**CODEX, "x-codex-turn-state": told})
    assert upstream.last.headers["x-codex-turn-state"] == state


async def test_a_turns_state_never_reaches_another_provider(serve, upstream, second):
    """X2: it belongs to the credential that made it."""
    house = await serve(upstream, second)
    told = await state_after(house, upstream, "TS", model="fox/gpt-5")
    await house.post({**CODEX, "x-codex-turn-state": told}, model="owl/gpt-5")
    assert "x-codex-turn-state" not in second.last.headers


async def test_a_turns_state_never_reaches_another_key_of_the_same_provider(serve, upstream):
    """X2: two accounts behind one URL are two makers."""
    keys = [{"api-key": f"sk-key-{name}-0123456789", "base-url": upstream.base_url} for name in "ab"]
    house = await serve(config={"codex-api-key": keys})
    upstream.default = dataclasses.replace(text_answer(), headers={"x-codex-turn-state": "TS"})
    told = {}
    for number in range(4):
        state = (await house.post(CODEX, input=f"Hi {number}")).headers["x-codex-turn-state"]
        told[upstream.last.key] = state
    assert len(set(told.values())) == 2
    for number in range(8):
        for key, state in told.items():
            await house.post({**CODEX, "x-codex-turn-state": state}, input=f"Go {number}")
            found = upstream.last.headers.get("x-codex-turn-state")
            assert found == ("TS" if upstream.last.key == key else None)


@pytest.mark.parametrize("state", ["TS", "", "jf1.", "jf1.0123456789ab.%%%", "jf1.0123456789ab.VFM="])
async def test_a_turns_state_that_nobody_here_made_goes_to_nobody(alone, upstream, state):
    """X2: it may be another account's, from before the proxy."""
    answered = await alone.post({**CODEX, "x-codex-turn-state": state})
    assert answered.status_code == 200
    assert "x-codex-turn-state" not in upstream.last.headers


# -- X4: codes in a stream

KNOWN = {
    "server_error", "rate_limit_exceeded", "invalid_prompt", "context_length_exceeded", "insufficient_quota",
    "usage_not_included", "server_is_overloaded",
}  # fmt: skip
"""Codes of the API, and those that Codex reads."""


def last(answered):
    return read_sse(answered.content)[-1].data["response"]["error"]


async def test_a_cut_stream_is_a_server_error_whose_message_says_what_it_was(house, upstream):
    """X4: the code is the API's, ours stands in the message."""
    upstream.script(text_answer("Hello you").cut(5, Close()))
    error = last(await house.stream())
    assert error["code"] == "server_error"
    assert "upstream_stream_cut" in error["message"]


async def test_silence_in_a_stream_is_a_server_error(serve, upstream):
    """X4: a time-out after the first content."""
    house = await serve(upstream, config={"limits": {"stream-idle-timeout": 0.2}})
    upstream.script(text_answer("Hello you").after(5, Pause()))
    error = last(await house.stream())
    assert error["code"] == "server_error"
    assert "upstream_timeout" in error["message"]


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("server_error", "server_error"),
        ("rate_limit_exceeded", "rate_limit_exceeded"),
        ("context_length_exceeded", "context_length_exceeded"),
        ("insufficient_quota", "insufficient_quota"),
        ("usage_not_included", "usage_not_included"),
        ("server_is_overloaded", "server_is_overloaded"),
        ("invalid_prompt", "invalid_prompt"),
        ("cyber_policy", "cyber_policy"),
        ("upstream_auth", "server_error"),
        ("upstream_unreachable", "server_error"),
        ("upstream_timeout", "server_error"),
        ("get_channel_failed", "server_error"),
        ("model_not_found", "invalid_prompt"),
        ("usage_limit_reached", "insufficient_quota"),
    ],
)
async def test_an_error_after_the_first_content_has_a_code_of_the_api(house, upstream, code, expected, nested):
    """X4: every kind that an `error` event may tell of; what is lost from the code stands in the message."""
    upstream.script(error_event(code, "Boom", Text("Hello you"), nested=nested))
    error = last(await house.stream())
    assert error["code"] == expected
    assert "Boom" in error["message"]
    assert code == expected or code in error["message"]


async def test_a_failure_of_the_upstreams_own_passes_byte_for_byte(house, upstream):
    """X4: nothing is touched where the code is known."""
    script = failed("rate_limit_exceeded", "Please try again in 1.2s", Text("Hello you"))
    upstream.script(script)
    assert (await house.stream()).content == script.body


ODD = {
    "no code": ({"code": None, "message": "Boom"}, "server_error", "Boom"),
    "a number": ({"code": 1234, "message": "Boom"}, "server_error", "1234: Boom"),
    "a status": ({"code": 429, "message": "Boom"}, "rate_limit_exceeded", "429: Boom"),
    "no message": ({"code": "server_error"}, "server_error", ""),
    "a message of another form": ({"code": "server_error", "message": {"text": "Boom"}}, "server_error", ""),
    "a sentence": ("Boom", "server_error", "Boom"),
    "null": (None, "server_error", ""),
}


@pytest.mark.parametrize("form", ODD)
async def test_an_error_of_another_form_is_made_one_that_clients_can_read(house, upstream, form):
    """X4: a code that is no text loses Codex the message, and SDKs expect both."""
    told, code, message = ODD[form]
    events = failed("server_error", "Boom", Text("Hello you")).events
    events[-1]["response"]["error"] = told
    upstream.script(play(events))
    error = last(await house.stream())
    assert error["code"] == code
    assert isinstance(error["message"], str)
    assert error["message"] == message if message else error["message"]


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_that_may_be_told_in_a_stream_has_a_code_of_the_api(kind):
    """X4: none of our own words is left over."""
    assert code_in_stream(UpstreamError(kind, "Boom")) in KNOWN


async def test_an_answer_whose_code_is_known_is_not_rewritten(house, upstream):
    """X4: and the other way round, an answer that ends well is the upstream's own bytes."""
    script = answer(Text("Hello you"))
    upstream.script(script)
    assert (await house.stream()).content == script.body
