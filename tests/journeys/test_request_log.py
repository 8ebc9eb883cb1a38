"""`request-log`: a line a request, switched by the configuration, with nothing of what was said."""

import logging

import pytest


@pytest.fixture
def lines(caplog):
    """Return a function that gives the request log so far."""
    caplog.set_level(logging.INFO, "jackfield")
    return lambda: [record for record in caplog.records if record.name == "jackfield.requests"]


async def test_a_request_is_a_line_of_names_and_figures(serve, upstream, lines):
    house = await serve(upstream, config={"request-log": True})
    await house.post(input="my secret plan")
    await house.records.request()
    [line] = lines()
    assert (line.model, line.provider, line.status, line.error, line.attempts) == ("gpt-5", "fox", 200, "-", 1)
    assert line.output_tokens > 0
    assert "secret plan" not in str(line.__dict__)


async def test_a_refused_request_is_one_too(serve, upstream, lines):
    house = await serve(upstream, config={"request-log": True})
    await house.post(model="nobody-has-it")
    await house.records.request()
    [line] = lines()
    assert (line.model, line.provider, line.status, line.error) == ("nobody-has-it", "-", 404, "model_not_found")


async def test_nothing_is_logged_unless_it_is_on(house, lines):
    await house.post()
    await house.records.request()
    assert lines() == []
