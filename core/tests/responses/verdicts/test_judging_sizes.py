"""Full, too large, and reasoning that is refused: told apart from what they look like (V10, L3, L5)."""

import orjson
import pytest
from jackfield.model.errors import Kind, UpstreamError, Verdict
from jackfield.responses.verdicts.failures import from_http, from_response

PAGE = b"<!DOCTYPE html><html><head><title>Too large</title></head><body>413</body></html>"


def http(status: int, body: object = None, headers: dict[str, str] | None = None) -> UpstreamError:
    told = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    return from_http(status, headers or {}, told)


def says(failure: UpstreamError) -> tuple[Verdict, Kind, int]:
    return failure.verdict, failure.kind, failure.openai_status


def error(message: str = "words", **fields: object) -> dict[str, object]:
    return {"error": {"message": message, **fields}}


@pytest.mark.parametrize(
    ("status", "body", "full"),
    [
        (429, error("并发", code="token_concurrency_limit_reached"), True),
        (429, error("token_concurrency_limit_reached"), True),
        (429, error("令牌并发数已达上限"), True),
        (429, error("Concurrency limit exceeded for user, please retry later", type="rate_limit_error"), True),
        (503, error(code="account_pool_concurrency_saturated"), True),
        (429, error(code="rate_limit_exceeded", message="Too many concurrent requests"), True),
        (429, error(code="GROUP_RPM_EXCEEDED"), False),
        (429, error("您已达到请求数限制：1分钟内最多请求60次"), False),
        (429, error("当前分组上游负载已饱和，请稍后再试"), False),
        (429, None, False),
        (403, error("请求过于频繁"), False),
    ],
)
def test_a_relay_that_is_full_is_not_one_that_is_limited(status: int, body: object, full: bool) -> None:
    """L5."""
    failure = http(status, body)

    assert says(failure) == (Verdict.LOAD, Kind.RATE_LIMITED, 429)
    assert failure.detail.full is full
    assert failure.code == "rate_limit_exceeded"


def test_full_keeps_the_time_that_it_names() -> None:
    """L5: `account_pool_concurrency_saturated` with Retry-After."""
    failure = http(429, error(code="account_pool_concurrency_saturated"), {"retry-after": "2"})

    assert (failure.detail.full, failure.detail.retry_after) == (True, 2.0)


OVERFLOW = [
    (500, error("status 400: context_length_exceeded: Your input exceeds the context window", type="upstream_error")),
    (502, error("input token length too long")),
    (503, error("Range of input length should be [1, 98304]")),
    (429, error("This model's maximum prompt length is 131072 but the request contains 150000 tokens.")),
    (400, error("Input is too long for requested model.")),
    (403, error("Your request exceeded model token limit: 131072")),
    (400, error(code="context_window_exceeded")),
    (413, error("prompt is too long: 213462 tokens > 200000 maximum")),
    (413, error(code="context_length_exceeded")),
    (500, error('{"error":{"code":"context_length_exceeded","message":"m"}}')),
    (200, error("input token length too long")),
    (200, error(code="context_window_exceeded")),
    (200, error("Range of input length should be [1, 98304]", code="server_error")),
]


@pytest.mark.parametrize(("status", "body"), OVERFLOW)
def test_overflow_wins_at_any_status(status: int, body: dict[str, object]) -> None:
    """V10."""
    failure = from_response({"type": "error", **body}) if status == 200 else http(status, body, {"retry-after": "9"})

    assert says(failure) == (Verdict.REQUEST, Kind.CONTEXT_LENGTH, 400)
    assert failure.code == "context_length_exceeded"
    assert failure.detail.retry_after is None


@pytest.mark.parametrize(
    "body",
    [
        error("Request too large, limit 30000, requested 40000", code="rate_limit_exceeded"),
        error("words", code="rate_limit_exceeded"),
        error("words", code="insufficient_quota"),
        PAGE,
        None,
    ],
)
def test_a_413_stays_one_and_asks_nobody_to_wait(body: object) -> None:
    """V10."""
    failure = http(413, body, {"retry-after": "20", "retry-after-ms": "20000", "x-request-id": "r"})

    assert says(failure) == (Verdict.REQUEST, Kind.TOO_LARGE, 413)
    assert failure.code is None
    assert failure.detail.retry_after is None
    assert dict(failure.detail.headers) == {"x-request-id": "r"}


@pytest.mark.parametrize("status", [400, 422, 502, 200])
@pytest.mark.parametrize(
    "inner",
    [
        {"code": None, "message": "The encrypted content could not be verified"},
        {"code": "bad_response_status_code", "message": "Encrypted content could not be decrypted or parsed."},
        {"code": "invalid_encrypted_content", "message": "m"},
        {"message": '{"error":{"code":"invalid_encrypted_content","message":"m"}}', "code": "relay_error"},
        {"message": 'upstream: {"error":{"message":"m","code":"invalid_encrypted_content"}} (id 7)'},
        {"message": "m", "metadata": {"raw": {"error": {"code": "invalid_encrypted_content"}}}},
        {"message": "加密内容无法验证"},
        {"message": "could not decrypt encrypted_content of item rs_1"},
    ],
)
def test_refused_reasoning_is_recognised_at_any_depth(status: int, inner: dict[str, object]) -> None:
    """L3."""
    body = {"error": inner}
    failure = from_response({"type": "error", **body}) if status == 200 else http(status, body)

    assert failure.code == "invalid_encrypted_content"
    if status != 502:
        assert says(failure) == (Verdict.REQUEST, Kind.INVALID_REQUEST, 400)


def test_encrypted_content_alone_is_no_refusal_of_it() -> None:
    """L3: only words that say what failed."""
    assert http(400, error("Unknown parameter: 'include[0].encrypted_content'")).code != "invalid_encrypted_content"
