"""Nobody is refused whom a moment later somebody serves: V2, V3, V4, V11, L5 of the faults, from outside."""

import asyncio
import random

import pytest
from jackfield.testing import Delay, FakeUpstream, Pause, http_error, rate_limited, text_answer

FIRST = {"routing": {"strategy": "fill-first", "session-affinity": False}}
POISON = "POISON"
CHAT = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}]}


async def somebody_waits(room):
    """Return once a request waits in the room."""
    async with asyncio.timeout(30):
        while not len(room):  # noqa: ASYNC110 - the room rings for those inside, not for onlookers
            await asyncio.sleep(0.001)


async def statuses(house, count, **fields):
    return [(await house.post(input=f"Hi {number}", **fields)).status_code for number in range(count)]


async def test_the_budget_never_refuses_failover_to_a_sound_provider(serve, upstream, second, fake_clock):
    """V2: one request a second for half a minute, the first provider always limited for one."""
    house = await serve(upstream, second, config=FIRST, clock=fake_clock, keys={"priority": 0})
    upstream.default = rate_limited(1)
    told = []
    for number in range(30):
        told.append((await house.post(input=str(number))).status_code)
        fake_clock.advance(1.1)
    assert told == [200] * 30
    assert len(upstream.requests) == 30


@pytest.mark.parametrize("script", [rate_limited(1), http_error(500)], ids=["limited", "failing"])
async def test_a_burst_moves_on_to_the_sound_provider_as_a_whole(serve, upstream, second, script):
    """V2: also where nothing is known of it yet."""
    house = await serve(upstream, second, config=FIRST, keys={"priority": 0})
    upstream.default = script
    answers = await asyncio.gather(*(house.post(input=str(number)) for number in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20


async def test_two_of_three_that_fail_are_no_reason_to_fail(serve, upstream, second):
    """V2"""
    async with FakeUpstream() as third:
        house = await serve(upstream, second, third, keys={"priority": 0}, config=FIRST)
        upstream.default = second.default = http_error(500)
        assert await statuses(house, 12) == [200] * 12


async def test_an_outage_is_not_multiplied(serve, fake_clock):
    """V2: sixty conversations, four providers, all down: about one attempt for each request."""
    async with FakeUpstream() as one, FakeUpstream() as two, FakeUpstream() as three:
        house = await serve(one, two, three, clock=fake_clock)
        for each in (one, two, three):
            each.default = http_error(500)
        assert await statuses(house, 60) == [500] * 60
        assert sum(len(each.requests) for each in (one, two, three)) < 90


async def test_an_outage_met_by_many_at_once_is_not_multiplied(serve):
    """V2"""
    async with FakeUpstream() as one, FakeUpstream() as two, FakeUpstream() as three:
        house = await serve(one, two, three)
        for each in (one, two, three):
            each.default = http_error(500)
        await asyncio.gather(*(house.post(input=str(number)) for number in range(40)))
        assert sum(len(each.requests) for each in (one, two, three)) < 80


async def test_without_retries_there_are_none(serve, upstream, second):
    house = await serve(upstream, second, config={"request-retry": 0})
    upstream.script(http_error(500))
    assert (await house.post()).status_code == 500
    assert second.requests == []


@pytest.mark.parametrize("texts", [[POISON] * 45, [f"{POISON} {n}" for n in range(45)]], ids=["one text", "many"])
async def test_a_poisoner_takes_nothing_from_another_client(serve, upstream, fake_clock, texts):
    """V3: 45 of 45, whether the poisoner repeats itself or not."""
    house = await serve(upstream, clock=fake_clock)
    upstream.default = lambda request: http_error(500) if POISON in str(request.body) else text_answer()
    served = 0
    for number, text in enumerate(texts):
        await house.post(input=text)
        served += (await house.post(input=f"hi {number}")).status_code == 200
        fake_clock.advance(1)
    assert served == 45


@pytest.mark.parametrize("script", [http_error(529), http_error(500), http_error(503, retry_after="90")])
async def test_poison_that_fails_everywhere_leaves_all_providers_to_others(serve, upstream, second, script):
    """V3"""
    house = await serve(upstream, second, keys={"priority": 0})
    for each in (upstream, second):
        each.default = lambda request: script if POISON in str(request.body) else text_answer()
    for number in range(9):
        await house.post(input=f"{POISON} {number}")
    assert await statuses(house, 10) == [200] * 10


async def test_a_provider_whose_probe_thinks_serves_others(serve, upstream, fake_clock):
    """V11"""
    house = await serve(upstream, clock=fake_clock)
    upstream.default = http_error(500)
    await statuses(house, 3)
    fake_clock.advance(15.3)
    upstream.default = text_answer()
    upstream.script(text_answer("thinks").first(Pause()))
    probe = asyncio.create_task(house.post(input="probe"))
    await upstream.wait_for_requests(4)
    assert (await house.post(input="another")).status_code == 200
    upstream.requests[3].resume()
    assert (await probe).status_code == 200


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/chat/completions", "/v1/messages"])
async def test_a_request_waits_for_the_first_credential_that_is_back(serve, upstream, path):
    """V4"""
    house = await serve(upstream)
    upstream.script(http_error(429, retry_after="1"))
    assert (await house.post()).status_code == 429
    question = {**CHAT, "max_tokens": 9} if path != "/v1/responses" else {"model": "gpt-5", "input": "Hi"}
    assert (await house.client.post(path, json=question)).status_code == 200
    assert len(upstream.requests) == 2


async def test_nobody_waits_longer_than_configured(serve, upstream):
    """V4"""
    house = await serve(upstream, config={"routing": {"wait": 0.5}})
    upstream.script(rate_limited(3))
    await house.post()
    answered = await house.post()
    assert (answered.status_code, answered.headers["retry-after"]) == (429, "3")
    assert len(upstream.requests) == 1


async def test_a_reset_by_the_operator_wakes_those_that_wait(serve, upstream, fake_clock):
    """V4"""
    house = await serve(upstream, clock=fake_clock)
    upstream.script(rate_limited(4))
    await house.post()
    waiting = asyncio.create_task(house.post())
    selector = house.host.runtime.selector
    await somebody_waits(selector.room)
    selector.reset()
    assert (await waiting).status_code == 200


async def test_a_client_that_leaves_gives_its_place_away(serve, upstream, fake_clock):
    """V4"""
    house = await serve(upstream, clock=fake_clock)
    upstream.script(rate_limited(4))
    await house.post()
    wire = await house.wire()
    await wire.ask()
    room = house.host.runtime.selector.room
    await somebody_waits(room)
    wire.leave()
    await house.records.request(2)
    assert len(room) == 0
    assert len(upstream.requests) == 1


async def test_more_than_there_are_places_for_are_refused_at_once(serve, upstream, fake_clock):
    """V4"""
    house = await serve(upstream, clock=fake_clock)
    upstream.script(rate_limited(4))
    await house.post()
    house.host.runtime.selector.room._places = 1
    waiting = asyncio.create_task(house.post())
    await somebody_waits(house.host.runtime.selector.room)
    assert (await house.post()).status_code == 429
    fake_clock.advance(4)
    assert (await waiting).status_code == 200


@pytest.mark.parametrize("seed", [2, 3])
async def test_two_that_fail_now_and_then_fail_less_together_than_one(serve, upstream, second, fake_clock, seed):
    """V4: 6 % of each provider's answers fail at random; at most 1 % of the requests do."""
    house = await serve(upstream, second, clock=fake_clock, keys={"priority": 0})
    chance = random.Random(seed)

    def answer(request):
        drawn = chance.random()
        return http_error(500) if drawn < 0.04 else rate_limited(1) if drawn < 0.06 else text_answer()

    async def passing():
        while True:
            await asyncio.sleep(0.01)
            fake_clock.advance(0.1)

    upstream.default = second.default = answer
    time = asyncio.create_task(passing())
    told = await statuses(house, 300)
    time.cancel()
    assert sum(status != 200 for status in told) <= 3


FULL = http_error(429, "并发请求数超过限制", code="token_concurrency_limit_reached")


@pytest.mark.parametrize("seconds", [0.2, 0.7])
async def test_a_relay_that_is_full_is_waited_for(serve, upstream, seconds):
    """L5: it serves two at once, and six come."""
    served = []

    def answer(request):
        busy = [each for each in served if not each.finished]
        if len(busy) >= 2:
            return FULL
        served.append(request)
        return text_answer().first(Delay(seconds))

    house = await serve(upstream)
    upstream.default = answer
    answers = await asyncio.gather(*(house.post(input=str(number)) for number in range(6)))
    assert [each.status_code for each in answers] == [200] * 6


async def test_max_concurrency_lets_further_requests_wait_for_a_place(serve, upstream):
    """L5"""
    house = await serve(upstream, keys={"max-concurrency": 2})
    upstream.default = text_answer(delay=0.03)
    answers = await asyncio.gather(*(house.post(input=str(number)) for number in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len(upstream.requests) == 6


async def test_with_all_places_taken_another_provider_serves(serve, upstream, second):
    """L5"""
    house = await serve(upstream, second, keys={"max-concurrency": 1})
    upstream.script(text_answer().first(Pause()))
    busy = asyncio.create_task(house.post())
    await upstream.wait_for_requests(1)
    assert (await house.post()).status_code == 200
    assert len(second.requests) == 1
    upstream.last.resume()
    assert (await busy).status_code == 200


async def test_a_request_that_finds_no_place_in_time_is_told_so(serve, upstream):
    """L5"""
    house = await serve(upstream, keys={"max-concurrency": 1}, config={"routing": {"wait": 0.3}})
    upstream.script(text_answer().first(Pause()))
    busy = asyncio.create_task(house.post())
    await upstream.wait_for_requests(1)
    refused = await house.post()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert "at once" in refused.json()["error"]["message"]
    upstream.last.resume()
    assert (await busy).status_code == 200
