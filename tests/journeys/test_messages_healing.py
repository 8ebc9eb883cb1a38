"""M1, M2: refused images and mended schemas, as clients and upstreams see them on the wire."""

import base64

import orjson
import pytest
from jackfield.testing import FakeUpstream, failed, http_error, text_answer

NO = "The image data you provided does not represent a valid image. Please check it."
HTML = base64.b64encode(b"<html>not a picture</html>").decode()
ASK = {"model": "gpt-5", "max_tokens": 9}
CALL = {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Read", "input": {}}]}


def conversation(data=HTML):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [image]}
    return [{"role": "user", "content": "look"}, CALL, {"role": "user", "content": [result]}]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("script", [http_error(400, NO), failed("invalid_image", NO)], ids=["status", "failed"])
async def test_a_refused_image_is_told_in_the_words_that_heal(house, upstream, script, stream):
    upstream.script(script)
    body = {**ASK, "messages": conversation(), "stream": stream}
    answer = await house.client.post("/v1/messages", json=body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["message"]) == ("invalid_request_error", f"Could not process image: {NO}")
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
async def test_an_empty_image_is_told_in_the_words_that_heal(house, upstream, path):
    answer = await house.client.post(path, json={**ASK, "messages": conversation("")})
    assert answer.status_code == 400
    place = "messages.2.content.0.tool_result.content.0.image.source.base64"
    assert answer.json()["error"]["message"] == f"{place}: image cannot be empty"
    assert upstream.requests == []


async def test_a_refused_image_keeps_its_words_on_the_chat_route(house, upstream):
    upstream.script(http_error(400, NO))
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "look"}]}
    answer = await house.client.post("/v1/chat/completions", json=body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, NO)


TAGS = {"type": "object", "properties": {"tags": {"type": "array"}, "env": {"type": ["array", "null"]}}}
EITHER = {
    "anyOf": [
        {"properties": {"id": {"type": "string"}}, "required": ["id"]},
        {"properties": {"name": {"type": "string"}}, "required": ["name"]},
    ]
}


def request_of(path, schema):
    turn = {"model": "gpt-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    if path == "/v1/messages":
        return {**turn, "tools": [{"name": "t", "description": "d", "input_schema": schema}]}
    return {
        **turn,
        "tools": [{"type": "function", "function": {"name": "t", "description": "d", "parameters": schema}}],
    }


PATHS = ["/v1/messages", "/v1/chat/completions"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_schema_that_openai_refuses_goes_up_mended(house, upstream, path):
    assert (await house.client.post(path, json=request_of(path, TAGS))).status_code == 200
    [tool] = upstream.last.json()["tools"]
    assert tool["parameters"]["properties"] == {
        "tags": {"type": "array", "items": {}},
        "env": {"type": ["array", "null"], "items": {}},
    }


@pytest.mark.parametrize("path", PATHS)
async def test_a_choice_at_the_top_goes_up_as_one_object_and_is_said(house, upstream, path):
    assert (await house.client.post(path, json=request_of(path, EITHER))).status_code == 200
    [tool] = upstream.last.json()["tools"]
    assert tool["parameters"]["properties"] == {"id": {"type": "string"}, "name": {"type": "string"}}
    assert (tool["parameters"]["type"], "required" in tool["parameters"]) == ("object", False)
    assert tool["description"] == "d\n\nTakes at least one of these sets of arguments: (id); (name)."


RIGHT = (
    b'{"properties":{"n":{"maximum":18446744073709551616,"type":"integer"},'
    b'"o":{"items":{},"type":"array"}},"type":"object"}'
)


@pytest.mark.parametrize("path", PATHS)
async def test_a_right_schema_keeps_its_bytes(house, upstream, path):
    body = orjson.dumps(request_of(path, {"X": 1})).replace(b'{"X":1}', RIGHT)
    answer = await house.client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert b'"parameters":' + RIGHT in upstream.last.body


async def test_the_house_is_served_again_after_a_refused_image(serve):
    async with FakeUpstream() as upstream:
        upstream.script(http_error(400, NO), text_answer("Fine."))
        house = await serve(upstream)
        await house.client.post("/v1/messages", json={**ASK, "messages": conversation()})
        answer = await house.client.post("/v1/messages", json={**ASK, "messages": conversation()[:1]})
    assert answer.json()["content"][0]["text"] == "Fine."
