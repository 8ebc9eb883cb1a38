"""What a failure says something about: statuses, codes and words together (V1, V5, V6, V7, L1, L4)."""

import orjson
import pytest
from jackfield.model.errors import Kind, UpstreamError, Verdict
from jackfield.responses.verdicts.failures import from_http, from_response

PAGE = b"<!DOCTYPE html><html><head><title>Blocked</title></head><body>you have been blocked</body></html>"
ONLY = "This account only allows Acme official clients"


def http(status: int, body: object = None, headers: dict[str, str] | None = None) -> UpstreamError:
    told = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    return from_http(status, headers or {}, told)


def says(failure: UpstreamError) -> tuple[Verdict, Kind, int]:
    return failure.verdict, failure.kind, failure.openai_status


def error(message: str = "words", **fields: object) -> dict[str, object]:
    return {"error": {"message": message, **fields}}


REQUEST = [
    (403, PAGE),
    (401, PAGE),
    (451, PAGE),
    (403, b"\xef\xbb\xbf  <html><body>Access denied</body></html>"),
    (403, b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'),
    (403, b"<!-- edge --><center><h1>403 Forbidden</h1></center>"),
    (403, error("<html><body>blocked</body></html>")),
    (401, error("<center><h1>401 Authorization Required</h1></center>")),
    (403, b"Forbidden"),
    (403, None),
    (451, None),
    (451, error("Unavailable For Legal Reasons")),
    (403, error(code="content_policy_violation", type="permission_error")),
    (403, error("Your request was rejected by the safety system.")),
    (403, error("用户敏感词检测失败", code="sensitive_words_detected")),
    (403, error("this request needs a key concept and a token budget", type="permission_error")),
    (403, error("令牌")),
    (403, b"error code: 1020"),
]


@pytest.mark.parametrize(("status", "body"), REQUEST)
def test_a_refusal_without_a_word_about_the_key_is_about_the_request(status: int, body: object) -> None:
    """V1."""
    failure = http(status, body)

    assert says(failure) == (Verdict.REQUEST, Kind.FORBIDDEN, 403)
    assert failure.anthropic_status == 403
    assert "<" not in failure.message
    assert "blocked" not in failure.message or failure.message.count(" ") > 3
    assert "credential" not in failure.message


@pytest.mark.parametrize("status", [500, 502, 503, 520, 530])
def test_a_page_beside_a_5xx_is_the_upstreams(status: int) -> None:
    """V1: a page of an edge at other statuses says what the status says."""
    assert http(status, PAGE).verdict is Verdict.UPSTREAM


def test_a_page_at_429_is_a_limit_and_at_404_a_wrong_url() -> None:
    """V1."""
    assert http(429, PAGE).verdict is Verdict.LOAD
    assert http(404, PAGE).kind is Kind.UPSTREAM_ERROR


@pytest.mark.parametrize("kind", ["permission_error", "content_policy_violation", "forbidden_error"])
def test_a_refusal_in_a_stream_is_about_the_request(kind: str) -> None:
    """V1: `permission_error` and policies in a stream."""
    for body in (
        {"type": "error", "error": {"type": kind, "message": "words"}},
        {"type": "response.failed", "response": {"error": {"code": kind, "message": "words"}}},
        {"type": "error", "code": kind, "message": "words"},
    ):
        failure = from_response(body)
        assert failure.verdict is Verdict.REQUEST
        assert failure.kind in (Kind.FORBIDDEN, Kind.INVALID_REQUEST)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (402, error("This request requires more credits, or fewer max_tokens."), Kind.QUOTA),
        (429, error("Request too large for the organization: Limit 30000, Requested 40000."), Kind.TOO_LARGE),
        (429, error("Extra usage is required for long context requests."), Kind.CONTEXT_LENGTH),
    ],
)
def test_a_limit_that_one_request_breaks_is_about_the_request(status: int, body: object, kind: Kind) -> None:
    """V1: 402 or 429 for one request's size."""
    failure = http(status, body, {"retry-after": "30"})

    assert (failure.verdict, failure.kind) == (Verdict.REQUEST, kind)
    assert failure.detail.retry_after is None


