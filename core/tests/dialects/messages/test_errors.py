import orjson
import pytest
from anthropic.types import ErrorResponse
from jackfield.dialects.messages.errors import envelope, reply
from jackfield.model.errors import Detail, Kind, RequestFailed, UpstreamError

DOCUMENTED_ONLY = ("request_too_large", "conflict_error")
"""Types that Anthropic's documentation names and the SDK's model leaves out; the SDK goes by the status."""


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_an_envelope_that_the_sdk_reads(kind):
    answer = reply(RequestFailed(kind, "words"), "req_1")
    body = orjson.loads(answer.body)
    if body["error"]["type"] not in DOCUMENTED_ONLY:
        ErrorResponse.model_validate(body)
    assert body["type"] == "error"
    assert body["error"]["message"].endswith("words")
    assert body["request_id"] == "req_1"
    assert answer.headers["request-id"] == "req_1"
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("kind", "status", "name"),
    [
        (Kind.INVALID_REQUEST, 400, "invalid_request_error"),
        (Kind.CONTEXT_LENGTH, 400, "invalid_request_error"),
        (Kind.INVALID_API_KEY, 401, "authentication_error"),
        (Kind.QUOTA, 402, "billing_error"),
        (Kind.FORBIDDEN, 403, "permission_error"),
        (Kind.MODEL_NOT_FOUND, 404, "not_found_error"),
        (Kind.TOO_LARGE, 413, "request_too_large"),
        (Kind.RATE_LIMITED, 429, "rate_limit_error"),
        (Kind.USAGE_LIMIT, 429, "rate_limit_error"),
        (Kind.OVERLOADED, 529, "overloaded_error"),
        (Kind.UPSTREAM_AUTH, 502, "api_error"),
        (Kind.TIMEOUT, 504, "timeout_error"),
    ],
)
def test_status_and_type(kind, status, name):
    answer = reply(RequestFailed(kind, "words"), "r")
    assert (answer.status, orjson.loads(answer.body)["error"]["type"]) == (status, name)


def test_an_upstreams_own_status_is_kept():
    assert reply(UpstreamError(Kind.UPSTREAM_ERROR, "m", Detail(status=500)), "r").status == 500


@pytest.mark.parametrize(("seconds", "told"), [(1.2, "2"), (0.0, "1"), (30.0, "30")])
def test_retry_after_in_whole_seconds(seconds, told):
    assert reply(RequestFailed(Kind.RATE_LIMITED, "m", Detail(retry_after=seconds)), "r").headers["retry-after"] == told


def test_no_retry_after_where_nobody_said_one():
    assert "retry-after" not in reply(RequestFailed(Kind.RATE_LIMITED, "m"), "r").headers


def test_only_listed_headers_travel():
    detail = Detail(headers={"x-request-id": "u", "set-cookie": "c", "x-ratelimit-limit-requests": "5"})
    headers = reply(RequestFailed(Kind.RATE_LIMITED, "m", detail), "r").headers
    assert headers["x-request-id"] == "u"
    assert headers["x-ratelimit-limit-requests"] == "5"
    assert "set-cookie" not in headers


def test_a_long_prompt_is_said_in_words_that_clients_know():
    told = envelope(RequestFailed(Kind.CONTEXT_LENGTH, "exceeds the context window"))["error"]["message"]
    assert told == "prompt is too long: exceeds the context window"
    again = envelope(RequestFailed(Kind.CONTEXT_LENGTH, "Prompt is too long"))["error"]["message"]
    assert again == "Prompt is too long"


def test_without_an_id_there_is_no_field_for_it():
    assert "request_id" not in envelope(RequestFailed(Kind.INTERNAL, "m"))
