"""Holding back, deciding, and ending: the answer between an executor's stream and a writer."""

import asyncio

import pytest
from jackfield.metering.account import Account
from jackfield.model.errors import Kind, UpstreamError
from jackfield.responses.sse import Event
from jackfield.routing.answer import Answer
from jackfield.testing import FakeClock, Reasoning, Text, ToolCall, answer, check_events, text_answer

HOLD = 5.0


class Stream:
    """An EventStream that a test feeds batch by batch."""

    def __init__(self, *batches):
        self.headers = {"x-request-id": "up"}
        self.batches = asyncio.Queue()
        self.closed = 0
        self.cancelled = False
        for batch in batches:
            self.batches.put_nowait(batch)

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            batch = await self.batches.get()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if batch is None:
            raise StopAsyncIteration
        if isinstance(batch, Exception):
            raise batch
        return batch

    async def aclose(self):
        self.closed += 1


def events(script=None, *range_):
    made = [Event.of(event) for event in (script or text_answer("Hello you")).events]
    return made[slice(*range_)] if range_ else made


def one_by_one(made):
    return [[event] for event in made]


COMMENT = Event.parse(b": keep-alive")
UNKNOWN = Event.of({"type": "codex.rate_limits"})


@pytest.fixture
def account():
    return Account(FakeClock(), lambda record: None, request_id="req_1", dialect="responses")


@pytest.fixture
def make(account):
    def make(*batches, end=None):
        stream = Stream(*batches, end)
        return Answer(stream, account.attempt("fox", "gpt-5", "c"), "maker"), stream

    return make


async def rest(answer):
    return [event async for batch in answer for event in batch]


async def test_everything_comes_once_and_in_order(make):
    made = events()
    answered, stream = make(*one_by_one(made))
    await answered.begin(HOLD)
    assert await rest(answered) == made
    assert answered.failure is None
    assert stream.closed
    assert answered.headers == {"x-request-id": "up"}


async def test_it_begins_with_the_first_content_and_reads_no_further(make):
    made = events()
    answered, stream = make(*one_by_one(made))
    await answered.begin(HOLD)
    assert stream.batches.qsize() == len(made) - 5 + 1
    assert await anext(answered) == made[:5]


CONTENT = {
    "text": (answer(Text("Hi")), 5),
    "a call": (answer(ToolCall("read", {})), 4),
    "a summary": (answer(Reasoning(["Hm."])), 5),
    "an item without deltas": (answer(ToolCall("read", {}, deltas=0)), 4),
    "nothing": (answer(), 3),
}


@pytest.mark.parametrize(("script", "count"), CONTENT.values(), ids=CONTENT)
async def test_what_counts_as_content(make, script, count):
    made = events(script)
    answered, _ = make(*one_by_one(made))
    await answered.begin(None)
    assert await anext(answered) == made[:count]


async def test_what_shows_nothing_is_held_back(make):
    opening = [COMMENT, UNKNOWN, *events()[:4]]
    answered, stream = make(*one_by_one(opening))
    with pytest.raises(UpstreamError, match="closed before") as caught:
        await answered.begin(HOLD)
    assert caught.value.kind is Kind.STREAM_CUT
    assert stream.closed


async def test_but_not_for_longer_than_the_hold(make):
    made = events()
    answered, stream = make()
    stream.batches.get_nowait()
    stream.batches.put_nowait(made[:2])
    await answered.begin(0.01)
    assert await anext(answered) == made[:2]
    stream.batches.put_nowait(made[2:])
    assert await rest(answered) == made[2:]
    assert not stream.cancelled


async def test_a_hold_of_nothing_waits_for_the_first_event_alone(make):
    made = events()
    answered, _ = make(*one_by_one(made))
    await answered.begin(0)
    assert await anext(answered) == made[:1]
    assert await rest(answered) == made[1:]