@pytest.mark.parametrize("status", [500, 502, 503, 529])
@pytest.mark.parametrize(
    "code",
    [
        "invalid_request_error",
        "content_policy_violation",
        "invalid_api_key",
        "unauthorized_client_error",
        "invalid_prompt",
    ],
)
def test_a_code_never_turns_a_5xx_into_the_clients_fault(status: int, code: str) -> None:
    """V5."""
    failure = http(status, error(code=code))

    assert failure.verdict is Verdict.UPSTREAM
    assert failure.openai_status >= 500
    assert failure.code != code


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (503, error("No channel for gpt-5", type="new_api_error", code="model_not_found"), 503),
        (503, error("当前分组 default 下对于模型 gpt-5 无可用渠道（distributor）", type="new_api_error"), 503),
        (503, error("No available channel for model gpt-5 under group default (distributor)"), 503),
        (500, error(code="model_not_found"), 500),
        (502, error(code="model_not_found"), 502),
        (529, error(code="model_not_found"), 503),
        (503, {"code": "MODEL_NOT_FOUND", "message": "m"}, 503),
    ],
)
def test_a_5xx_that_the_model_is_not_there_is_about_the_model_and_told_as_5xx(
    status: int, body: object, told: int
) -> None:
    """V5."""
    failure = http(status, body)

    assert failure.verdict is Verdict.MODEL
    assert failure.openai_status == told
    assert failure.code != "model_not_found"


def test_a_status_in_a_stream_wins_over_a_code_that_blames_the_client() -> None:
    """V5: the same inside a stream with a status in it."""
    told = {"type": "error", "status": 503, "error": {"code": "model_not_found", "message": "No channel"}}
    failure = from_response(told)

    assert failure.verdict is Verdict.MODEL
    assert failure.openai_status == 503
    assert from_response({**told, "error": {"code": "invalid_api_key"}}).verdict is Verdict.UPSTREAM
    assert from_response({"type": "error", "error": {"code": 502, "message": "m"}}).openai_status == 502


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, error(code="model_not_found")),
        (404, error("The model `gpt-9` does not exist or you do not have access to it.")),
        (404, {"detail": "model gpt-9"}),
        (404, b"no such model"),
        (400, error(code="model_not_found")),
        (400, {"detail": "The 'gpt-9' model is not supported when using this kind of account."}),
        (403, error("该令牌无权访问模型 gpt-9", type="new_api_error")),
        (403, error("This token has no access to model gpt-9")),
        (401, error("model gpt-9 not in whitelist")),
        (404, error("模型不存在")),
    ],
)
def test_a_model_that_one_provider_lacks_is_about_the_model_there(status: int, body: object) -> None:
    """V6, L1: words of the model."""
    assert says(http(status, body)) == (Verdict.MODEL, Kind.MODEL_NOT_FOUND, 404)


QUOTA = [
    (403, error("no quota left", code="insufficient_user_quota", type="new_api_error")),
    (403, error("m", code="pre_consume_token_quota_failed")),
    (401, error("该令牌额度已用尽", type="new_api_error")),
    (403, {"code": "INSUFFICIENT_BALANCE", "message": "Insufficient account balance"}),
    (403, {"code": 403, "message": "m", "reason": "INSUFFICIENT_BALANCE", "metadata": {}}),
    (402, None),
    (402, error("words")),
    (403, error(code="insufficient_quota")),
    (429, error(code="insufficient_quota")),
    (429, error("You exceeded your current quota, please check your plan and billing details.")),
    (400, error("Your credit balance is too low to access the API.", type="invalid_request_error")),
    (400, {"code": "Arrearage", "message": "Access denied."}),
    (403, error("用户额度不足, 剩余额度: ＄0.00")),
    (403, error("账户余额不足")),
    (403, error("账户已欠费")),
    (403, {"code": "SUBSCRIPTION_NOT_FOUND", "message": "m"}),
    (403, error(code="entitlement_required")),
    (500, error("用户额度不足")),
    (503, error(code="insufficient_user_quota")),
    (403, error(json_inside := '{"error":{"code":"insufficient_user_quota","message":"m"}}')),
    (429, b"data: " + json_inside.encode()),
]


