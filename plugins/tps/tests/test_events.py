"""The event `per-request-tps`: its fields, its schema, and the two formats of the log."""

from __future__ import annotations

import logging
import re
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.api import Usage
from jackfield.testing import FakeClock, make_app, text_answer
from jackfield_tps import events
from jackfield_tps.figures import measured

VALIDATOR = jsonschema.Draft202012Validator(events.schema(), format_checker=jsonschema.FormatChecker())
FOX = "{tppc: {providers: [{name: fox, enabled: true, base-url: '%s', api-key: sk-fox-0123456789}]}, %s}"


def event(record: Any) -> dict[str, Any]:
    figures = measured(record)
    assert figures is not None
    return events.event(record, figures)


def as_logged(fields: dict[str, Any]) -> Any:
    """Return the fields as they are in a line of the JSON log."""
    return orjson.loads(orjson.dumps(fields, default=lambda value: orjson.Fragment(str(value))))


def test_the_fields(record: Any) -> None:
    made = record(250, 5.0, (1.505, 4.005), usage=Usage(1000, 250, 400, 0, 100), model="gpt-5-high", attempt=2)

    assert {name: str(value) for name, value in event(made).items()} == {
        "request_id": "req_" + "0" * 32,
        "is_streaming": "True",
        "measured_at": "2026-01-01T12:00:00.000Z",
        "request_duration_seconds": "5.00",
        "stream_duration_seconds": "2.50",
        "input_tokens": "1000",
        "output_tokens": "250",
        "total_tokens": "1250",
        "tps_completion": "100.00",
        "tps_total": "250.00",
        "provider": "fox",
        "model": "gpt-5-high",
        "provider_model": "fox/gpt-5-high",
        "ttft_seconds": "1.51",
        "attempt": "2",
        "burst": "False",
        "counted": "True",
    }


def test_the_schema_is_sound_and_closed() -> None:
    schema = events.schema()
    jsonschema.Draft202012Validator.check_schema(schema)

    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) - set(schema["required"]) == {"time", "level", "logger", "message"}
    assert all("description" in part or "const" in part for part in schema["properties"].values())


@pytest.mark.parametrize(
    "change",
    [
        {"tps_completion": None}, {"tps_completion": -1}, {"output_tokens": 1.5}, {"provider": ""}, {"burst": 1},
        {"measured_at": "yesterday"}, {"measured_at": "2026-01-01T12:00:00+01:00"}, {"attempt": 0},
        {"message": "other"}, {"provider_model": "fox"}, {"prompt": "secret"},
    ],
)  # fmt: skip
def test_the_schema_refuses(record: Any, change: dict[str, Any]) -> None:
    fields = as_logged(event(record(250, 5.0, (1.0, 3.5))))

    assert not list(VALIDATOR.iter_errors(fields))
    assert list(VALIDATOR.iter_errors({**fields, **change}))


@pytest.mark.parametrize("name", events.schema()["required"])
def test_every_field_is_always_there(record: Any, name: str) -> None:
    fields = as_logged(event(record(250, 5.0, (1.0, 3.5))))
    del fields[name]

    assert [error.validator for error in VALIDATOR.iter_errors(fields)] == ["required"]


@given(
    output=st.integers(0, 10**6),
    inputs=st.integers(0, 10**7),
    first=st.floats(0, 1000),
    window=st.floats(0, 1000),
    rest=st.floats(0, 1000),
    streaming=st.booleans(),
    model=st.text(min_size=1, max_size=300),
)
def test_every_event_fits_the_schema(
    output: int, inputs: int, first: float, window: float, rest: float, streaming: bool, model: str
) -> None:
    # a fixture cannot be used with @given: the record is made by hand
    from jackfield.api import CompletionRecord
    from jackfield.testing import FakeClock

    record = CompletionRecord(
        scope="attempt", request_id="req_1", attempt=1, dialect="chat", provider="fox", model=model, credential="c",
        client="", streaming=streaming, status=200, error="", started=0, ended=first + window + rest, attempt_started=0,
        measured_at=FakeClock().now(), first_output=first, last_output=first + window, outputs=3,
        usage=Usage(inputs, output),
    )  # fmt: skip
    fields = as_logged(event(record))

    assert not list(VALIDATOR.iter_errors(fields))


# -- through the proxy


class Lines:
    """What the proxy's log says, line by line, in the format that is configured."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def write(self, text: str) -> None:
        self.found += [line for line in text.splitlines() if events.MESSAGE in line]

    def flush(self) -> None:
        pass


async def lines_of(upstream: Any, config: str, *bodies: dict[str, Any], clock: FakeClock | None = None) -> list[str]:
    """Return the events that these requests bring into the log."""
    app = make_app(FOX % (upstream.base_url, config), clock=clock)
    lines = Lines()
    handler = next(each for each in logging.getLogger("jackfield").handlers if each.get_name() == "jackfield")
    assert isinstance(handler, logging.StreamHandler)
    stream = handler.setStream(lines)
    try:
        async with app.test_app():
            for body in bodies:
                answer = await app.test_client().post("/v1/responses", json={"model": "gpt-5", "input": "Hi", **body})
                await answer.get_data()
    finally:
        handler.setStream(stream)
    return lines.found


async def test_every_answer_is_an_event_of_the_json_log(upstream: Any) -> None:
    upstream.default = text_answer("one two three", usage=Usage(11, 7))

    found = await lines_of(
        upstream, "tps-log: true, log-format: json", {"stream": True}, {"stream": False}, {"model": "fox/gpt-5-low"}
    )

    loaded = [orjson.loads(line) for line in found]
    assert [list(VALIDATOR.iter_errors(line)) for line in loaded] == [[], [], []]
    assert [line["is_streaming"] for line in loaded] == [True, False, False]
    assert [line["provider_model"] for line in loaded] == ["fox/gpt-5", "fox/gpt-5", "fox/gpt-5-low"]
    assert all(line["total_tokens"] == 18 for line in loaded)
    assert all(re.search(r'"tps_completion":\d+\.\d\d,', line) for line in found)


async def test_the_text_log_has_the_same_fields_with_two_decimals(upstream: Any) -> None:
    [line] = await lines_of(upstream, "tps-log: true", {"stream": True}, clock=FakeClock())

    fields = dict(pair.split("=", 1) for pair in line.partition(f"{events.MESSAGE} ")[2].split())
    assert list(fields) == events.schema()["required"]
    assert (fields["tps_completion"], fields["request_duration_seconds"], fields["burst"]) == ("0.00", "0.00", "True")


async def test_no_event_while_the_switch_is_off_or_nothing_came(upstream: Any) -> None:
    assert await lines_of(upstream, "tps-log: false", {"stream": True}) == []
    assert await lines_of(upstream, "tps-log: true", {"model": "no-such-model"}) == []


async def test_no_event_has_content(upstream: Any) -> None:
    upstream.default = text_answer("canary of the answer", usage=Usage(11, 7))

    found = await lines_of(upstream, "tps-log: true, log-format: json", {"input": "canary of the request"})

    assert len(found) == 1
    assert "canary" not in found[0]
