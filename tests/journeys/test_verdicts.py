"""What a failure says something about, as clients are told it (V1, V5, V7, V10, L1, L4), and rows that others add."""

import pytest
from jackfield.api import hookimpl
from jackfield.testing import failed, html_page, http_error, json_reply, reply, text_answer
from jackfield_codex.relay_words import relay_words

ONLY = {"error": {"type": "forbidden_error", "message": "This account only allows Codex official clients"}}
MESSAGES = {"model": "gpt-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


async def test_a_firewalls_page_is_about_one_request_and_rests_nobody(serve, upstream, second):
    """V1: one other provider is asked; then it is told in a sentence, without the page; the next client is served."""
    house = await serve(upstream, second)
    upstream.default = second.default = html_page(403)
    told = await house.post()
    assert (told.status_code, len(upstream.requests), len(second.requests)) == (403, 1, 1)
    assert "<" not in told.text
    assert "web page" in told.json()["error"]["message"]
    upstream.default = second.default = text_answer("Hello")
    assert (await house.post()).status_code == 200
    assert len(upstream.requests) + len(second.requests) == 3


@pytest.mark.parametrize("body", [{"error": {"code": "content_policy_violation", "type": "permission_error"}}, ONLY])
async def test_a_refusal_is_a_permission_error_on_messages(serve, upstream, body):
    """V1, L1."""
    house = await serve(upstream)
    upstream.default = json_reply(body, 403)
    told = await house.client.post("/v1/messages", json=MESSAGES)
    assert (told.status_code, told.json()["error"]["type"]) == (403, "permission_error")
    upstream.default = text_answer("Hello")
    assert (await house.client.post("/v1/messages", json=MESSAGES)).status_code == 200


@pytest.mark.parametrize("status", [401, 403])
async def test_a_client_that_is_not_served_is_told_who_is(serve, upstream, status):
    """L1: with the relay's words and ours; nobody rests."""
    house = await serve(upstream)
    upstream.default = json_reply(ONLY, status)
    told = await house.post()
    message = told.json()["error"]["message"]
    assert told.status_code == 403
    assert message.startswith("fox serves Codex alone: use Codex, or another provider")
    assert "This account only allows Codex official clients" in message
    upstream.default = text_answer("Hello")
    assert (await house.post()).status_code == 200


@pytest.mark.parametrize("word", relay_words(), ids=lambda word: word.get("code") or word["phrase"])
async def test_each_word_of_relays_that_serve_codex_alone(serve, upstream, word):
    """L1: the rows that the codex plugin brings."""
    house = await serve(upstream)
    error = {"code": word["code"].replace("*", "x")} if "code" in word else {"message": word["example"]}
    upstream.default = json_reply({"error": error}, 403)
    told = await house.post()
    assert told.status_code == 403
    assert "fox serves Codex alone" in told.json()["error"]["message"]


MONEY = {
    "403": json_reply({"error": {"code": "insufficient_user_quota", "message": "no quota left"}}, 403),
    "flat 403": json_reply({"code": "INSUFFICIENT_BALANCE", "message": "m"}, 403),
    "200": json_reply({"error": {"code": "insufficient_user_quota", "message": "m"}}),
    "flat 200": json_reply({"code": "INSUFFICIENT_BALANCE", "message": "m"}),
    "stream": failed("insufficient_user_quota", "m"),
    "words": reply("余额不足，请充值", 403),
}


@pytest.mark.parametrize("script", MONEY.values(), ids=MONEY)
async def test_an_empty_account_is_told_as_one(serve, upstream, script):
    """V7, L4."""
    house = await serve(upstream)
    upstream.default = script
    told = await house.post()
    assert (told.status_code, told.json()["error"]["code"]) == (402, "insufficient_quota")


async def test_a_5xx_that_names_the_model_is_told_as_one(serve, upstream, second):
    """V5: the other provider's answer; with the first alone 503."""
    house = await serve(upstream, second)
    upstream.default = http_error(503, "No channel for gpt-5", code="model_not_found", kind="new_api_error")
    assert (await house.post()).status_code == 200
    second.default = upstream.default
    assert (await house.post()).status_code == 503


async def test_overflow_is_told_as_such_whatever_the_status(serve, upstream, second):
    """V10: one attempt."""
    house = await serve(upstream, second)
    upstream.default = second.default = http_error(
        500, "status 400: context_length_exceeded: Your input exceeds the context window", kind="upstream_error"
    )
    told = await house.client.post("/v1/messages", json=MESSAGES)
    assert told.status_code == 400
    assert told.json()["error"]["message"].startswith("prompt is too long")
    assert len(upstream.requests) + len(second.requests) == 1


async def test_an_operators_words_count(serve, upstream):
    """A phrase of the configuration is read before those that are built in."""
    house = await serve(upstream, config={"relay-words": [{"phrase": "wallet is empty", "verdict": "account"}]})
    upstream.default = json_reply({"error": "The wallet is empty"}, 403)
    assert (await house.post()).status_code == 402


class Gnomes:
    """A plugin that knows what a relay of gnomes says."""

    @hookimpl
    def register_relay_words(self, registrar):
        """Bring a row."""
        registrar.add([{"code": "GNOMES_ONLY", "verdict": "client", "client": "Gnomatic"}])


async def test_a_plugins_words_count(serve, upstream):
    """The hook `register_relay_words`."""
    house = await serve(upstream, plugins={"gnomes": Gnomes()})
    upstream.default = json_reply({"code": "gnomes_only", "message": "go away"}, 403)
    told = await house.post()
    assert told.status_code == 403
    assert "fox serves Gnomatic alone" in told.json()["error"]["message"]
