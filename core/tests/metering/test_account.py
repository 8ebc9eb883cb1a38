import pytest
from jackfield.metering.account import Account, Meter
from jackfield.model.types import Usage
from jackfield.responses.sse import Event
from jackfield.testing import (
    Completed,
    CustomToolCall,
    FakeClock,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    WebSearch,
    answer,
    failed,
    incomplete,
)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def told():
    return []


@pytest.fixture
def account(clock, told):
    made = Account(clock, told.append, request_id="req_1", dialect="responses")
    made.client = "abc"
    made.asked("gpt-5-low", streaming=True)
    return made


def see(meter, script):
    meter.see([Event.of(event) for event in script.events])
    return meter


OUTPUTS = {
    "text": (answer(Text("a b c")), 3),
    "refusal": (answer(Refusal("a b")), 2),
    "call": (answer(ToolCall("read", {"n": 1}, deltas=2)), 2),
    "custom call": (answer(CustomToolCall("sh", "ls", deltas=2)), 2),
    "thinking": (answer(Reasoning(["a b"])), 2),
    "raw thinking": (answer(Reasoning([], text="a b")), 2),
    "told only when done": (answer(ToolCall("read", {"n": 1}, deltas=0)), 1),
    "a search": (answer(WebSearch("x")), 1),
    "nothing": (answer(), 0),
}


@pytest.mark.parametrize(("script", "outputs"), OUTPUTS.values(), ids=OUTPUTS)
def test_what_counts_as_output(clock, script, outputs):
    meter = see(Meter(clock), script)
    assert meter.outputs == outputs
    assert (meter.first_output is None) == (outputs == 0)


def test_first_and_last_output_are_when_they_came(clock):
    meter = Meter(clock)
    for number, event in enumerate(answer(Text("a b c")).events):
        clock.advance(1)
        meter.see([Event.of(event)])
        assert number >= 4 or meter.first_output is None
    assert meter.last_output - meter.first_output == 2


USAGE = Usage(input=100, output=20, cached=30, cache_write=40, reasoning=10)


@pytest.mark.parametrize("script", [answer(Text("a"), end=Completed(USAGE))])
def test_the_usage_is_that_of_the_last_event(clock, script):
    assert see(Meter(clock), script).usage == USAGE


@pytest.mark.parametrize("script", [answer(Text("a"), end=Completed(None)), failed(), incomplete(), answer(end=None)])
def test_without_one_it_is_nothing_or_what_was_told(clock, script):
    usage = see(Meter(clock), script).usage
    assert usage == (Usage(11, 7) if script.events[-1]["type"] == "response.incomplete" else Usage())


@pytest.mark.parametrize(
    "usage",
    [
        5, [], "text", {"input_tokens": "many"}, {"input_tokens": -5}, {"input_tokens": True},
        {"input_tokens": 1e400}, {"input_tokens_details": 5}, {"input_tokens": None}, {"output_tokens": {}},
    ],
    ids=repr,
)  # fmt: skip
def test_nonsense_counts_nothing(clock, usage):
    meter = Meter(clock)
    meter.see([Event.of({"type": "response.completed", "response": {"usage": usage}})])
    assert meter.usage == Usage()


@pytest.mark.parametrize("response", [None, 5, [], {}])
def test_so_does_a_response_that_is_none(clock, response):
    meter = Meter(clock)
    meter.see([Event.of({"type": "response.completed", "response": response})])
    assert meter.usage == Usage()


# -- the books


def test_an_attempt_and_its_request_are_told_once_each(account, told, clock):
    books = account.attempt("fox", "gpt-5-low", "tppc:fox:1")
    clock.advance(1)
    see(books.meter, answer(Text("a b")))
    clock.advance(2)
    account.close(200)
    account.close(500, "internal")
    books.close(500, "internal")
    attempt, request = told
    assert (attempt.scope, request.scope) == ("attempt", "request")
    for record in told:
        assert (record.request_id, record.attempt, record.dialect) == ("req_1", 1, "responses")
        assert (record.provider, record.model, record.credential) == ("fox", "gpt-5-low", "tppc:fox:1")
        assert (record.client, record.streaming, record.status, record.error) == ("abc", True, 200, "")
        assert (record.outputs, record.usage.total, record.succeeded) == (2, 18, True)
        assert (record.first_output, record.ended - record.started) == (1001, 3)
        assert record.measured_at == clock.now()


def test_the_request_takes_the_figures_of_the_last_attempt_and_its_own_time(account, told, clock):
    first = account.attempt("fox", "gpt-5", "a")
    clock.advance(1)
    first.close(500, "upstream_error")
    last = account.attempt("owl", "gpt-5", "b")
    see(last.meter, answer(Text("a")))
    clock.advance(1)
    account.close(200)
    one, two, request = told
    assert (one.error, one.attempt, two.error, two.attempt) == ("upstream_error", 1, "", 2)
    assert (two.started - one.started, request.started) == (1, one.started)
    assert (request.provider, request.attempt, request.outputs) == ("owl", 2, 1)
    assert account.attempts == 2


def test_a_request_without_an_attempt_is_told_alone(account, told):
    account.close(404, "model_not_found")
    [request] = told
    assert (request.scope, request.attempt, request.provider, request.model) == ("request", 0, "", "gpt-5-low")
    assert (request.status, request.error, request.outputs, request.succeeded) == (404, "model_not_found", 0, False)


def test_a_failure_ends_the_attempt_that_is_open(account, told):
    account.attempt("fox", "gpt-5", "a")
    account.close(499, "client_gone")
    assert [(record.scope, record.status, record.error) for record in told] == [
        ("attempt", 499, "client_gone"),
        ("request", 499, "client_gone"),
    ]


def test_an_attempt_that_was_closed_keeps_its_own_verdict(account, told):
    account.attempt("fox", "gpt-5", "a").close(0, "unreachable")
    account.close(502, "unreachable")
    assert [record.status for record in told] == [0, 502]


def test_a_request_tells_when_the_attempt_of_its_figures_began(account, told, clock):
    account.attempt("fox", "gpt-5", "a").close(500, "upstream_error")
    clock.advance(3)
    account.attempt("owl", "gpt-5", "b")
    clock.advance(1)
    account.close(200)
    one, two, request = told
    assert (one.attempt_started, two.attempt_started, request.attempt_started) == (1000, 1003, 1003)
    assert (request.started, request.ended, two.ended) == (1000, 1004, 1004)


def test_without_an_attempt_it_tells_none(account, told):
    account.close(401, "invalid_api_key")
    assert told[0].attempt_started is None
