"""Many requests at once, of which some fail: a sound provider serves them, whoever stands in front of it (V2, V4)."""

import asyncio
from collections import Counter

import pytest
from jackfield.testing import (
    FakeUpstream,
    Pause,
    empty,
    failed,
    http_error,
    json_reply,
    rate_limited,
    reset_before_headers,
    text_answer,
)

AT_ONCE = 40
FILL = {"routing": {"strategy": "fill-first", "wait": 30}}
FAILURES = {
    "401": http_error(401),
    "402": http_error(402),
    "429": rate_limited(30),
    "500": http_error(500),
    "reset": reset_before_headers(),
    "empty": empty(),
    "failed": failed("server_error", "m"),
    "money in a 200": json_reply({"error": {"message": "额度不足"}}),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
async def test_the_third_of_three_serves_a_burst_of_requests(serve, upstream, second, failure):
    """V2: the budget is used up at the second, which fails too; the third behind it is asked all the same."""
    upstream.default = second.default = failure
    async with FakeUpstream() as third:
        house = await serve(upstream, second, third, config=FILL)
        answers = await asyncio.gather(*(house.post(input=f"question {number}") for number in range(AT_ONCE)))

        assert Counter(answer.status_code for answer in answers) == {200: AT_ONCE}
        assert len(second.requests) < AT_ONCE


async def test_where_all_fail_a_burst_does_not_become_thrice_the_traffic(serve, upstream, second):
    """V2: the budget of a real outage."""
    upstream.default = second.default = http_error(502)
    async with FakeUpstream(http_error(502)) as third:
        house = await serve(upstream, second, third, config=FILL)
        answers = await asyncio.gather(*(house.post(input=f"question {number}") for number in range(AT_ONCE)))
        asked = sum(len(each.requests) for each in (upstream, second, third))

        assert {answer.status_code for answer in answers} == {502}
        assert asked < 2 * AT_ONCE


async def test_a_breaker_opened_by_chance_leaves_somebody_to_fail_over_to(serve, upstream, second):
    """V4: three of four at once fail, the fourth is served; when the other provider fails then, this one is asked."""
    slow = text_answer("slow").first(Pause())
    upstream.script(slow, http_error(500), http_error(500), http_error(500))
    house = await serve(upstream, second, config=FILL)
    first = asyncio.create_task(house.post(input="slow"))
    await upstream.wait_for_requests(1)
    await asyncio.gather(*(house.post(input=f"question {number}") for number in range(3)))
    upstream.requests[0].resume()
    assert (await first).status_code == 200
    asked = len(upstream.requests)
    second.script(http_error(500))

    assert (await house.post(input="one more")).status_code == 200
    assert (len(second.requests), len(upstream.requests)) == (4, asked + 1)


async def test_a_provider_that_is_down_is_not_asked_after_another_failed(serve, upstream, second):
    """V4: its breaker is open because nothing of late was answered: that one is left alone."""
    upstream.default = http_error(500)
    house = await serve(upstream, second, config=FILL)
    await asyncio.gather(*(house.post(input=f"question {number}") for number in range(3)))
    asked = len(upstream.requests)
    second.script(http_error(500))

    assert (await house.post(input="one more")).status_code == 500
    assert len(upstream.requests) == asked
