"""An answer that breaks after its first content: the client is told in the stream, and nobody else takes over."""

import pytest
from jackfield.api import Credential, Event, Model, Secret, hookimpl
from jackfield.testing import (
    Close,
    Delay,
    ErrorEvent,
    Failed,
    Hang,
    Reset,
    Send,
    SendEvent,
    Text,
    answer,
    check_events,
    read_sse,
)

CONTENT = 5
"""Events up to the first delta."""


def text(end=None):
    return answer(Text("Hello you there"), end=end)


CUT = "upstream_stream_cut"
OF_THE_API = {"server_error", "server_is_overloaded", "rate_limit_exceeded", "context_length_exceeded"}
"""Codes that stand in a stream; others stand in the message of a `server_error` (X4)."""
HALF = Send(b'event: response.output_text.delta\ndata: {"type":"response.output_te')
LARGE = SendEvent({"type": "response.output_text.delta", "delta": "x" * 5000})

# what breaks, the code and a part of the message that the client gets, the kind in the record
BREAKS = {
    "closed": (text().cut(6), CUT, "closed", "stream_cut"),
    "reset": (text().cut(6, Reset()), CUT, "", "stream_cut"),
    "ended without a terminal event": (text().cut(6, Delay(0)), CUT, "before response.completed", "stream_cut"),
    "ended in the middle of an event": (text().cut(6, HALF), CUT, "before response.completed", "stream_cut"),
    "closed in the middle of an event": (text().cut(6, HALF, Close()), CUT, "", "stream_cut"),
    "fallen silent": (text().cut(6, Hang()), "upstream_timeout", "sent nothing within", "timeout"),
    "too large an event": (text().cut(6, LARGE), CUT, "larger than 2048 bytes", "stream_cut"),
    "an error event": (text(ErrorEvent("server_error", "Boom")), "server_error", "Boom", "upstream_error"),
    "a nested error event": (text(ErrorEvent("x_code", "Boom", nested=True)), "x_code", "Boom", "upstream_error"),
    "an overload": (
        text(ErrorEvent("server_is_overloaded", "Busy")), "server_is_overloaded", "Busy", "overloaded",
    ),
    "a rate limit": (
        text(ErrorEvent("rate_limit_exceeded", "Please try again in 1.2s")),
        "rate_limit_exceeded",
        "try again in 1.2s",
        "rate_limited",
    ),
    "a full context": (text(Failed("context_length_exceeded", "Too long")), "context_length_exceeded", "Too long",
                       "context_length"),
}  # fmt: skip


@pytest.fixture
async def house(serve, upstream, second):
    limits = {"stream-idle-timeout": 0.1, "max-event-bytes": 2048}
    return await serve(upstream, second, config={"limits": limits})


@pytest.mark.parametrize(("script", "code", "message", "kind"), BREAKS.values(), ids=BREAKS)
async def test_it_ends_in_response_failed_and_in_one_record(house, upstream, second, script, code, message, kind):
    upstream.script(script)
    answered = await house.stream()
    assert answered.status_code == 200
    events = [data for _, data in read_sse(answered.content)]
    response = check_events(events, end="response.failed").response
    shown, told = response["error"]["code"], response["error"]["message"]
    assert shown == (code if code in OF_THE_API else "server_error")
    assert shown == code or code in told
    assert message in told
    assert response["id"] == "resp_test"
    assert (response["model"], response["status"]) == ("gpt-5", "failed")
    record = await house.records.request()
    assert (record.status, record.error, record.attempt, record.provider) == (200, kind, 1, "fox")
    assert len(house.records.of("attempt")) == 1
    assert (len(upstream.requests), len(second.requests)) == (1, 0)


@pytest.mark.parametrize(("script", "code", "message", "kind"), BREAKS.values(), ids=BREAKS)
async def test_what_came_before_reaches_the_client_byte_for_byte(house, upstream, script, code, message, kind):
    upstream.script(script)
    body = (await house.stream()).content
    came = b"".join(step.encode() for step in script.steps[:6])
    assert body.startswith(came)
    assert b"event: error" not in body


