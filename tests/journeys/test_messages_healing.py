"""M1, M2: refused images and mended schemas, as clients and upstreams see them on the wire."""

import base64

import orjson
import pytest
from jackfield.testing import FakeUpstream, error_event, failed, http_error, json_reply, text_answer

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


VALID_PDF = base64.b64encode(b"%PDF-1.4 torn").decode()
DOCUMENT = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": VALID_PDF}}
SHOWN = {"image": conversation(), "pdf": [{"role": "user", "content": [DOCUMENT, {"type": "text", "text": "read"}]}]}
TORN_IMAGES = [
    NO,
    "Invalid image data.",
    "failed to decode image: unknown format",
    "The image could not be processed.",
    "This model does not support image inputs",
    "图片格式不正确，无法解析",
]
TORN_PDFS = ["could not process pdf", "The PDF is corrupt.", "unable to read the PDF file"]
ENDS = {
    "null": lambda words: failed(None, words),
    "server_error": lambda words: failed("server_error", words),
    "event": lambda words: error_event("server_error", words),
    "event without code": lambda words: error_event(None, words, nested=True),
}
UNSEEN = [
    {"error": {"message": "No endpoints found that support image input", "code": 404}},
    {"error": {"message": "No endpoints found that support image input"}},
    {"error": {"message": "The model gpt-5 does not support image input.", "code": "model_not_found"}},
    {"error": {"message": "Image input is not supported by this model", "type": "invalid_request_error"}},
    {"error": {"message": "该模型不支持图片输入", "code": "model_not_found"}},
]


async def healed(house, shown="image", **more):
    return await house.client.post("/v1/messages", json={**ASK, "messages": SHOWN[shown], **more})


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize(
    ("shown", "words", "begin"),
    [("image", words, "" if words.startswith("Could not") else "Could not process image: ") for words in TORN_IMAGES]
    + [("pdf", words, "" if words.startswith("could not") else "could not process pdf: ") for words in TORN_PDFS],
)
async def test_a_failed_stream_that_refuses_what_was_shown_heals_like_a_400(serve, end, shown, words, begin, stream):
    """M1: the words alone say it, and nobody rests for it."""
    async with FakeUpstream() as upstream, FakeUpstream() as other:
        house = await serve(upstream, other)
        upstream.default = other.default = end(words)
        answer = await healed(house, shown, stream=stream)
        assert len(upstream.requests) + len(other.requests) == 1
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert error["message"] == begin + words


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("body", UNSEEN, ids=lambda body: body["error"]["message"])
async def test_a_404_of_a_model_that_cannot_see_heals_and_the_model_does_not_rest(serve, body, stream):
    """M1"""
    async with FakeUpstream() as upstream:
        house = await serve(upstream)
        upstream.script(json_reply(body, 404), text_answer("Fine."))
        answer = await healed(house, stream=stream)
        words = body["error"]["message"]
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, f"Could not process image: {words}")
        again = await house.client.post("/v1/messages", json={**ASK, "messages": conversation()[:1]})
    assert again.json()["content"][0]["text"] == "Fine."


@pytest.mark.parametrize(
    ("script", "status"),
    [
        (failed("server_error", "The server had an error."), 502),
        (failed("server_error", "The image service is temporarily unavailable, could not process image"), 502),
        (failed("server_error", "image host timed out: failed to fetch image"), 502),
        (http_error(500, NO), 500),
        (http_error(404, "The model gpt-image-1 does not exist", code="model_not_found"), 404),
        (http_error(404, "model gpt-image is not supported", code="model_not_found"), 404),
    ],
)
async def test_other_failures_of_a_request_with_an_image_stay_what_they_are(serve, script, status):
    """M1: a server in trouble, or a missing model, says nothing against the image."""
    async with FakeUpstream() as upstream:
        house = await serve(upstream)
        upstream.default = script
        answer = await healed(house)
    assert answer.status_code == status
    assert "Could not process image:" not in answer.text


@pytest.mark.parametrize("script", [failed("server_error", NO), json_reply(UNSEEN[0], 404)], ids=["failed", "404"])
async def test_words_about_images_heal_nothing_where_none_was_shown(serve, script):
    """M1"""
    async with FakeUpstream() as upstream:
        house = await serve(upstream)
        upstream.default = script
        answer = await house.client.post("/v1/messages", json={**ASK, "messages": conversation()[:1]})
    assert answer.status_code != 400
    assert "Could not process image" not in answer.text


async def test_a_failed_stream_about_an_image_keeps_its_code_on_the_chat_route(serve):
    """M1: other clients heal nothing by words."""
    async with FakeUpstream() as upstream:
        house = await serve(upstream)
        upstream.default = failed("server_error", NO)
        part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{HTML}"}}
        body = {"model": "gpt-5", "messages": [{"role": "user", "content": [part]}]}
        answer = await house.client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 502
