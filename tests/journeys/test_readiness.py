"""`/readyz` while credentials rest: 200 as long as a request would be tried."""

import pytest
from jackfield.testing import http_error, rate_limited


@pytest.mark.parametrize(
    ("script", "status"),
    [
        (http_error(503), 200),
        (http_error(404, code="model_not_found"), 200),
        (http_error(401), 503),
        (http_error(402), 503),
        (rate_limited(60), 503),
    ],
    ids=["breaker", "missing model", "key", "account", "limit"],
)
async def test_it_is_ready_as_long_as_a_request_would_be_tried(serve, upstream, second, fake_clock, script, status):
    house = await serve(upstream, second, clock=fake_clock)
    upstream.default = second.default = script
    for number in range(12):
        await house.post(input=f"conversation {number}")
    asked = len(upstream.requests) + len(second.requests)
    ready = await house.client.get("/readyz")
    await house.post()
    tried = len(upstream.requests) + len(second.requests) > asked
    assert (ready.status_code, tried) == (status, status == 200)


async def test_a_limit_on_one_model_leaves_it_ready_while_another_would_be_tried(serve, upstream, fake_clock):
    house = await serve(upstream, clock=fake_clock)
    upstream.script(rate_limited(60))
    await house.post()
    assert (await house.client.get("/readyz")).status_code == 503
    upstream.default = http_error(503)
    for number in range(4):
        await house.post(model="gpt-5-codex", input=f"conversation {number}")
    assert (await house.client.get("/readyz")).status_code == 200
