"""U2: a generation that a provider may have worked on is asked for once, and every attempt is counted."""

import pytest
from jackfield.testing import Close, Delay, Raw, Reset, Script, reply

ENDS = {
    "closed": (Close(),),
    "reset": (Reset(),),
    "an interim answer before it": (Raw(b"HTTP/1.1 103 Early Hints\r\n\r\n"), Close()),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_a_kept_connection_that_ends_after_some_work_is_one_attempt(serve, upstream, end):
    house = await serve(upstream, config={"request-retry": 0})
    assert (await house.post()).status_code == 200
    upstream.script(Script((Delay(0.5), *end)))
    assert (await house.post()).status_code == 502
    assert len(upstream.requests) == 2
    assert len(house.records.of("attempt")) == 2


async def test_what_is_asked_again_is_an_attempt_of_its_own(house, upstream):
    await house.post()
    upstream.script(Script((Delay(0.5), Close())))
    assert (await house.post()).status_code == 200
    assert len(upstream.requests) == len(house.records.of("attempt")) == 3


async def test_one_that_had_ended_before_costs_nobody_anything(serve, upstream):
    house = await serve(upstream, config={"request-retry": 0})
    await house.post()
    await upstream.drop_connections()
    assert (await house.post()).status_code == 200
    assert len(house.records.of("attempt")) == len(upstream.requests) == 2


async def test_an_answer_in_three_codings_is_one_attempt(house, upstream):
    """U1: what was said in one is read; the provider is not asked again for what it cannot say otherwise."""
    upstream.default = reply("x", 200, content_encoding="gzip, gzip, gzip")
    found = await house.post()
    assert (found.status_code, len(upstream.requests)) == (502, 1)
    assert "3 content codings" in found.text
