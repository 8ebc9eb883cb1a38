"""What a credential did decides whether it is asked again; an outage is told, not multiplied."""

import asyncio

import orjson
import pytest
from jackfield.api import hookimpl
from jackfield.testing import (
    Delay,
    FakeUpstream,
    Pause,
    Reset,
    closed_url,
    cut_after,
    ends_early,
    failed,
    hang,
    http_error,
    rate_limited,
    reset_before_headers,
    text_answer,
    usage_limit,
)

TURNS = {"routing": {"session-affinity": False}}
ALONE = {"request-retry": 0}

# how the first provider fails, how often until it rests, and for how many seconds it then does
RESTS = {
    "401": (http_error(401), 1, 1800),
    "402": (http_error(402), 1, 1800),
    "429 with a time": (rate_limited(7), 1, 7),
    "429 without": (rate_limited(), 1, 1),
    "429 for a day": (rate_limited(86_400), 1, 1800),
    "429 usage": (usage_limit(600), 1, 600),
    "a limit in a stream": (failed("rate_limit_exceeded", "Please try again in 4s"), 1, 4),
    "500": (http_error(500), 3, 15),
    "503 with a time": (http_error(503, retry_after="90"), 1, 90),
    "overloaded in a stream": (failed("server_is_overloaded", "Busy"), 3, 15),
    "reset": (reset_before_headers(), 3, 15),
    "ended early": (ends_early(2), 3, 15),
}


@pytest.mark.parametrize(("script", "times", "seconds"), RESTS.values(), ids=RESTS)
async def test_a_provider_that_failed_rests_while_another_serves(
    serve, upstream, second, fake_clock, script, times, seconds
):
    house = await serve(upstream, second, clock=fake_clock)
    upstream.default = script
    for number in range(times + 2):
        assert (await house.stream(input=f"Hi {number}")).status_code == 200
    assert len(upstream.requests) == times
    fake_clock.advance(seconds - 0.5)
    await house.post()
    assert len(upstream.requests) == times
    fake_clock.advance(0.5)
    assert (await house.post()).status_code == 200
    assert len(upstream.requests) == times + 1


async def test_rests_grow_until_it_answers_again(serve, upstream, second, fake_clock):
    house = await serve(upstream, second, clock=fake_clock)
    upstream.default = rate_limited()
    for seconds in (1, 2, 4):
        await house.post()
        asked = len(upstream.requests)
        fake_clock.advance(seconds - 0.5)
        await house.post()
        assert len(upstream.requests) == asked
        fake_clock.advance(0.5)
    upstream.script(text_answer(), rate_limited())
    await house.post()
    await house.post()
    asked = len(upstream.requests)
    fake_clock.advance(1)
    await house.post()
    assert len(upstream.requests) == asked + 1


async def test_a_stream_that_breaks_off_after_its_content_counts_too(serve, upstream, second, fake_clock):
    house = await serve(upstream, second, clock=fake_clock)
    upstream.default = cut_after(5)
    for number in range(3):
        assert "response.failed" in (await house.stream(input=f"Hi {number}")).text
    assert "response.completed" in (await house.stream()).text
    assert (len(upstream.requests), len(second.requests)) == (3, 1)


@pytest.mark.parametrize("script", [http_error(400), http_error(404, "model not found"), http_error(422)])
async def test_a_clients_own_errors_let_nobody_rest(serve, upstream, script):
    house = await serve(upstream)
    upstream.default = script
    for _ in range(5):
        assert (await house.post()).status_code in (400, 404)
    assert len(upstream.requests) == 5


async def test_the_rest_is_that_of_one_model(serve, upstream, fake_clock):
    house = await serve(upstream, clock=fake_clock)
    upstream.script(rate_limited(60))
    assert (await house.post(model="gpt-5-high")).status_code == 429
    assert (await house.post(model="gpt-5-low")).status_code == 429
    assert (await house.post(model="codex-mini-latest")).status_code == 200


