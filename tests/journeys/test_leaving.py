"""A client that leaves: the upstream is closed at every stage, and one record tells of it."""

import asyncio
import logging

import pytest
from jackfield.testing import (
    Hang,
    Pause,
    SendEvent,
    Text,
    answer,
    closed_url,
    hang,
    hang_after_headers,
    http_error,
    text_answer,
)

STAGES = {
    "before the headers": hang(),
    "before the first event": hang_after_headers(),
    "in the handshake": text_answer().cut(2, Hang()),
    "in mid-stream": answer(Text("Hello you there")).cut(6, Hang()),
}


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Nobody who leaves is an error."""
    yield
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert told == []


async def reached(upstream, script):
    """Return the upstream's request once it has handed over all that the script sends."""
    [request] = await upstream.wait_for_requests(1)
    async with asyncio.timeout(30):
        while request.sent < len(script.body):  # noqa: ASYNC110  # bytes sent set no event
            await asyncio.sleep(0.001)
    return request


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("script", STAGES.values(), ids=STAGES)
async def test_the_upstream_is_closed_and_nobody_else_is_asked(serve, upstream, second, stream, script):
    house = await serve(upstream, second)
    upstream.script(script)
    wire = await house.wire()
    await wire.ask(stream=stream)
    request = await reached(upstream, script)
    wire.leave()
    await request.wait_closed()
    record = await house.records.request()
    assert (record.status, record.error, record.provider, record.attempt) == (499, "client_gone", "fox", 1)
    [attempt] = house.records.of("attempt")
    assert (attempt.status, attempt.error) == (499, "client_gone")
    assert second.requests == []
    assert house.host.upstream.open_connections == 0


async def test_after_having_read_the_beginning(house, upstream):
    script = STAGES["in mid-stream"]
    upstream.script(script)
    wire = await house.wire()
    await wire.ask()
    await wire.until(b"Hello ")
    wire.leave()
    await upstream.last.wait_closed()
    record = await house.records.request()
    assert record.first_output is not None
    assert record.outputs == 2


async def test_a_client_that_says_goodbye_properly_has_left_too(house, upstream):
    upstream.script(hang())
    wire = await house.wire()
    await wire.ask()
    await upstream.wait_for_requests(1)
    wire.writer.close()
    await upstream.last.wait_closed()
    assert (await house.records.request()).error == "client_gone"


async def test_during_the_second_attempt(serve, upstream, second):
    house = await serve(upstream, second)
    upstream.script(http_error(500))
    second.script(hang())
    wire = await house.wire()
    await wire.ask()
    await second.wait_for_requests(1)
    wire.leave()
    await second.last.wait_closed()
    record = await house.records.request()
    assert (record.provider, record.attempt, record.error) == ("owl", 2, "client_gone")
    assert [attempt.error for attempt in house.records.of("attempt")] == ["upstream_error", "client_gone"]


async def test_while_the_request_is_still_being_sent(house, upstream):
    wire = await house.wire()
    await wire.send("POST", "/v1/responses", b'{"model"', "content-length: 1000", length=False)
    await asyncio.sleep(0.01)
    wire.leave()
    record = await house.records.request()
    assert (record.status, record.error, record.attempt) == (499, "client_gone", 0)
    assert upstream.requests == []


async def test_after_the_answer_nothing_more_is_told(house, upstream):
    wire = await house.wire()
    await wire.ask()
    await wire.until(b"0\r\n\r\n")
    wire.leave()
    record = await house.records.request()
    assert (record.status, record.error) == (200, "")
    await asyncio.sleep(0.01)
    assert len(house.records.all) == 2


async def test_the_same_connection_serves_request_after_request(house):
    wire = await house.wire()
    for count in range(1, 4):
        await wire.ask(stream=count == 2)
        head = await wire.until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        if count == 2:
            await wire.until(b"0\r\n\r\n")
        else:
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await wire.reader.readexactly(length)
        await house.records.request(count)
    wire.leave()


async def test_a_client_that_does_not_read_holds_the_upstream_up_instead_of_filling_memory(house, upstream):
    large = {"type": "response.output_text.delta", "delta": "x" * 100_000}
    script = text_answer().after(5, *[SendEvent(large)] * 400)
    upstream.script(script)
    wire = await house.wire()
    await wire.ask()
    [request] = await upstream.wait_for_requests(1)
    sent = -1
    async with asyncio.timeout(30):
        while sent != request.sent or not sent:  # until nothing moves any more
            sent = request.sent
            await asyncio.sleep(0.1)
    assert not request.finished
    assert request.sent < len(script.body)
    wire.leave()
    await request.wait_closed()
    assert (await house.records.request()).error == "client_gone"


async def test_a_hundred_clients_leave_at_once(house, upstream):
    upstream.default = lambda request: STAGES["in mid-stream"]
    wires = [await house.wire() for _ in range(100)]
    for wire in wires:
        await wire.ask()
    for wire in wires:
        await wire.until(b"Hello ")
    for wire in wires:
        wire.leave()
    for request in upstream.requests:
        await request.wait_closed()
    await house.records.request(100)
    assert house.host.upstream.open_connections == 0


async def test_a_held_opening_does_not_outlive_its_client(serve, upstream):
    house = await serve(upstream, config={"limits": {"handshake-hold": 30}})
    upstream.script(text_answer().after(2, Pause()))
    wire = await house.wire()
    await wire.ask()
    [request] = await upstream.wait_for_requests(1)
    await request.wait_paused()
    wire.leave()
    await request.wait_closed()


async def test_leaving_while_nobody_can_be_reached_is_no_fault(serve):
    house = await serve(closed_url())
    wire = await house.wire()
    await wire.ask()
    wire.leave()
    record = await house.records.request()
    assert record.error in ("client_gone", "unreachable")
