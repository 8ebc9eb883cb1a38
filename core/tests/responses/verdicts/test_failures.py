import json
import math
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.dialects import openai_errors
from jackfield.dialects.messages import errors as messages_errors
from jackfield.model.errors import Detail, Kind, UpstreamError
from jackfield.responses.verdicts.failures import from_http, from_response, passable, retry_after, unreadable

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def http(status, body=None, headers=None):
    return from_http(status, headers or {}, orjson.dumps(body) if body is not None else b"", now=NOW)


def error(**fields):
    return {"error": {"message": "words", **fields}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "openai", "anthropic"),
    [
        (400, error(), Kind.INVALID_REQUEST, 400, 400),
        (422, {"detail": [{"msg": "m"}]}, Kind.INVALID_REQUEST, 400, 400),
        (415, error(), Kind.INVALID_REQUEST, 400, 400),
        (400, error(code="context_length_exceeded"), Kind.CONTEXT_LENGTH, 400, 400),
        (400, {"detail": "Your input exceeds the context window of this model"}, Kind.CONTEXT_LENGTH, 400, 400),
        (413, {"error": "too many tokens"}, Kind.CONTEXT_LENGTH, 400, 400),
        (401, error(code="invalid_api_key"), Kind.UPSTREAM_AUTH, 502, 502),
        (403, error(code="rate_limit_exceeded"), Kind.RATE_LIMITED, 429, 429),
        (402, error(), Kind.QUOTA, 402, 402),
        (429, error(code="insufficient_quota"), Kind.QUOTA, 402, 402),
        (404, error(code="model_not_found"), Kind.MODEL_NOT_FOUND, 404, 404),
        (404, {"detail": "The model gpt-9 does not exist"}, Kind.MODEL_NOT_FOUND, 404, 404),
        (404, error(code="not_found"), Kind.NOT_FOUND, 404, 404),
        (404, None, Kind.UPSTREAM_ERROR, 502, 502),
        (404, {"detail": "Not Found"}, Kind.UPSTREAM_ERROR, 502, 502),
        (408, None, Kind.TIMEOUT, 408, 408),
        (409, error(), Kind.CONFLICT, 409, 409),
        (413, error(), Kind.TOO_LARGE, 413, 413),
        (429, error(code="rate_limit_exceeded"), Kind.RATE_LIMITED, 429, 429),
        (429, None, Kind.RATE_LIMITED, 429, 429),
        (429, error(type="usage_limit_reached"), Kind.USAGE_LIMIT, 429, 429),
        (429, {"error": "The selected model is at capacity"}, Kind.OVERLOADED, 503, 529),
        (500, {"error": "Selected model is at capacity. Please try a different model."}, Kind.OVERLOADED, 503, 529),
        (500, error(code="server_is_overloaded"), Kind.OVERLOADED, 503, 529),
        (503, None, Kind.OVERLOADED, 503, 529),
        (529, None, Kind.OVERLOADED, 503, 529),
        (500, error(code="server_error"), Kind.UPSTREAM_ERROR, 500, 500),
        (502, None, Kind.UPSTREAM_ERROR, 502, 502),
        (520, None, Kind.UPSTREAM_ERROR, 502, 502),
        (504, None, Kind.TIMEOUT, 504, 504),
        (524, None, Kind.TIMEOUT, 504, 504),
        (302, None, Kind.UPSTREAM_ERROR, 502, 502),
    ],
)
def test_kind_and_status_of_an_http_error(status, body, kind, openai, anthropic):
    failure = http(status, body)
    assert isinstance(failure, UpstreamError)
    assert (failure.kind, failure.openai_status, failure.anthropic_status) == (kind, openai, anthropic)


def test_the_upstreams_code_and_field_reach_the_client():
    failure = http(400, error(code="unsupported_parameter", param="temperature"))
    assert (failure.code, failure.detail.param) == ("unsupported_parameter", "temperature")


def test_a_usage_limit_keeps_its_name_though_it_stands_in_the_type():
    assert http(429, error(type="usage_limit_reached")).code == "usage_limit_reached"


