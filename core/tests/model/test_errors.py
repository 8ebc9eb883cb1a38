import pytest
from jackfield.model.errors import (
    ClientError,
    ConfigError,
    Detail,
    JackfieldError,
    Kind,
    Problem,
    RequestFailed,
    Unavailable,
    UpstreamError,
    invalid_request,
)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_its_words(kind):
    words = kind.words
    assert 400 <= words.status < 600
    assert 400 <= words.anthropic_status < 600
    assert words.openai_type
    assert words.anthropic_type.endswith("_error") or words.anthropic_type == "request_too_large"


def test_failover_is_for_what_another_upstream_may_do_better():
    assert {kind.value for kind in Kind if kind.failover} == {
        "rate_limited", "usage_limit", "quota", "upstream_auth", "overloaded", "upstream_error", "unreachable",
        "timeout", "stream_cut",
    }  # fmt: skip


# the SDKs choose their exception by the status alone
STATUS = {
    "invalid_request": (400, 400), "context_length": (400, 400), "invalid_api_key": (401, 401),
    "model_not_found": (404, 404), "too_large": (413, 413),
    "unsupported_encoding": (415, 415), "rate_limited": (429, 429), "usage_limit": (429, 429),
    "overloaded": (503, 529), "upstream_error": (502, 502), "timeout": (504, 504), "unavailable": (503, 503),
}  # fmt: skip


@pytest.mark.parametrize("name", STATUS)
def test_the_status_of_each_dialect(name):
    failure = RequestFailed(Kind(name), "x")
    assert (failure.openai_status, failure.anthropic_status) == STATUS[name]


def test_a_detail_overrides_status_and_code():
    failure = UpstreamError(Kind.UPSTREAM_ERROR, "x", Detail(status=500, code="own"))
    assert (failure.openai_status, failure.anthropic_status, failure.code) == (500, 500, "own")
    assert UpstreamError(Kind.RATE_LIMITED, "x").code == "rate_limit_exceeded"


def test_the_tree():
    for leaf in (ClientError, UpstreamError, Unavailable):
        assert issubclass(leaf, RequestFailed)
        assert issubclass(leaf, JackfieldError)
    assert str(ClientError(Kind.FORBIDDEN, "no")) == "no"


def test_an_invalid_request_names_its_field():
    failure = invalid_request("input: is empty", "input")
    assert (failure.kind, failure.detail.param, failure.openai_status) == (Kind.INVALID_REQUEST, "input", 400)


def test_a_config_error_tells_every_problem_with_its_line_and_its_mend():
    problems = [
        Problem("port", "must be a number", "write 8317", 3),
        Problem("acme.keys[0].base-url", "keys[0].base-url is required", "write a URL", 7),
    ]
    error = ConfigError(problems)
    assert error.problems == tuple(problems)
    for words in ("invalid configuration", "line 3", "port", "must be a number", "write 8317", "line 7",
                  "acme.keys[0].base-url is required", "write a URL"):  # fmt: skip
        assert words in str(error)


def test_a_problem_without_a_line_names_none():
    assert "line" not in str(Problem("port", "must be a number"))
