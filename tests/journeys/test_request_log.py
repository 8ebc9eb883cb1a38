"""`request-log`: a line a request, switched by the configuration, with nothing of what was said."""

import logging

import pytest
from jackfield.testing import text_answer


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


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", ["/v1/responses", "/v1/chat/completions", "/v1/messages"])
async def test_the_model_that_really_served_is_told_where_it_is_another(serve, upstream, lines, path, stream):
    """L10: a relay that answers with a smaller model than it was asked for is seen."""
    house = await serve(upstream, config={"request-log": True})
    upstream.script(text_answer(model="gpt-5-mini"), text_answer(model="gpt-5"))
    words = {"input": "Hi"} if path == "/v1/responses" else {"messages": [{"role": "user", "content": "Hi"}]}
    for _ in range(2):
        await house.client.post(path, json={"model": "gpt-5", "stream": stream, "max_tokens": 9, **words})
    await house.records.request(2)
    other, same = lines()
    assert (other.model, other.served) == ("gpt-5", "gpt-5-mini")
    assert not hasattr(same, "served")


async def test_the_name_of_the_model_that_served_is_the_upstreams_word_and_bounded(serve, upstream, lines):
    """L10"""
    house = await serve(upstream, config={"request-log": True})
    upstream.script(text_answer(model="m" * 5000))
    await house.post()
    await house.records.request()
    [line] = lines()
    assert line.served == "m" * 200


async def test_nothing_is_logged_unless_it_is_on(house, lines):
    await house.post()
    await house.records.request()
    assert lines() == []