async def test_when_all_are_limited_the_client_learns_when_to_come_again(serve, upstream, second, fake_clock):
    house = await serve(upstream, second, clock=fake_clock)
    upstream.script(rate_limited(60))
    second.script(rate_limited(20))
    await house.post()
    fake_clock.advance(5)
    for answered in (await house.post(), await house.stream()):
        assert (answered.status_code, answered.headers["retry-after"]) == (429, "15")
        assert answered.json()["error"]["code"] == "rate_limit_exceeded"
    messages = await house.client.post(
        "/v1/messages", json={"model": "gpt-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    )
    assert (messages.status_code, messages.headers["retry-after"]) == (429, "15")
    assert messages.json()["error"]["type"] == "rate_limit_error"
    assert (len(upstream.requests), len(second.requests)) == (1, 1)


async def test_when_one_of_them_is_broken_it_is_an_outage(serve, upstream, second, fake_clock):
    house = await serve(upstream, second, clock=fake_clock)
    upstream.script(rate_limited(60))
    second.script(http_error(401))
    await house.post()
    answered = await house.post()
    assert (answered.status_code, answered.headers["retry-after"]) == (503, "60")


async def test_one_request_alone_probes_a_broken_provider_while_another_serves(serve, upstream, second, fake_clock):
    house = await serve(upstream, second, clock=fake_clock)
    upstream.script(*[http_error(500)] * 3)
    for number in range(4):
        assert (await house.post(input=f"Hi {number}")).status_code == 200
    assert len(upstream.requests) == 3
    fake_clock.advance(15)
    upstream.script(text_answer("back").first(Pause()))
    probe = asyncio.create_task(house.post())
    await upstream.wait_for_requests(4)
    for _ in range(3):
        assert (await house.post()).status_code == 200
    assert len(upstream.requests) == 4
    await upstream.last.wait_paused()
    upstream.last.resume()
    assert (await probe).status_code == 200
    assert (await house.post()).status_code == 200
    assert len(upstream.requests) == 5


async def test_a_probe_whose_client_leaves_makes_way_for_another(serve, upstream, fake_clock):
    house = await serve(upstream, clock=fake_clock)
    upstream.script(*[http_error(500)] * 3)
    for number in range(3):
        await house.post(input=f"Hi {number}")
    fake_clock.advance(15)
    upstream.script(hang())
    wire = await house.wire()
    await wire.ask()
    await upstream.wait_for_requests(4)
    wire.leave()
    await upstream.last.wait_closed()
    await house.records.request(4)
    assert (await house.post()).status_code == 200


async def test_a_conversation_stays_where_its_prompts_are_cached(serve, upstream, second):
    house = await serve(upstream, second, keys={"priority": 0})
    for _ in range(4):
        for name in ("one", "two"):
            await house.post(prompt_cache_key=name, input=f"{name} {len(upstream.requests)}")
    keys = [{body["prompt_cache_key"] for body in each.bodies} for each in (upstream, second)]
    assert sorted(keys, key=str) == [{"one"}, {"two"}]


async def test_a_conversation_with_a_long_name_is_recognised_too(serve, upstream, second):
    house = await serve(upstream, second, keys={"priority": 0})
    for number in range(4):
        await house.post(prompt_cache_key="é" * 4999 if number % 2 else "é" * 5000, input=str(number))
    assert (len(upstream.requests), len(second.requests)) == (2, 2)
    assert all(len({body["prompt_cache_key"] for body in each.bodies}) == 1 for each in (upstream, second))


async def test_failover_moves_the_conversation(serve, upstream, second):
    house = await serve(upstream, second, keys={"priority": 0})
    await house.post(prompt_cache_key="talk")
    had, other = (upstream, second) if upstream.requests else (second, upstream)
    had.script(http_error(500))
    for _ in range(4):
        assert (await house.post(prompt_cache_key="talk")).status_code == 200
    assert (len(had.requests), len(other.requests)) == (2, 4)


async def test_without_affinity_every_request_takes_its_turn(serve, upstream, second):
    house = await serve(upstream, second, keys={"priority": 0}, config=TURNS)
    for _ in range(6):
        await house.post(prompt_cache_key="talk")
    assert (len(upstream.requests), len(second.requests)) == (3, 3)


async def test_fill_first_asks_the_others_only_when_the_first_cannot(serve, upstream, second):
    routing = {"strategy": "fill-first", "session-affinity": False}
    house = await serve(upstream, second, keys={"priority": 0}, config={"routing": routing})
    for _ in range(4):
        await house.post()
    assert (len(upstream.requests), len(second.requests)) == (4, 0)
    upstream.script(rate_limited(60))
    for _ in range(2):
        await house.post()
    assert (len(upstream.requests), len(second.requests)) == (5, 2)


async def test_weighted_shares_by_weight(serve):
    async with FakeUpstream() as one, FakeUpstream() as three:
        providers = [
            {"name": name, "enabled": True, "base-url": each.base_url, "api-key": f"sk-{name}-01234", "weight": weight}
            for name, each, weight in (("fox", one, 1), ("owl", three, 3))
        ]
        routing = {"strategy": "weighted", "session-affinity": False}
        house = await serve(config={"tppc": {"providers": providers}, "routing": routing})
        for _ in range(8):
            await house.post()
        assert (len(one.requests), len(three.requests)) == (2, 6)


async def test_fastest_prefers_the_one_that_answers_sooner(serve, upstream, second, fake_clock):
    routing = {"strategy": "fastest", "session-affinity": False}
    house = await serve(upstream, second, keys={"priority": 0}, config={"routing": routing}, clock=fake_clock)

    def taking(seconds):
        def answer(request):
            fake_clock.advance(seconds)
            return text_answer()

        return answer

    upstream.default, second.default = taking(3), taking(0.5)
    for _ in range(40):
        await house.post()
    assert len(second.requests) > 25
    assert len(upstream.requests) >= 3


async def test_a_plugin_decides_among_those_that_do_not_rest(serve, upstream, second, fake_clock):
    offered = []

    class Last:
        @hookimpl
        def choose_credential(self, candidates):
            offered.append([candidate.provider for candidate in candidates])
            return candidates[-1]

    house = await serve(upstream, second, clock=fake_clock, plugins={"last": Last()})
    second.script(rate_limited(60))
    for _ in range(2):
        assert (await house.post()).status_code == 200
    assert offered == [["fox", "owl"], ["fox"]]
    assert [record.provider for record in house.records.of("attempt")] == ["owl", "fox", "fox"]


WORKED_ON = {
    "reset": reset_before_headers(),
    "cut early": cut_after(2, None, Reset()),
    "ended early": ends_early(2),
}


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("script", WORKED_ON.values(), ids=WORKED_ON)
async def test_the_only_provider_is_not_asked_twice_for_what_it_may_have_worked_on(serve, upstream, script, stream):
    """U2: it may be paid for already."""
    house = await serve(upstream)
    upstream.script(script, text_answer("second"))
    assert (await house.post(stream=stream)).status_code == 502
    assert [record.attempt for record in house.records.of("attempt")] == [1]


async def test_the_only_provider_gets_one_second_chance_where_no_connection_came_about(serve):
    house = await serve(closed_url())
    assert (await house.post()).status_code == 502
    assert [record.attempt for record in house.records.of("attempt")] == [1, 2]


@pytest.mark.parametrize("script", [http_error(500), rate_limited(1), http_error(401), failed()])
async def test_it_gets_none_when_the_provider_said_no(serve, upstream, script):
    house = await serve(upstream)
    upstream.script(script)
    assert (await house.post()).status_code >= 400
    assert len(upstream.requests) == 1


async def test_it_gets_none_without_retries(serve, upstream):
    house = await serve(upstream, config=ALONE)
    upstream.script(reset_before_headers())
    assert (await house.post()).status_code == 502
    assert len(upstream.requests) == 1


async def test_a_refused_connection_is_tried_twice_where_there_is_no_other(serve):
    house = await serve(closed_url())
    assert (await house.post()).status_code == 502
    assert [record.error for record in house.records.of("attempt")] == ["unreachable"] * 2


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_all_attempts_together_have_a_time(serve, upstream, second, stream):
    house = await serve(upstream, second, config={"limits": {"answer-timeout": 0.2}})
    upstream.script(hang())
    answered = await house.post(stream=stream)
    assert (answered.status_code, answered.json()["error"]["code"]) == (504, "upstream_timeout")
    assert "answer-timeout" in answered.json()["error"]["message"]
    await upstream.last.wait_closed()
    assert second.requests == []
    await house.records.request()
    assert [record.error for record in house.records.of("attempt")] == ["timeout"]


async def test_an_answer_that_began_in_time_may_take_as_long_as_it_needs(serve, upstream):
    house = await serve(upstream, config={"limits": {"answer-timeout": 0.5}})
    upstream.script(text_answer("a b c").after(5, Delay(0.7)))
    answered = await house.stream()
    assert "response.completed" in answered.text


async def test_without_cooling_a_provider_is_asked_however_often_it_fails(serve, upstream):
    house = await serve(upstream, config={"disable-cooling": True})
    upstream.default = http_error(401)
    assert [(await house.post()).status_code for _ in range(5)] == [502] * 5
    assert len(upstream.requests) == 5


async def test_it_is_not_ready_while_every_credential_rests(serve, upstream, second, fake_clock):
    house = await serve(upstream, second, clock=fake_clock)
    upstream.script(rate_limited(60))
    await house.post()
    assert (await house.client.get("/readyz")).status_code == 200
    second.script(rate_limited(20))
    await house.post()
    ready = await house.client.get("/readyz")
    assert (ready.status_code, ready.json()["problems"]) == (503, ["every credential rests after failures"])
    assert (await house.client.get("/healthz")).status_code == 200
    fake_clock.advance(20)
    assert (await house.client.get("/readyz")).status_code == 200


async def test_a_reload_keeps_what_is_known_of_a_credential_unless_its_key_or_account_changes(
    serve, upstream, fake_clock
):
    house = await serve(upstream, clock=fake_clock)
    upstream.script(http_error(401))
    await house.post()
    fox = {"name": "fox", "enabled": True, "base-url": upstream.base_url, "api-key": "sk-fox-0123456789"}

    def put_into_effect(**keys):
        assert house.host.config.apply(orjson.dumps({"tppc": {"providers": [{**fox, **keys}]}}).decode())

    put_into_effect(priority=3)
    await house.post()
    assert len(upstream.requests) == 1
    put_into_effect(**{"api-key": "sk-fox-another-key"})
    upstream.script(text_answer(), http_error(401))
    assert [(await house.post()).status_code for _ in range(3)] == [200, 502, 502]
    assert len(upstream.requests) == 3
    put_into_effect(**{"api-key": "sk-fox-another-key", "headers": {"x-account": "another"}})
    assert (await house.post()).status_code == 200