@pytest.mark.parametrize(("status", "body"), QUOTA)
def test_money_in_anybodys_words_is_about_the_account(status: int, body: object) -> None:
    """V7, L4."""
    failure = http(status, body)

    assert says(failure) == (Verdict.ACCOUNT, Kind.QUOTA, 402)
    assert failure.code == "insufficient_quota"
    assert failure.kind.words.anthropic_type == "billing_error"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, error(type="usage_limit_reached")),
        (429, {"code": "API_KEY_QUOTA_EXHAUSTED", "message": "API key 额度已用完"}),
        (429, {"code": "DAILY_LIMIT_EXCEEDED", "message": "daily usage limit exceeded"}),
        (429, {"code": 429, "reason": "WEEKLY_LIMIT_EXCEEDED", "message": "m"}),
        (429, error('error: code=429 reason="DAILY_LIMIT_EXCEEDED" message="m" metadata=map[]')),
        (429, error(code="USAGE_LIMIT_EXCEEDED")),
        (429, error("API key 5小时限额已用完")),
        (403, error(code="entitlement_daily_limit_exceeded")),
        (503, error("Account pool quota exhausted", code="account_pool_usage_limit_reached", type="server_error")),
        (429, {"error": "Daily cost limit exceeded", "message": "m"}),
    ],
)
def test_a_window_that_is_used_up_is_about_the_account(status: int, body: object) -> None:
    """L4."""
    failure = http(status, body)

    assert says(failure) == (Verdict.ACCOUNT, Kind.USAGE_LIMIT, 429)
    assert failure.code.lower() in ("usage_limit_reached", "usage_limit_exceeded")


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "insufficient_user_quota", "message": "m"}},
        {"error": {"message": "余额不足"}},
        {"code": "INSUFFICIENT_BALANCE", "message": "m"},
        {"response": {"status": "failed", "error": {"code": "insufficient_user_quota", "message": "m"}}},
        {"response": {"status": "failed", "error": {"code": "server_error", "message": "用户额度不足"}}},
        {"error": {"message": '{"error":{"code":"insufficient_user_quota"}}'}},
        {"error": {"code": 403, "message": "m", "metadata": {"raw": '{"code":"INSUFFICIENT_BALANCE"}'}}},
    ],
)
def test_money_in_a_stream_is_about_the_account(body: dict[str, object]) -> None:
    """V7: a JSON error in a 200, and the same as a stream's event."""
    assert says(from_response({"type": "error", **body})) == (Verdict.ACCOUNT, Kind.QUOTA, 402)


def test_what_a_client_wrote_into_its_request_is_no_evidence() -> None:
    """V1: a verdict on a request is never taken for one on the credential."""
    told = error("Invalid value: '余额不足 invalid_api_key insufficient balance'.", type="invalid_request_error")
    response = {"status": "failed", "metadata": {"code": "insufficient_quota"}, "instructions": "余额不足"}

    assert http(400, told).verdict is Verdict.REQUEST
    assert http(422, {"detail": [{"msg": "余额不足 is not a number", "input": "x"}]}).verdict is Verdict.REQUEST
    assert from_response({"type": "response.failed", "response": response}).verdict is Verdict.UPSTREAM


CLIENT = [
    (403, error(ONLY, type="forbidden_error")),
    (401, error(ONLY)),
    (401, {"error": {"message": "unauthorized client detected"}, "type": "unauthorized_client_error"}),
    (403, error(code="unauthorized_client_error")),
    (403, {"error": "Client not allowed", "message": "Your client is not authorized", "allowedClients": ["acme"]}),
    (403, {"error": "Forbidden", "allowedClients": ["acme"]}),
    (403, error("请使用最新版的 Acme 客户端或 Acme CLI 调用", code="acme_access_restricted")),
    (403, error("仅支持 Acme 客户端")),
    (403, error("仅允许官方客户端访问")),
    (403, error("Third-party clients are not supported with this key")),
    (401, error(ONLY, code="invalid_api_key")),
    (403, error("openai service_tier=priority is not allowed for model gpt-5")),
    (403, error("Fast mode is not enabled for your group")),
    (403, error("passthrough requires a non-empty instructions field")),
]


@pytest.mark.parametrize(("status", "body"), CLIENT)
def test_words_of_the_client_or_its_setting_are_about_the_client(status: int, body: object) -> None:
    """L1: at 401 as well as 403."""
    failure = http(status, body)

    assert says(failure) == (Verdict.CLIENT, Kind.FORBIDDEN, 403)
    assert failure.kind.words.anthropic_type == "permission_error"
    assert failure.detail.retry_after is None
    assert failure.of("fox").message.startswith("fox ")
    assert "or use another provider" in failure.of("fox").message or "or another provider" in failure.of("fox").message


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, None),
        (401, error("words")),
        (401, error(code="invalid_api_key")),
        (403, error(code="invalid_api_key")),
        (403, error(code="account_deactivated")),
        (402, error(code="invalid_api_key")),
        (401, error("无效的令牌", type="new_api_error")),
        (403, error("该令牌已过期")),
        (403, error("令牌已禁用")),
        (403, error("您的 IP 不在令牌允许访问的列表中")),
        (401, {"code": "API_KEY_DISABLED", "message": "m"}),
        (403, {"code": "API_KEY_EXPIRED", "message": "m"}),
        (403, error("Incorrect API key provided: sk-abc***def.")),
        (401, error("this client sent a token")),
    ],
)
def test_words_of_the_key_are_about_the_key(status: int, body: object) -> None:
    """L1: what stays a refused key."""
    failure = http(status, body)

    assert says(failure) == (Verdict.KEY, Kind.UPSTREAM_AUTH, 502)
    assert f"HTTP {status}" in failure.message