def test_codes_that_would_mislead_are_ours():
    assert http(401, error(code="invalid_api_key")).code == "upstream_auth"
    assert http(503, error(code="slow_down")).code == "server_is_overloaded"


def test_a_body_without_words_says_the_status():
    assert http(500).message == "upstream answered HTTP 500"


def test_html_is_never_passed_on():
    failure = from_http(502, {}, b"<html><body>nginx at 10.0.0.7</body></html>", now=NOW)
    assert failure.message == "upstream answered HTTP 502"


def test_a_refused_credential_is_not_mistaken_for_the_clients_key():
    failure = http(401, error())
    assert failure.message == "the upstream refused its key (HTTP 401): words"
    assert failure.of("fox").message == "fox refused its key (HTTP 401): words"


def test_secrets_are_hidden():
    assert "abcdef" not in http(400, {"detail": "bad key sk-abcdefghijklmnop"}).message


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, None, 7.0),
        ({"Retry-After": "1.5"}, None, 1.5),
        ({"retry-after": "Sat, 21 Nov 2026 12:01:30 GMT"}, None, 90.0),
        ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, None, 0.0),
        ({"retry-after": "soon"}, None, None),
        ({"retry-after": "-3"}, None, None),
        ({"retry-after": "nan"}, None, None),
        ({"retry-after": "inf"}, None, None),
        ({"retry-after-ms": "250", "retry-after": "9"}, None, 0.25),
        ({"retry-after": "7"}, error(type="usage_limit_reached", resets_in_seconds=3600), 3600.0),
        ({}, error(type="usage_limit_reached", resets_at=NOW.timestamp() + 60), 60.0),
        ({}, {"error": "Rate limit reached. Please try again in 1.2s."}, 1.2),
        ({}, {"error": "Please try again in 1m2.5s."}, 62.5),
        ({}, {"error": "Please try again in 350ms."}, 0.35),
        ({}, {"error": "Please try again in 6 minutes"}, 360.0),
        ({}, {"error": "Please try again later"}, None),
        ({}, None, None),
    ],
)
def test_when_to_ask_again(headers, body, seconds):
    assert http(429, body, headers).detail.retry_after == pytest.approx(seconds)


def test_retry_after_of_headers_alone():
    assert retry_after({"Retry-After": "3"}) == 3.0


def test_only_listed_headers_pass():
    headers = {
        "X-Request-Id": "r",
        "x-ratelimit-remaining-tokens": "5",
        "openai-processing-ms": "12",
        "x-vendor-primary-used-percent": "40",
        "x-vendor-secondary-reset-after-seconds": "90",
        "set-cookie": "no",
        "server": "no",
        "content-length": "no",
        "authorization": "no",
        "x-used-by": "no",
        "x-ratelimit-broken": "a\r\nset-cookie: b",
    }
    assert set(passable(headers)) == {
        "x-request-id",
        "x-ratelimit-remaining-tokens",
        "openai-processing-ms",
        "x-vendor-primary-used-percent",
        "x-vendor-secondary-reset-after-seconds",
    }
    assert http(429, None, headers).detail.headers == passable(headers)


def failed(code=None, message="words", **fields):
    return {"type": "response.failed", "response": {"id": "r", "error": {"code": code, "message": message, **fields}}}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("rate_limit_exceeded", Kind.RATE_LIMITED),
        ("usage_limit_reached", Kind.USAGE_LIMIT),
        ("insufficient_quota", Kind.QUOTA),
        ("server_error", Kind.UPSTREAM_ERROR),
        ("vector_store_timeout", Kind.UPSTREAM_ERROR),
        ("invalid_prompt", Kind.INVALID_REQUEST),
        ("invalid_image", Kind.INVALID_REQUEST),
        ("invalid_image_format", Kind.INVALID_REQUEST),
        ("image_too_large", Kind.INVALID_REQUEST),
        ("cyber_policy", Kind.INVALID_REQUEST),
        ("bio_policy", Kind.INVALID_REQUEST),
        ("misalignment_policy_violation", Kind.INVALID_REQUEST),
        ("context_length_exceeded", Kind.CONTEXT_LENGTH),
        ("data_residency_mismatch", Kind.FORBIDDEN),
        ("server_is_overloaded", Kind.OVERLOADED),
        ("slow_down", Kind.OVERLOADED),
        ("never_heard_of", Kind.UPSTREAM_ERROR),
        (None, Kind.UPSTREAM_ERROR),
    ],
)
def test_codes_inside_a_stream(code, kind):
    assert from_response(failed(code)).kind is kind
    assert from_response({"type": "error", "code": code, "message": "words", "param": None}).kind is kind
    assert from_response({"type": "error", "error": {"code": code, "message": "words"}}).kind is kind