STATUS = {
    "closed": 502, "reset": 502, "ended without a terminal event": 502, "ended in the middle of an event": 502,
    "closed in the middle of an event": 502, "fallen silent": 504, "too large an event": 502, "an error event": 502,
    "a nested error event": 502, "an overload": 503, "a rate limit": 429, "a full context": 400,
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
async def test_a_client_without_a_stream_gets_the_status_and_nothing_of_the_text(house, upstream, name):
    script, code, message, kind = BREAKS[name]
    upstream.script(script)
    answered = await house.post()
    assert answered.status_code == STATUS[name]
    error = answered.json()["error"]
    assert error["code"] == (code if code != "server_error" else error["code"])
    assert message in error["message"]
    assert "Hello" not in answered.text
    assert (await house.records.request()).error == kind


async def test_a_wait_told_in_the_stream_becomes_a_header_without_one(house, upstream):
    upstream.script(BREAKS["a rate limit"][0])
    assert (await house.post()).headers["retry-after"] == "2"


@pytest.mark.parametrize("how", [Close(), Reset(), Delay(0)], ids=lambda how: type(how).__name__)
async def test_comments_and_unnumbered_events_do_not_hide_the_number_to_go_on_with(house, upstream, how):
    unnumbered = SendEvent({"type": "codex.rate_limits"})
    script = text().commented().after(6, unnumbered, Send(b": keep-alive\n\n"))
    steps = script.steps[: script.steps.index(unnumbered) + 2]
    upstream.script(script.cut(0, *steps, how))
    events = [data for _, data in read_sse((await house.stream()).content)]
    assert [event.get("sequence_number") for event in events] == [0, 1, 2, 3, 4, 5, None, 6]
    assert events[-1]["response"]["id"] == "resp_test"


async def test_an_error_event_without_a_number_takes_the_next_one(house, upstream):
    upstream.script(text().after(6, SendEvent({"type": "error", "code": "server_error", "message": "Boom"})))
    events = [data for _, data in read_sse((await house.stream()).content)]
    check_events(events, end="response.failed")


async def test_a_stream_that_never_named_its_response_still_fails_in_form(house, upstream):
    delta = SendEvent({"type": "response.output_text.delta", "delta": "Hi"})
    upstream.script(text().cut(0, delta, Close()))
    event = read_sse((await house.stream()).content)[-1].data
    assert (event["type"], event["response"]["status"]) == ("response.failed", "failed")
    assert event["response"]["error"]["code"] == "server_error"
    assert CUT in event["response"]["error"]["message"]


@pytest.mark.parametrize("end", [ErrorEvent, Failed], ids=["error", "failed"])
@pytest.mark.parametrize("key", ["sk-canary-0123456789", "sk-fox-0123456789"], ids=["some key", "the provider's own"])
async def test_the_words_of_a_failure_hide_keys(house, upstream, end, key):
    upstream.script(text(end("server_error", f"bad key {key} in use")))
    body = (await house.stream()).text
    assert key not in body
    assert "in use" in body
    check_events([data for _, data in read_sse(body)], end="response.failed")


async def test_a_failed_response_without_keys_passes_as_it_came(house, upstream):
    script = text(Failed("server_error", "Boom"))
    upstream.script(script)
    assert (await house.stream()).content == script.body


async def test_an_executor_that_raises_in_mid_stream_ends_the_stream_in_form(serve, upstream, caplog):
    class Stream:
        def __init__(self):
            self.headers = {}
            self.batches = iter([[Event.of(event) for event in text().events[:6]]])

        def __aiter__(self):
            return self

        async def __anext__(self):
            try:
                return next(self.batches)
            except StopIteration:
                raise KeyError("a bug of the plugin") from None

        async def aclose(self):
            pass

    class Acme:
        async def open(self, call, endpoint):
            return Stream()

        @hookimpl
        def register_executors(self, registrar):
            registrar.add("acme", lambda host: self)

        @hookimpl
        def register_models(self, registrar):
            registrar.add("acme", [Model("acme-1")])

        @hookimpl
        def synthesize_auth(self):
            return [Credential("acme:1", "acme", "acme", {"api_key": Secret("k"), "base_url": "http://acme.invalid"})]

    house = await serve(plugins={"acme": Acme()})
    answered = await house.stream(model="acme-1")
    found = check_events((data for _, data in read_sse(answered.content)), end="response.failed")
    assert "a bug of the plugin" not in found.response["error"]["message"]
    assert "a bug of the plugin" in caplog.text