FAILURES = {
    "failed": Event.of({"type": "response.failed", "response": {"error": {"code": "server_error", "message": "Boom"}}}),
    "error": Event.of({"type": "error", "code": "server_error", "message": "Boom"}),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("hold", [None, HOLD, 0])
async def test_a_failure_before_the_first_content_is_raised(make, failure, together, hold):
    opening = [] if hold == 0 else events()[:4]
    batches = [[*opening, failure]] if together else one_by_one([*opening, failure])
    answered, stream = make(*batches)
    with pytest.raises(UpstreamError, match="Boom"):
        await answered.begin(hold)
    assert stream.closed


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
async def test_one_in_the_same_batch_as_content_is_told_in_the_stream(make, failure):
    answered, _ = make([*events()[:6], failure])
    await answered.begin(HOLD)
    found = await rest(answered)
    assert [event.type for event in found[-2:]] == ["response.output_text.delta", "response.failed"]
    assert answered.failure.message == "Boom"


BREAKS = {
    "end": None,
    "cut": UpstreamError(Kind.STREAM_CUT, "cut"),
    "silence": UpstreamError(Kind.TIMEOUT, "silent"),
    "bug": KeyError("a bug of the plugin"),
}


@pytest.mark.parametrize("name", BREAKS)
async def test_a_break_before_the_first_content_is_raised(make, name):
    answered, stream = make(*one_by_one(events()[:3]), end=BREAKS[name])
    with pytest.raises(UpstreamError) as caught:
        await answered.begin(HOLD)
    assert "a bug" not in caught.value.message
    assert stream.closed


@pytest.mark.parametrize("name", BREAKS)
async def test_one_after_it_ends_the_stream_in_form(make, name, caplog):
    answered, stream = make(*one_by_one(events()[:6]), end=BREAKS[name])
    await answered.begin(HOLD)
    found = await rest(answered)
    check_events([event.json() for event in found], end="response.failed")
    assert answered.failure is not None
    assert stream.closed
    assert ("a bug of the plugin" in caplog.text) == (name == "bug")


async def test_nothing_follows_the_terminal_event(make):
    made = events()
    answered, _ = make([*made, UNKNOWN], [UNKNOWN])
    await answered.begin(HOLD)
    assert await rest(answered) == made
    with pytest.raises(StopAsyncIteration):
        await anext(answered)


async def test_a_failed_response_of_the_upstream_is_passed_on_as_it_is(make):
    failed = FAILURES["failed"]
    answered, _ = make(events()[:6], [failed])
    await answered.begin(HOLD)
    assert (await rest(answered))[-1] is failed
    assert answered.failure.kind is Kind.UPSTREAM_ERROR


async def test_leaving_closes_the_upstream_whatever_is_pending(make):
    answered, stream = make()
    stream.batches.get_nowait()
    stream.batches.put_nowait(events()[:2])
    await answered.begin(0.01)
    await answered.aclose()
    assert stream.closed
    assert stream.cancelled
    assert await rest(answered) == []


async def test_being_cancelled_while_it_begins_closes_the_upstream(make):
    answered, stream = make()
    stream.batches.get_nowait()
    beginning = asyncio.ensure_future(answered.begin(HOLD))
    await asyncio.sleep(0)
    beginning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beginning
    assert stream.closed


async def test_being_cancelled_while_it_holds_does_so_too(make):
    answered, stream = make()
    stream.batches.get_nowait()
    stream.batches.put_nowait(events()[:2])
    beginning = asyncio.ensure_future(answered.begin(HOLD))
    for _ in range(5):
        await asyncio.sleep(0)
    beginning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beginning
    assert stream.closed
    assert stream.cancelled


async def test_what_comes_is_metered_when_it_comes(account, make):
    answered, _ = make(*one_by_one(events()))
    await answered.begin(HOLD)
    books = account._last
    assert books.meter.outputs == 1
    await rest(answered)
    assert (books.meter.outputs, books.meter.usage.output) == (2, 7)
