"""M1: a refusal that Claude Code can heal is told in the words on which it acts, and no other refusal is."""

import orjson
import pytest
from jackfield.dialects.messages.errors import envelope, reply
from jackfield.responses.verdicts.failures import from_http, from_response

IMAGES = [
    (
        "The image data you provided does not represent a valid image. Please check it.",
        None,
        None,
    ),
    ("You uploaded an unsupported image. Please make sure your image has one of the formats: png, jpeg.", None, None),
    ("Invalid MIME type. Only image types are supported.", "invalid_image_format", None),
    ("Invalid base64 image_url.", None, None),
    ("Could not be read.", "image_parse_error", None),
    ("The image is too large: at most 20 MB are allowed.", None, None),
    ("Too many images in request. Max is 500.", None, None),
    ("Invalid content type. image_url is only supported by certain models.", None, None),
    ("This model does not support image inputs", None, "input[2].output[0].image_url"),
    ("Expected a base64-encoded data URL.", "invalid_value", "input[2].output[0].image_url"),
    ("该模型不支持图片输入", None, None),
]
PDFS = [
    ("The PDF could not be parsed.", None, None),
    ("Expected a base64-encoded data URL with an application/pdf MIME type.", None, "input[0].content[0].file_data"),
    ("Failed to read the file: it is corrupt.", None, None),
    ("This model does not support PDF input.", None, None),
]
EFFORTS = [
    ("Unsupported value: 'xhigh' is not supported with the 'gpt-5' model.", "unsupported_value", "reasoning.effort"),
    ("Unsupported value: 'max'. Supported values are: 'low', 'medium', and 'high'.", None, None),
    ("reasoning effort 'xhigh' is invalid for this model", None, None),
]


def http(message, code=None, param=None, status=400):
    error = {"message": message, "type": "invalid_request_error", "code": code, "param": param}
    return from_http(status, {}, orjson.dumps({"error": error}))


def told(failure):
    answer = envelope(failure)["error"]
    assert answer["type"] == "invalid_request_error"
    return answer["message"]


@pytest.mark.parametrize(("message", "code", "param"), IMAGES)
def test_a_refused_image_is_told_as_one(message, code, param):
    failure = http(message, code, param)
    assert told(failure) == f"Could not process image: {message}"
    assert reply(failure, "").status == 400


@pytest.mark.parametrize(("message", "code", "param"), PDFS)
def test_a_refused_pdf_is_told_as_one(message, code, param):
    assert told(http(message, code, param)) == f"could not process pdf: {message}"


@pytest.mark.parametrize(("message", "code", "param"), EFFORTS)
def test_an_effort_that_the_model_does_not_know_is_told_as_one(message, code, param):
    assert told(http(message, code, param)) == f"This model does not support the effort parameter: {message}"


@pytest.mark.parametrize("code", ["invalid_image", "image_too_large", "empty_image_file", "failed_to_download_image"])
def test_an_image_that_is_refused_in_the_stream_is_told_alike(code):
    failure = from_response({"type": "response.failed", "response": {"error": {"code": code, "message": "Nope."}}})
    assert told(failure) == "Could not process image: Nope."


@pytest.mark.parametrize("message", ["Could not process image", "could not process pdf: broken"])
def test_what_is_told_already_is_not_told_twice(message):
    assert told(http(message, "invalid_image")) == message


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("Invalid schema for function 'look': In context=('properties', 'image'), array schema missing items.", None),
        ("Invalid value for 'tools[0].name': image cannot be used here", "tools[0].name"),
        ("No tool output found for function call call_1.", None),
        ("The fox drew an image of a picture", None),
        ("Unsupported parameter: temperature", "temperature"),
    ],
)
def test_other_refusals_keep_their_words(message, param):
    assert told(http(message, None, param)) == message


def test_a_server_that_fails_over_an_image_is_no_refusal():
    failure = http("image processing failed", status=500)
    assert envelope(failure)["error"]["message"] == "image processing failed"


def test_a_prompt_that_is_too_long_is_told_as_that():
    failure = http("The images exceed the context window of this model", "context_length_exceeded")
    assert told(failure).startswith("prompt is too long: ")
