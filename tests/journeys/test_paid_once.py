"""U2: a generation that a provider may have worked on is asked for once, and every attempt is counted."""

import gzip

import pytest
from jackfield.testing import (
    Close,
    Delay,
    Hang,
    Head,
    Raw,
    Reset,
    Script,
    Send,
    Text,
    answer,
    ends_early,
    http_error,
    reply,
    text_answer,
)

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


WORKED_ON = {
    **{f"{name}, after a while": Script((Delay(0.5), *end)) for name, end in ENDS.items()},
    **{f"{name}, at once": Script(end) for name, end in ENDS.items()},
    "cut behind the headers": Script((Head(), Close())),
    "cut behind its first events": text_answer().cut(3),
    "ended without a terminal event": ends_early(3),
    "no HTTP": Script((Raw(b"220 mail ESMTP\r\n"), Hang())),
    "gzip that is none": Script((Send(b"no gzip"),), headers={"content-encoding": "gzip"}),
    "gzip that is cut": Script((Send(gzip.compress(text_answer().body)[:60]),), headers={"content-encoding": "gzip"}),
    "an event that is too large": answer(Text("x" * 70_000, 1)),
    "chunks that are none": Script((Head(), Raw(b"zz\r\n"), Hang())),
}


@pytest.mark.parametrize("kept", [False, True], ids=["on a new connection", "on a kept one"])
@pytest.mark.parametrize("retries", [0, 3])
@pytest.mark.parametrize("script", WORKED_ON.values(), ids=WORKED_ON)
async def test_the_only_provider_is_not_asked_twice_for_what_it_may_have_worked_on(
    serve, upstream, script, retries, kept
):
    """U2: what came of a request was lost, and costs once; the client decides whether it asks again."""
    house = await serve(upstream, config={"request-retry": retries, "limits": {"max-event-bytes": 65_536}})
    if kept:
        assert (await house.post()).status_code == 200
    upstream.default = script
    assert (await house.post()).status_code == 502
    sent, counted = len(upstream.requests) - kept, len(house.records.of("attempt")) - kept
    # What ends a kept connection as the request is written may have been sent before: once more, on a new one.
    assert (sent, counted) in ([(1, 1), (2, 1)] if kept and script.steps in _AT_ONCE else [(1, 1)])


_AT_ONCE = [ENDS["closed"], ENDS["reset"]]


async def test_one_that_could_not_be_reached_is_tried_again(serve, upstream):
    """U2: nothing was sent, so nothing can be paid for; the second attempt is counted."""
    await upstream.stop()
    house = await serve(upstream)
    assert (await house.post()).status_code == 502
    assert len(house.records.of("attempt")) == 2
    await upstream.start()


async def test_without_retries_refused_reasoning_is_left_out_once_and_counted(serve, upstream):
    """U2, L3: what was refused was not worked on, and the request without it is another one."""
    house = await serve(upstream, config={"request-retry": 0})
    old = {"type": "reasoning", "summary": [], "encrypted_content": "gAAAAold"}
    turn = [old, {"role": "user", "content": "Hi"}]
    upstream.script(http_error(400, "No", code="invalid_encrypted_content", kind="invalid_request_error"))
    assert (await house.post(input=turn)).status_code == 200
    assert (await house.post(input=turn)).status_code == 200
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