def test_capacity_in_words_alone():
    assert from_response(failed("server_error", "The selected model is at capacity")).kind is Kind.OVERLOADED


def test_the_type_helps_where_the_code_is_missing():
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": "m"}}
    assert from_response(body).kind is Kind.INVALID_REQUEST


def test_a_status_inside_the_stream_decides_where_no_code_does():
    assert from_response({"type": "error", "status": 429, "error": {"message": "m"}}).kind is Kind.RATE_LIMITED


def test_a_wait_in_the_words_of_a_stream():
    failure = from_response(failed("rate_limit_exceeded", "Please try again in 1.2s."))
    assert failure.detail.retry_after == pytest.approx(1.2)


@pytest.mark.parametrize("kind", [Kind.STREAM_CUT, Kind.TIMEOUT, Kind.UNREACHABLE, Kind.RATE_LIMITED])
def test_a_failure_told_by_its_own_code_comes_back_as_what_it_was(kind):
    told = UpstreamError(kind, "words", Detail())
    assert from_response(failed(told.code)).kind is kind


def test_a_failure_without_words_has_some():
    assert from_response({"type": "response.failed"}).message


def test_an_answer_that_is_no_stream_is_the_upstreams_fault():
    assert unreadable().kind is Kind.UPSTREAM_ERROR


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["error", "response", "detail", "message", "code", "type", "status", "headers"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["type", "response", "error", "code", "message", "headers"]), json_values))
def test_any_event_can_be_a_failure(body):
    assert from_response(body).message


@given(st.integers(300, 599), json_values)
def test_any_http_answer_can_be_a_failure(status, body):
    failure = from_http(status, {}, json.dumps(body).encode(), now=NOW)
    assert 400 <= failure.openai_status <= 599
    assert 400 <= failure.anthropic_status <= 599


MOMENTS = (
    st.sampled_from(
        [
            "Wed, 21 Oct 2015 07:28:00 GMT",
            "21 Oct 99999 07:28:00 GMT",
            "Wed, 21 Oct 2015 07:28:00 +9999",
            "1e400",
            "inf",
        ]
    )
    | st.sampled_from(
        ["nan", "-1", "1_0", "1e308", "٣", "Sat, 01 Jan 1 00:00:00 -2359", "Fri, 31 Dec 9999 23:59:59 -2359"]
    )
    | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d+:\d+:\d+ ([+-]\d{4,6}|GMT|)", fullmatch=True)
)


@given(st.text(max_size=30) | MOMENTS, st.text(max_size=30) | MOMENTS, st.sampled_from([None, NOW]))
def test_any_header_names_a_wait_that_a_client_can_be_told_or_none(value, milliseconds, now):
    headers = {"Retry-After": value, "Retry-After-Ms": milliseconds}
    wait = retry_after(headers, now)
    assert wait is None or (wait >= 0 and math.isfinite(wait))
    failure = from_http(429, headers, b"", now=now)
    for told in (openai_errors.reply(failure, "").headers, messages_errors.reply(failure, "").headers):
        longer = wait is not None and wait > 60
        assert ("retry-after" in told) == (wait is not None and not longer)
        assert (told.get("x-should-retry") == "false") == longer
        assert "retry-after" not in told or 1 <= int(told["retry-after"]) <= 60
