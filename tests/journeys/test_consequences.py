"""What a failure is about bears the consequence, and nobody else: V1, V5, V6, V7, L1 of the faults, from outside."""

import pytest
from jackfield.testing import http_error, json_reply, reply, text_answer

PAGE = "<!DOCTYPE html><html><title>Attention</title><h1>Sorry, you have been blocked</h1></html>"
FIREWALL = reply(PAGE, 403, "text/html")
POLICY = http_error(403, "Not allowed", code="content_policy_violation", kind="permission_error")
POISON = "POISON"


def unless_poisoned(script):
    """Return an upstream's behaviour: poisoned requests meet this, all others are answered."""
    return lambda request: script if POISON in str(request.body) else text_answer("fine")


@pytest.mark.parametrize("script", [FIREWALL, POLICY], ids=["firewall", "policy"])
async def test_a_verdict_on_one_prompt_takes_no_provider_from_anybody(serve, upstream, second, script):
    """V1"""
    house = await serve(upstream, second)
    upstream.default = second.default = unless_poisoned(script)
    refused = await house.post(input=POISON)
    assert refused.status_code == 403
    assert "<" not in refused.json()["error"]["message"]
    assert (len(upstream.requests), len(second.requests)) == (1, 1)
    assert (await house.post(input="hi")).status_code == 200
    assert (len(upstream.requests), len(second.requests)) == (2, 1)


async def test_no_more_than_one_other_provider_is_asked_after_such_a_refusal(serve, upstream, second):
    """V1"""
    house = await serve(upstream, second, upstream)
    upstream.default = second.default = unless_poisoned(FIREWALL)
    assert (await house.post(input=POISON)).status_code == 403
    assert (len(upstream.requests), len(second.requests)) == (1, 1)


async def test_another_provider_without_that_filter_answers(serve, upstream, second):
    """V1"""
    house = await serve(upstream, second)
    upstream.default = unless_poisoned(FIREWALL)
    assert (await house.post(input=POISON)).status_code == 200
    assert len(second.requests) == 1


async def test_messages_clients_hear_of_a_permission(serve, upstream):
    """V1"""
    house = await serve(upstream)
    upstream.default = FIREWALL
    question = {"model": "gpt-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    refused = await house.client.post("/v1/messages", json=question)
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "permission_error")


NO_CHANNEL = http_error(503, "No channel for gpt-5", code="model_not_found", kind="new_api_error")
NO_MODEL = http_error(404, "The model does not exist", code="model_not_found", kind="invalid_request_error")


@pytest.mark.parametrize("script", [NO_CHANNEL, NO_MODEL], ids=["503", "404"])
async def test_a_provider_that_does_not_have_the_model_makes_way_for_one_that_may(
    serve, upstream, second, fake_clock, script
):
    """V5, V6"""
    house = await serve(upstream, second, clock=fake_clock)
    upstream.default = script
    for _ in range(3):
        assert (await house.post()).status_code == 200
    assert len(upstream.requests) == 1, "it rests with the model"
    assert (await house.post(model="codex-mini-latest")).status_code == 200
    assert len(upstream.requests) == 2, "and with that alone"
    fake_clock.advance(600)
    await house.post()
    assert len(upstream.requests) == 3


@pytest.mark.parametrize(("script", "status"), [(NO_CHANNEL, 503), (NO_MODEL, 404)], ids=["503", "404"])
async def test_the_only_one_is_asked_each_time_and_its_own_words_are_told(serve, upstream, script, status):
    """V5, V6"""
    house = await serve(upstream)
    upstream.default = script
    assert [(await house.post()).status_code for _ in range(2)] == [status] * 2
    upstream.default = text_answer()
    assert (await house.post()).status_code == 200


async def test_a_model_is_not_found_only_where_all_say_so(serve, upstream, second):
    """V6"""
    house = await serve(upstream, second)
    upstream.default = NO_MODEL
    second.default = http_error(500)
    assert (await house.post()).status_code == 500
    second.default = NO_MODEL
    missing = await house.post(model="gpt-5-codex")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")
    assert (await house.post(model="fox/gpt-9")).status_code == 404


async def test_a_missing_model_is_not_told_while_one_that_may_have_it_rests(serve, upstream, second, fake_clock):
    """V6"""
    house = await serve(upstream, second, clock=fake_clock)
    second.default = http_error(429, retry_after="40")
    upstream.script(http_error(500))
    await house.post()
    upstream.default = NO_MODEL
    answered = await house.post()
    assert (answered.status_code, answered.headers["retry-after"]) == (503, "40")


EMPTY = {
    "402": http_error(402),
    "403": http_error(403, "no quota left", code="insufficient_user_quota", kind="new_api_error"),
    "429": http_error(429, code="insufficient_quota"),
    "usage": json_reply({"error": {"type": "usage_limit_reached", "message": "m", "resets_in_seconds": 900}}, 429),
    "401": http_error(401),
}


@pytest.mark.parametrize("script", EMPTY.values(), ids=EMPTY)
async def test_a_key_or_an_account_rests_with_all_its_models(serve, upstream, second, script):
    """V7"""
    house = await serve(upstream, second)
    upstream.default = script
    assert (await house.post(model="gpt-5")).status_code == 200
    for model in ("gpt-5-codex", "codex-mini-latest", "gpt-5.9"):
        assert (await house.post(model=model)).status_code == 200
    assert len(upstream.requests) == 1


async def test_an_empty_account_is_told_as_one(serve, upstream):
    """V7"""
    house = await serve(upstream)
    upstream.default = EMPTY["403"]
    for _ in range(2):
        answered = await house.post()
        assert (answered.status_code, answered.json()["error"]["code"]) == (402, "insufficient_quota")
        assert "retry-after" not in answered.headers
        assert answered.headers["x-should-retry"] == "false"
    assert len(upstream.requests) == 1
    [state] = house.host.runtime.selector.states(house.host.runtime.credentials)
    assert state.last_error == "quota"


OTHER_CLIENT = http_error(403, "This account only allows Codex official clients", kind="forbidden_error")


async def test_a_provider_that_serves_other_clients_is_passed_over_and_does_not_rest(serve, upstream, second):
    """L1"""
    house = await serve(upstream, second)
    upstream.default = lambda request: text_answer("for it") if request.headers.get("originator") else OTHER_CLIENT
    assert "Hello" in (await house.post()).text
    allowed = await house.post({"originator": "codex_exec", "user-agent": "codex_exec/0.169.0"})
    assert "for it" in allowed.text
    assert (len(upstream.requests), len(second.requests)) == (2, 1)


async def test_a_client_that_nobody_serves_hears_the_relays_words_and_ours(serve, upstream):
    """L1"""
    house = await serve(upstream)
    upstream.default = OTHER_CLIENT
    for _ in range(3):
        refused = await house.post()
        assert refused.status_code == 403
        message = refused.json()["error"]["message"]
        assert "only allows Codex official clients" in message
        assert "fox" in message
    assert len(upstream.requests) == 3
