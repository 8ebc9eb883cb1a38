"""V6: who lists a model's name is asked first, and who has a pattern that fits it when none of those can serve."""

import asyncio

import pytest
from jackfield.api import hookimpl
from jackfield.testing import FakeUpstream, Pause, http_error, rate_limited, reset_before_headers, text_answer

from .conftest import provider

LISTS = {"models": ["acme-1"], "openai-models": False, "model-patterns": []}
FITS = {"openai-models": False, "model-patterns": ["acme-*"]}
NO_MODEL = http_error(404, "The model does not exist", code="model_not_found", kind="invalid_request_error")
ASKS = {
    "responses": ("/v1/responses", {"input": "Hi"}),
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}),
    "messages": ("/v1/messages", {"max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}),
}
ASK = {"model": "acme-1"}


@pytest.fixture
def pair(serve, upstream, second):
    """Return a function that starts the proxy with `fox`, which lists `acme-1`, and `owl`, whose pattern fits it."""

    async def start(lists=LISTS, fits=FITS, *, more=(), routing=None, **options):
        told = {"name": "owl", "priority": 5}
        providers = [provider("fox", upstream.base_url, **lists)]
        providers.append({**provider("owl", second.base_url, **fits), **told})
        config = {"tppc": {"providers": [*providers, *more]}, "routing": routing or {}, **options.pop("config", {})}
        return await serve(config=config, **options)

    return start


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("dialect", ASKS)
async def test_who_lists_a_name_but_does_not_have_it_makes_way_for_whose_pattern_fits(
    pair, upstream, second, dialect, stream
):
    house = await pair()
    upstream.default = NO_MODEL
    path, body = ASKS[dialect]
    for _ in range(2):
        answer = await house.client.post(path, json={**ASK, **body, "stream": stream})
        assert answer.status_code == 200
        assert "Hello" in answer.text
    assert (len(upstream.requests), len(second.requests)) == (1, 2)
    assert second.requests[0].json()["model"] == "acme-1"


FAILURES = {
    "404": NO_MODEL,
    "503 no channel": http_error(503, "No available channel for model acme-1", code="model_not_found"),
    "429": rate_limited(60),
    "key": http_error(401),
    "account": http_error(402),
    "500": http_error(500),
    "cut": reset_before_headers(),
}


@pytest.mark.parametrize("script", FAILURES.values(), ids=FAILURES)
async def test_however_the_lister_fails_the_other_one_serves(pair, upstream, second, script):
    house = await pair()
    upstream.default = script
    answers = [await house.post(**ASK, input=str(number)) for number in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len(second.requests) == 5


async def test_who_lists_the_name_serves_it_alone_while_it_can(pair, upstream, second):
    """Whatever the priorities are."""
    house = await pair()
    for number in range(4):
        assert (await house.post(**ASK, input=str(number))).status_code == 200
    assert (len(upstream.requests), len(second.requests)) == (4, 0)


async def test_a_conversation_comes_back_to_who_lists_the_name(pair, upstream, second, fake_clock):
    house = await pair(clock=fake_clock)
    upstream.script(rate_limited(60))
    for _ in range(2):
        assert (await house.post(**ASK, prompt_cache_key="talk")).status_code == 200
    fake_clock.advance(61)
    assert (await house.post(**ASK, prompt_cache_key="talk")).status_code == 200
    assert (len(upstream.requests), len(second.requests)) == (2, 2)


@pytest.mark.parametrize("pattern", ["*", "acme-?", "acme*"])
async def test_any_pattern_counts_and_an_alias_leads_to_both(pair, upstream, second, pattern):
    aliases = [{"match": "small", "model": "acme-1"}]
    house = await pair(fits={**FITS, "model-patterns": [pattern]}, config={"model-aliases": aliases})
    upstream.default = NO_MODEL
    assert (await house.post(model="small")).status_code == 200
    assert second.requests[0].json()["model"] == "acme-1"


async def test_one_whose_patterns_do_not_fit_is_not_asked(pair, upstream, second):
    house = await pair(fits={**FITS, "model-patterns": ["gpt-*"]})
    upstream.default = NO_MODEL
    answer = await house.post(**ASK)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert not second.requests


async def test_a_provider_that_is_named_has_no_substitute(pair, upstream, second):
    house = await pair(lists={**FITS, "models": ["acme-2"]})
    upstream.default = NO_MODEL
    assert (await house.post(model="fox/acme-1")).status_code == 404
    assert not second.requests


async def test_those_whose_patterns_fit_have_an_order_of_their_own(pair, upstream, second):
    """By priority; the last of three has it."""
    upstream.default = second.default = NO_MODEL
    async with FakeUpstream() as third:
        house = await pair(more=[provider("elk", third.base_url, **FITS)])
        assert (await house.post(**ASK)).status_code == 200
        assert [len(each.requests) for each in (upstream, second, third)] == [1, 1, 1]
        assert [record.provider for record in house.records.of("attempt")] == ["fox", "owl", "elk"]


async def test_those_whose_patterns_fit_take_turns_while_nobody_who_lists_the_name_can_serve(pair, upstream, second):
    upstream.default = NO_MODEL
    async with FakeUpstream() as third:
        more = [provider("elk", third.base_url, **FITS, priority=5)]
        house = await pair(more=more, routing={"session-affinity": False})
        for number in range(7):
            assert (await house.post(**ASK, input=str(number))).status_code == 200
        assert sorted((len(second.requests), len(third.requests))) == [3, 4]


async def test_weights_of_those_behind_are_not_spent_by_requests_that_others_serve(pair, upstream, second):
    """Requests for a listed and for a fitting name in turn: each of the two behind gets half of the second kind."""
    async with FakeUpstream() as third:
        more = [provider("elk", third.base_url, **FITS, priority=5)]
        routing = {"session-affinity": False, "strategy": "weighted"}
        house = await pair(more=more, routing=routing)
        for number in range(8):
            await house.post(model="acme-2" if number % 2 else "acme-1", input=str(number))
        assert [len(each.requests) for each in (upstream, second, third)] == [4, 2, 2]


async def test_where_the_places_of_the_lister_are_taken_the_other_one_serves(pair, upstream, second):
    house = await pair(lists={**LISTS, "max-concurrency": 1})
    upstream.script(text_answer().first(Pause()))
    busy = asyncio.create_task(house.post(**ASK))
    await upstream.wait_for_requests(1)
    assert (await house.post(**ASK)).status_code == 200
    assert len(second.requests) == 1
    upstream.last.resume()
    assert (await busy).status_code == 200


@pytest.mark.parametrize("first", ["lister", "other"])
async def test_the_first_of_either_kind_that_is_back_is_waited_for(pair, upstream, second, first):
    house = await pair()
    soon, late = (upstream, second) if first == "lister" else (second, upstream)
    soon.script(rate_limited(1))
    late.default = rate_limited(120)
    assert [(await house.post(**ASK)).status_code for _ in range(2)] == [429, 200]
    assert (len(soon.requests), len(late.requests)) == (2, 1)


async def test_one_that_lacks_the_model_does_not_take_the_listers_last_chance(pair, upstream, second):
    """Its breaker is open, and the other one says that it does not have the model: the lister is asked all the same."""
    house = await pair()
    upstream.default = http_error(500)
    for number in range(3):
        assert (await house.post(**ASK, input=str(number))).status_code == 200
    upstream.default, second.default = text_answer(), NO_MODEL
    assert (await house.post(**ASK)).status_code == 200
    assert (len(upstream.requests), len(second.requests)) == (4, 4)


async def test_the_only_lister_whose_connection_broke_is_told_of_where_the_other_lacks_the_model(
    pair, upstream, second
):
    house = await pair()
    upstream.script(reset_before_headers())
    second.default = NO_MODEL
    assert (await house.post(**ASK)).status_code == 502
    assert (len(upstream.requests), len(second.requests)) == (1, 1)


TOLD = {"401": (http_error(401), 502, "upstream_auth"), "402": (http_error(402), 402, "insufficient_quota")}


@pytest.mark.parametrize(("script", "status", "code"), TOLD.values(), ids=TOLD)
async def test_what_the_lister_said_is_told_where_the_other_one_lacks_the_model(
    pair, upstream, second, script, status, code
):
    """At once, and to those who ask while it rests."""
    house = await pair()
    upstream.default, second.default = script, NO_MODEL
    for _ in range(2):
        answer = await house.post(**ASK)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "fox" in answer.json()["error"]["message"]


async def test_a_model_that_nobody_has_is_told_as_missing(pair, upstream, second):
    house = await pair()
    upstream.default = second.default = NO_MODEL
    for _ in range(2):
        answer = await house.post(**ASK)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


async def test_further_attempts_stay_within_their_number(pair, upstream, second):
    house = await pair(config={"request-retry": 0})
    upstream.default = NO_MODEL
    assert (await house.post(**ASK)).status_code == 404
    assert not second.requests


async def test_a_plugin_chooses_among_those_that_list_the_name_while_one_of_them_can_serve(
    pair, upstream, second, fake_clock
):
    offered = []

    class Last:
        @hookimpl
        def choose_credential(self, candidates):
            offered.append([candidate.provider for candidate in candidates])
            return candidates[-1]

    house = await pair(clock=fake_clock, plugins={"last": Last()})
    upstream.script(text_answer(), rate_limited(60))
    for _ in range(3):
        assert (await house.post(**ASK)).status_code == 200
    assert offered == [["fox"], ["fox"], ["owl"]]


async def test_the_list_of_models_has_listed_names_alone(pair):
    house = await pair()
    listed = (await house.client.get("/v1/models")).json()["data"]
    assert [model["id"] for model in listed] == ["acme-1"]
    assert (await house.client.get("/v1/models/acme-1")).json()["owned_by"] == listed[0]["owned_by"]
