import openai
import orjson
import pytest
from httpx2 import Request, Response
from jackfield.dialects.openai_errors import envelope, reply
from jackfield.model.errors import ClientError, Detail, Kind, UpstreamError, invalid_request


def raised_by_sdk(status: int, body: bytes, headers: dict[str, str]) -> openai.APIStatusError:
    client = openai.OpenAI(api_key="k", base_url="http://127.0.0.1/v1")
    response = Response(status, content=body, headers=headers, request=Request("POST", "http://127.0.0.1/v1/x"))
    return client._make_status_error_from_response(response)


def test_envelope_has_all_four_keys():
    assert envelope(invalid_request("messages is required", "messages")) == {
        "error": {
            "message": "messages is required",
            "type": "invalid_request_error",
            "param": "messages",
            "code": None,
        }
    }


def test_upstream_code_and_status_win_over_the_kinds_own():
    failure = UpstreamError(Kind.UPSTREAM_ERROR, "boom", Detail(status=500, code="vector_store_timeout"))
    answer = reply(failure, "req_1")
    assert answer.status == 500
    assert orjson.loads(answer.body)["error"]["code"] == "vector_store_timeout"


@pytest.mark.parametrize(("seconds", "sent"), [(0.0, "1"), (0.2, "1"), (7.0, "7"), (7.01, "8")])
def test_retry_after_is_whole_seconds_rounded_up(seconds, sent):
    answer = reply(UpstreamError(Kind.RATE_LIMITED, "slow down", Detail(retry_after=seconds)), "")
    assert answer.headers["retry-after"] == sent


def test_no_retry_after_where_none_is_known():
    assert "retry-after" not in reply(UpstreamError(Kind.OVERLOADED, "busy"), "").headers


def test_request_id_is_ours_unless_the_upstream_sent_one():
    plain = UpstreamError(Kind.OVERLOADED, "busy")
    named = UpstreamError(Kind.OVERLOADED, "busy", Detail(headers={"X-Request-Id": "theirs"}))
    assert reply(plain, "ours").headers["x-request-id"] == "ours"
    assert reply(named, "ours").headers["x-request-id"] == "theirs"
    assert "x-request-id" not in reply(plain, "").headers


def test_only_known_headers_travel():
    upstream = {
        "Retry-After-Ms": "250",
        "x-ratelimit-remaining-tokens": "10",
        "x-acme-primary-used-percent": "81",
        "openai-processing-ms": "12",
        "retry-after": "soon",
        "retry-after-ms": "86400000",
        "set-cookie": "a=b",
        "server": "nginx",
        "content-length": "3",
        "content-encoding": "gzip",
        "alt-svc": "h3",
        "x-forwarded-for": "10.0.0.1",
        "x-ratelimit-reset": "1\r\nset-cookie: a=b",
    }
    answer = reply(UpstreamError(Kind.RATE_LIMITED, "slow down", Detail(headers=upstream)), "")
    assert answer.headers == {
        "content-type": "application/json",
        "x-ratelimit-remaining-tokens": "10",
        "x-acme-primary-used-percent": "81",
        "openai-processing-ms": "12",
    }


@pytest.mark.parametrize(
    ("kind", "exception"),
    [
        (Kind.INVALID_REQUEST, openai.BadRequestError),
        (Kind.INVALID_API_KEY, openai.AuthenticationError),
        (Kind.FORBIDDEN, openai.PermissionDeniedError),
        (Kind.MODEL_NOT_FOUND, openai.NotFoundError),
        (Kind.CONFLICT, openai.ConflictError),
        (Kind.RATE_LIMITED, openai.RateLimitError),
        (Kind.USAGE_LIMIT, openai.RateLimitError),
        (Kind.UPSTREAM_ERROR, openai.InternalServerError),
        (Kind.OVERLOADED, openai.InternalServerError),
        (Kind.TIMEOUT, openai.InternalServerError),
    ],
)
def test_sdk_raises_its_typed_exception(kind, exception):
    answer = reply(UpstreamError(kind, "told", Detail(param="p")), "req_1")
    error = raised_by_sdk(answer.status, answer.body, dict(answer.headers))
    assert type(error) is exception
    assert (error.code, error.param, error.request_id) == (kind.words.openai_code, "p", "req_1")
    assert error.body["message"] == "told"


def test_headers_of_our_own_refusal_travel():
    refusal = ClientError(Kind.METHOD_NOT_ALLOWED, "takes POST", Detail(headers={"allow": "POST"}))
    assert reply(refusal, "").headers["allow"] == "POST"
